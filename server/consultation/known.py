"""Patients whom a professional knows: those of the consultations that they may see."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from server.access.policy import Viewer
from server.consultation.doors import visible_consultations
from server.core.db import Tx
from server.core.folding import Folded, fold
from server.patients.model import Patient

FEWEST_LETTERS = 2  # fewer find nobody
MOST_FOUND = 8  # more are left out: one more letter finds them


class Known(NamedTuple):
    """A record, and the time of its newest consultation among those that the viewer may see, which tells two of one name apart."""

    id: UUID
    name: str
    newest_at: datetime


async def find_known(tx: Tx, viewer: Viewer, words: str) -> list[Known]:
    """Find records whose name holds these letters, whatever their case and accents, by name."""
    letters = fold(words)
    if len(letters) < FEWEST_LETTERS:
        return []
    seen = visible_consultations(viewer).subquery()
    named = Folded(Patient.name).contains(letters, autoescape=True)
    query = select(Patient.id, Patient.name, func.max(seen.c.scheduled_at)).join(seen, seen.c.patient_id == Patient.id).where(named)
    rows = await tx.execute(query.group_by(Patient.id, Patient.name).order_by(Patient.name, Patient.id).limit(MOST_FOUND))
    return [Known(*row) for row in rows]
