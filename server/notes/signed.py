"""Whether somebody has signed for what a record held."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.consultation.model import Consultation
from server.core.db import Tx
from server.notes.model import Note, NoteVersion


async def last_signed(tx: Tx, patient_id: UUID) -> datetime | None:
    """Return when a note about the patient was signed, closed or released last: it may rest on what the record held by then.

    The record came through its door.
    """
    joined = (
        select(NoteVersion.made_at).join(Note, Note.id == NoteVersion.note_id).join(Consultation, Consultation.id == Note.consultation_id)
    )
    newest = joined.where(Consultation.patient_id == patient_id).order_by(NoteVersion.made_at.desc()).limit(1)
    return await tx.scalar(newest)


async def signed_since(tx: Tx, patient_id: UUID, at: datetime) -> bool:
    last = await last_signed(tx, patient_id)
    return last is not None and last >= at
