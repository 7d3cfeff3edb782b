"""What others may ask of a room, and how they hear of the outcome."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from server.consultation.audience import Line
from server.consultation.commands import Command, Media
from server.consultation.subject import RoomSubject
from server.errors import ConsiliumError
from server.web.i18n import ENGLISH, Language

Answer = Callable[[ConsiliumError | None], None]


@dataclass(frozen=True, slots=True)
class Join:
    """A socket said hello; the room answers the frame `hello_id` with `welcome`. `handle` names the socket in this process."""

    handle: int
    line: Line
    subject: RoomSubject
    hello_id: int
    resume: str | None
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """A command of a participant, by the socket `handle` or, where that is None, by an HTTP request that passed its door.

    `language` is the one in which they read what they answer.
    """

    participant_id: UUID
    handle: int | None
    command: Command
    language: Language = ENGLISH


@dataclass(frozen=True, slots=True)
class Ask:
    """`answer` is called exactly once, by the room's task, with the error if there was one; it must not wait."""

    what: Join | Act
    answer: Answer


def asked(what: Join | Act) -> tuple[Ask, asyncio.Future[None]]:
    """Return an ask and the future of its outcome."""
    outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answer(error: ConsiliumError | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(None)
        else:
            outcome.set_exception(error)

    return Ask(what, answer), outcome
