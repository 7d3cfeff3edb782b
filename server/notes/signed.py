"""Whether somebody has signed for what a record held."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.consultation.model import Consultation
from server.core.db import Tx
from server.notes.model import Note, NoteVersion


async def signed_since(tx: Tx, patient_id: UUID, at: datetime) -> bool:
    """Whether a note about the patient was signed, closed or released after this moment: it may rest on what was there.

    The record came through its door.
    """
    joined = select(NoteVersion.id).join(Note, Note.id == NoteVersion.note_id).join(Consultation, Consultation.id == Note.consultation_id)
    since = (Consultation.patient_id == patient_id) & (NoteVersion.made_at >= at)
    return await tx.scalar(joined.where(since).limit(1)) is not None
