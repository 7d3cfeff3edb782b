"""Earlier notes of the same patient, beside the note of today."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.house import House
from server.core.keyring import MissingKey, Unreadable
from server.core.supervise import where
from server.errors import Invalid, Malformed
from server.notes.chain import Broken
from server.notes.document import Poisoned
from server.notes.doors import SeenNote, notes_before
from server.notes.loading import text_of
from server.notes.model import Note
from server.notes.prose import Prose
from server.notes.yproto import Bad

log = structlog.get_logger(__name__)

PAGE = 5  # notes in one answer, each of which is read from its snapshot


class EarlierNote(NamedTuple):
    """A note with the time at which its consultation was held."""

    seen: SeenNote
    held_at: datetime


class EarlierPage(NamedTuple):
    """`next_id` is where the following page begins; None at the end."""

    notes: list[EarlierNote]
    next_id: UUID | None


async def load_earlier(tx: Tx, seen: SeenNote, begin: UUID | None) -> EarlierPage:
    """Load one page, the newest consultation first; raises `Invalid` for a beginning that is none of these notes."""
    notes = [EarlierNote(one, at) for one, at in await notes_before(tx, seen)]
    start = _place(notes, begin)
    following = notes[start + PAGE : start + PAGE + 1]
    return EarlierPage(notes[start : start + PAGE], following[0].seen.note.public_id if following else None)


def _place(notes: Sequence[EarlierNote], begin: UUID | None) -> int:
    if begin is None:
        return 0
    place = next((number for number, one in enumerate(notes) if one.seen.note.public_id == begin), None)
    if place is None:
        raise Invalid(code="begin")
    return place


async def read_earlier(house: House, note: Note) -> Prose | None:
    """Read the text of a note that was seen: of a locked one that which was locked.

    Returns None, with a line in the log, where it cannot be read any more: one torn note must not hide the others.
    """
    try:
        return (await text_of(house, note)).prose
    except (Bad, Broken, Malformed, MissingKey, Poisoned, Unreadable) as error:
        log.warning("note unreadable", note=note.id, error=type(error).__name__, where=where(error))
        return None


async def record_looks(tx: Tx, shown: Sequence[SeenNote], now: datetime) -> None:
    """Put into the audit trail that the viewer was shown the text of these notes."""
    for one in shown:
        facts = one.facts
        deed = Deed(facts.practice_id, one.viewer.person_id, Act.LOOKED, "note", one.note.public_id, facts.patient_id)
        await record(tx, deed, now)
