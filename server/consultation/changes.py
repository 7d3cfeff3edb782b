"""What the live room asks the database to remember, as plain values; live_actions.py carries them out."""

from dataclasses import dataclass
from uuid import UUID

from server.consultation.commands import Verdict
from server.web.i18n import Language


@dataclass(frozen=True, slots=True)
class Arrive:
    """A participant's browser is here. `fresh` tells a page that was opened from a connection that came back by itself."""

    participant_id: UUID
    fresh: bool


@dataclass(frozen=True, slots=True)
class Sit:
    """A professional takes a seat in the call."""

    participant_id: UUID
    quiet: bool


@dataclass(frozen=True, slots=True)
class Admit:
    """A professional, seated by it, lets the patient or a guest in."""

    participant_id: UUID
    admitted_id: UUID


@dataclass(frozen=True, slots=True)
class Hold:
    """Whom it is told to, and what."""

    participant_id: UUID
    message: str | None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Who cannot join, and why."""

    participant_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Leave:
    """A participant left on purpose."""

    participant_id: UUID


@dataclass(frozen=True, slots=True)
class Lose:
    """A participant has been gone for longer than the grace: a seat is given up, a place in the waiting room is kept."""

    participant_id: UUID


@dataclass(frozen=True, slots=True)
class End:
    """A participant ends it for all."""

    participant_id: UUID
    outcome: Verdict
    reason: str | None


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A document that was sent in the call; what it is called is the message's body."""

    id: UUID
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Say:
    participant_id: UUID
    body: str
    file: SharedFile | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A participant says whether they may be recorded; the room adds the `language` in which they read the question."""

    participant_id: UUID
    yes: bool
    language: Language | None = None


Change = Arrive | Sit | Admit | Hold | Refuse | Leave | Lose | End | Say | Answer
