"""The only ways to load a note, and its log for the hub: not there and not yours look the same."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.access.policy import Viewer, may_see_note, may_write_note
from server.consultation.model import Consultation
from server.core.db import Tx
from server.errors import NotFound
from server.notes.chain import Row
from server.notes.document import Saved
from server.notes.model import Note, NoteSession, NoteSnapshot, NoteUpdate


class SeenNote(NamedTuple):
    """`note` is None until somebody opens it for the first time."""

    note: Note | None
    writable: bool


async def see_note(tx: Tx, viewer: Viewer, consultation_id: UUID) -> SeenNote:
    """Load the note of a consultation and what the viewer may do with it; raises `NotFound`."""
    consultation = await tx.get(Consultation, consultation_id)
    if consultation is None or not may_see_note(viewer, consultation):
        raise NotFound
    return SeenNote(await find_note(tx, consultation_id), may_write_note(viewer, consultation))


async def find_note(tx: Tx, consultation_id: UUID) -> Note | None:
    """For whoever passed the door already."""
    return await tx.scalar(select(Note).where(Note.consultation_id == consultation_id))


async def read_log(tx: Tx, note_id: int, *, with_snapshot: bool) -> Saved:
    """Return the snapshot and the rows from its own on, or without a snapshot the whole log; for the hub, whose callers passed the door."""
    snapshot = await tx.get(NoteSnapshot, note_id) if with_snapshot else None
    first = snapshot.seq if snapshot else 0
    columns = (NoteUpdate.note_id, NoteUpdate.seq, NoteUpdate.session_id, NoteUpdate.ts_ms, NoteUpdate.payload, NoteUpdate.hash)
    query = select(*columns).where(NoteUpdate.note_id == note_id, NoteUpdate.seq >= first).order_by(NoteUpdate.seq)
    rows = [Row(*row) for row in await tx.execute(query)]
    return Saved(note_id, first, snapshot.payload if snapshot else None, rows)


async def keep_snapshot(tx: Tx, note_id: int, seq: int, packed: bytes) -> None:
    """Store the document as it was at row `seq`, in place of an older one; for the hub, as above."""
    await tx.merge(NoteSnapshot(note_id=note_id, seq=seq, payload=packed))


async def find_session(tx: Tx, note: Note, viewer: Viewer, client_id: int) -> NoteSession | None:
    """Load the viewer's own session; nobody gets another person's."""
    own = (NoteSession.note_id == note.id) & (NoteSession.client_id == client_id) & (NoteSession.person_id == viewer.person_id)
    return await tx.scalar(select(NoteSession).where(own))
