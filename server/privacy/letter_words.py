"""What becomes of what somebody writes to a practice, and until when it is answered; pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

LONGEST = {"name": 120, "reply_to": 254, "words": 5000, "answer": 5000}


class Kind(StrEnum):
    CONTACT = "contact"
    COMPLAINT = "complaint"


class State(StrEnum):
    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    IN_WORK = "in_work"
    ANSWERED = "answered"
    CLOSED = "closed"


class Fate(StrEnum):
    """What became of an answer: not handed on yet, handed on, or why not."""

    ON_ITS_WAY = "on_its_way"
    SENT = "sent"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NO_MAIL = "no_mail"
    NO_ADDRESS = "no_address"


FAILED = frozenset({Fate.REFUSED, Fate.UNREACHABLE})
OPEN = frozenset({State.NEW, State.ACKNOWLEDGED, State.IN_WORK})
NEXT: Mapping[State, frozenset[State]] = {
    State.NEW: frozenset({State.ACKNOWLEDGED, State.IN_WORK, State.ANSWERED, State.CLOSED}),
    State.ACKNOWLEDGED: frozenset({State.IN_WORK, State.ANSWERED, State.CLOSED}),
    State.IN_WORK: frozenset({State.ANSWERED, State.CLOSED}),
    State.ANSWERED: frozenset({State.IN_WORK, State.CLOSED}),
    State.CLOSED: frozenset({State.IN_WORK}),
}


class Written(NamedTuple):
    """What somebody wrote; `name` and `reply_to` (an e-mail address) may be empty."""

    name: str
    reply_to: str
    words: str


def due_at(received_at: datetime, days: int) -> datetime:
    """Return until when a complaint must be acknowledged: so many days from its receipt."""
    return received_at + timedelta(days=days)


def fault_of(written: Written) -> tuple[str, str]:
    """Return field and code of what is wrong: `empty`, `long` or `address`; two times "" for nothing."""
    if not written.words:
        return "words", "empty"
    for field, value in written._asdict().items():
        if len(value) > LONGEST[field]:
            return field, "long"
    local, _at, host = written.reply_to.rpartition("@")
    looks_right = not written.reply_to or (local and "." in host and not any(each.isspace() or each in ",;<>" for each in written.reply_to))
    return ("", "") if looks_right else ("reply_to", "address")
