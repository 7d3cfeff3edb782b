"""What somebody may ask of their data, until when the practice answers, and which step may follow which; pure."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.errors import Conflict

LONGEST = {"words": 5000, "answer": 5000}
MONTHS, MONTHS_EXTENDED = 1, 3  # from the receipt


class Kind(StrEnum):
    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    PORTABILITY = "portability"


class State(StrEnum):
    ASKED = "asked"
    IN_WORK = "in_work"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Pause(StrEnum):
    """What the practice waits for while the time stands still."""

    IDENTITY = "identity"
    CLARIFICATION = "clarification"


class Extension(StrEnum):
    """Why it takes longer: the law knows no other reason."""

    COMPLEX = "complex"
    MANY = "many"


OPEN = frozenset({State.ASKED, State.IN_WORK})
ANSWERS = frozenset({State.DONE, State.REFUSED})
NEXT: Mapping[State, frozenset[State]] = {
    State.ASKED: frozenset({State.IN_WORK, State.DONE, State.REFUSED, State.WITHDRAWN}),
    State.IN_WORK: frozenset({State.DONE, State.REFUSED, State.WITHDRAWN}),
    State.DONE: frozenset(),
    State.REFUSED: frozenset(),
    State.WITHDRAWN: frozenset(),
}


class Progress(NamedTuple):
    """How far a request is. `paused_s` is how long its time stood still before `paused_at`, in whole seconds."""

    state: State
    asked_at: datetime
    paused_at: datetime | None = None
    pause: Pause | None = None
    paused_s: int = 0
    extension: Extension | None = None

    def due_at(self, zone: str) -> datetime:
        """Return until when it is answered; while the time stands still, what would count if it went on at once."""
        months = MONTHS_EXTENDED if self.extension else MONTHS
        return months_after(self.asked_at, months, zone) + timedelta(seconds=self.paused_s)

    def is_late(self, zone: str, now: datetime) -> bool:
        return self.state in OPEN and self.due_at(zone) < (self.paused_at or now)

    def may_extend(self, zone: str, now: datetime) -> bool:
        """Once, and before the first time is over: until then the person must have been told."""
        return self.state in OPEN and self.extension is None and not self.is_late(zone, now)


def months_after(moment: datetime, months: int, zone: str) -> datetime:
    """Return the same day and time of a later month where the practice is; a month without that day ends it."""
    local = moment.astimezone(ZoneInfo(zone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)


def stop(progress: Progress, pause: Pause, now: datetime) -> Progress:
    """Let the time stand still; raises `Conflict` for what is settled, or stands still already."""
    if progress.state not in OPEN or progress.paused_at is not None:
        raise Conflict
    return progress._replace(paused_at=now, pause=pause)


def go_on(progress: Progress, now: datetime) -> Progress:
    """Let the time run again; raises `Conflict` where it runs."""
    if progress.paused_at is None:
        raise Conflict
    stood_s = int((now - progress.paused_at).total_seconds())
    return progress._replace(paused_at=None, pause=None, paused_s=progress.paused_s + max(stood_s, 0))


def extend(progress: Progress, extension: Extension, zone: str, now: datetime) -> Progress:
    """Give it two months more; raises `Conflict` for a second time, and once the first time is over."""
    if not progress.may_extend(zone, now):
        raise Conflict
    return progress._replace(extension=extension)


def step(progress: Progress, state: State, now: datetime) -> Progress:
    """Take the next step; raises `Conflict` for one that there is not. What is settled waits for nothing any more."""
    if state not in NEXT[progress.state]:
        raise Conflict
    moved = progress._replace(state=state)
    return go_on(moved, now) if state not in OPEN and moved.paused_at is not None else moved


def fault_of(words: str, field: str) -> str:
    """Return `empty` or `long` for what cannot be stored, "" for what can."""
    if not words.strip():
        return "empty"
    return "long" if len(words) > LONGEST[field] else ""
