"""What an author is told when somebody opened a patient's notes in an emergency."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from server.access.emergency import unread_notices
from server.access.policy import Viewer
from server.access.viewer import names_of
from server.core.db import Tx
from server.patients.model import Patient


class Notice(BaseModel):
    """`name` opened the notes about the patient at `at`, could read them until `until`, and gave this reason."""

    id: UUID
    patient_id: UUID
    patient_name: str
    name: str
    reason: str
    at: datetime
    until: datetime


async def notices_for(tx: Tx, viewer: Viewer) -> list[Notice]:
    """Return what the viewer has not said yet that they read, newest first."""
    accesses = [access for access in await tx.scalars(unread_notices(viewer)) if access.patient_id not in viewer.restricted]
    names = await names_of(tx, {access.person_id for access in accesses}, viewer.practice_id)
    called = select(Patient.id, Patient.name).where(Patient.id.in_({access.patient_id for access in accesses}))
    patients = {row.id: row.name for row in await tx.execute(called)}
    return [
        Notice(
            id=access.id,
            patient_id=access.patient_id,
            patient_name=patients[access.patient_id],
            name=names[access.person_id],
            reason=access.reason,
            at=access.began_at,
            until=access.ends_at,
        )
        for access in accesses
    ]
