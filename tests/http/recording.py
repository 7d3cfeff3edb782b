"""What the tests of patients' records share."""

import httpx2
from sqlalchemy import select

from server.core.audit import Act, AuditEntry
from server.core.house import House
from tests.cast import DANA, Meeting

RECORD = f"/patients/{DANA.patient_id}"
NAME = DANA.name


async def lay_out(client: httpx2.AsyncClient, meeting: Meeting) -> dict[str, str]:
    """Lay out the notes of a consultation; returns their ids by kind."""
    answer = await client.post(f"/api/consultations/{meeting.consultation_id}/notes", json={})
    return {note["kind"]: note["id"] for note in answer.json()["notes"]}


async def entries(house: House, *acts: Act) -> list[AuditEntry]:
    """Return what the audit has of these acts, in its order."""
    async with house.database.read() as tx:
        return list(await tx.scalars(select(AuditEntry).where(AuditEntry.act.in_(acts)).order_by(AuditEntry.number)))
