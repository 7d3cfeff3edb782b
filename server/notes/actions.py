"""Opening a note: the row is made once, and every tab gets its session before its first edit."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.access.policy import Viewer
from server.core.db import Tx
from server.core.ids import new_id
from server.errors import Conflict
from server.notes.doors import find_note, find_session, see_note
from server.notes.limits import MAX_CLIENT_ID, SCHEMA_VERSION
from server.notes.model import Note, NoteSession

ATTEMPTS = 5


class OpenedNote(NamedTuple):
    note_id: int
    session_id: int
    client_id: int
    writable: bool


async def open_note(tx: Tx, viewer: Viewer, consultation_id: UUID, resume: int | None, now: datetime) -> OpenedNote:
    """Open the note for one tab; `resume` is the client id that this tab had before.

    Raises `NotFound`, and `Conflict` when the tab's session or the note's schema is not one that we can go on with.
    """
    seen = await see_note(tx, viewer, consultation_id)
    note = seen.note or await _create_note(tx, consultation_id, now)
    if note.schema_version != SCHEMA_VERSION:
        raise outdated()
    session = await _resume(tx, note, viewer, resume) if resume is not None else await _begin(tx, note, viewer, now)
    return OpenedNote(note.id, session.id, session.client_id, seen.writable)


def outdated() -> Conflict:
    return Conflict("This page is older than the server. Please copy what is not saved and load the page again.", code="outdated")


async def _create_note(tx: Tx, consultation_id: UUID, now: datetime) -> Note:
    """Add the note; of two that open it at the same moment one adds it and the other finds it."""
    note = Note(consultation_id=consultation_id, schema_version=SCHEMA_VERSION, created_at=now)
    try:
        async with tx.begin_nested():
            tx.add(note)
    except IntegrityError:
        found = await find_note(tx, consultation_id)
        if found is None:
            raise
        return found
    return note


async def _resume(tx: Tx, note: Note, viewer: Viewer, client_id: int) -> NoteSession:
    session = await find_session(tx, note, viewer, client_id)
    if session is None:
        raise outdated()
    return session


async def _begin(tx: Tx, note: Note, viewer: Viewer, now: datetime) -> NoteSession:
    """Add a session under a client id that nobody in this note has or had."""
    for _ in range(ATTEMPTS):
        session = NoteSession(note_id=note.id, person_id=viewer.person_id, client_id=new_client_id(), opened_at=now)
        try:
            async with tx.begin_nested():
                tx.add(session)
        except IntegrityError:
            continue
        return session
    raise Conflict


def new_client_id() -> int:
    """Return a random number from 1 to 2^32 - 1: the ids of Yjs have 32 bits."""
    return 1 + new_id().int % (MAX_CLIENT_ID - 1)
