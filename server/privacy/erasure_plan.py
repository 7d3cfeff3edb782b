"""What an erasure takes, what stays, why, and until when; pure."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

RECORD, CLINICAL = "record", "clinical"  # of the classes of `server/core/holdings.py`


class Why(StrEnum):
    """Why a holding goes or stays. `record`: it must always be kept; `pending`: a professional has not answered for it yet.

    `named`: it goes but for the name, by which others' records name somebody. `child`: the law keeps it until a birthday; `unknown`: a
    birthday is kept that cannot be opened, so nobody knows until when.
    """

    ASKED = "asked"
    NAMED = "named"
    HOLD = "hold"
    LAW = "law"
    CHILD = "child"
    UNKNOWN = "unknown"
    PROFESSIONAL = "professional"
    PENDING = "pending"
    RECORD = "record"


class Said(StrEnum):
    """What the professionals who treat the patient say about the clinical part."""

    GOES = "goes"
    STAYS = "stays"
    NOTHING_YET = "nothing_yet"


class Thing(NamedTuple):
    """A holding: `kept_as` is the value of its class, `rows` how many of theirs the person is told of."""

    name: str
    kept_as: str
    rows: int


class Facts(NamedTuple):
    """What decides: until when each class is kept by law, whether there is a legal hold, and what the professionals say.

    `child` is until when the clinical part of somebody is kept who was a child, None of a grown-up. `unreadable`: a birthday is kept
    that cannot be opened now. `named` are the holdings in which the name stays when they go, because others' records name this person.
    """

    until: Mapping[str, datetime]
    held: bool
    said: Said
    child: datetime | None = None
    unreadable: bool = False
    named: frozenset[str] = frozenset()


class Line(NamedTuple):
    """What becomes of one holding; `until` is when the law lets it go, None where no law counts years."""

    thing: Thing
    why: Why
    until: datetime | None = None

    @property
    def goes(self) -> bool:
        return self.why in {Why.ASKED, Why.NAMED}


def plan(things: Sequence[Thing], facts: Facts, now: datetime) -> tuple[Line, ...]:
    """Return what becomes of each thing. A legal hold beats everything, the law whatever somebody says."""
    return tuple(_line(thing, facts, now) for thing in things)


def _line(thing: Thing, facts: Facts, now: datetime) -> Line:
    until = facts.until.get(thing.kept_as)
    if facts.held:
        return Line(thing, Why.HOLD)
    if thing.kept_as == RECORD:
        return Line(thing, Why.RECORD)
    child = facts.child is not None and facts.child > max(until or now, now)
    if thing.kept_as == CLINICAL and (facts.unreadable or child):
        return Line(thing, Why.UNKNOWN) if facts.unreadable else Line(thing, Why.CHILD, facts.child)
    if until is not None and until > now:
        return Line(thing, Why.LAW, until)
    if thing.kept_as == CLINICAL and facts.said is not Said.GOES:
        return Line(thing, Why.PENDING if facts.said is Said.NOTHING_YET else Why.PROFESSIONAL)
    return Line(thing, Why.NAMED if thing.name in facts.named else Why.ASKED)


def going(lines: Sequence[Line]) -> frozenset[str]:
    """Return the names of what goes."""
    return frozenset(line.thing.name for line in lines if line.goes)


def waits(lines: Sequence[Line]) -> bool:
    """Whether a professional must answer before anybody can say yes."""
    return any(line.why is Why.PENDING and line.thing.rows for line in lines)


def fingerprint(lines: Sequence[Line]) -> str:
    """Return what tells one plan from another; how many rows there are is no part of it, since looking at a plan adds some."""
    said = "\n".join(f"{line.thing.name} {line.why} {line.until.isoformat() if line.until else ''}" for line in lines)
    return hashlib.sha256(said.encode()).hexdigest()[:32]
