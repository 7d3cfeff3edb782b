"""A patient's way over plain forms, for tests."""

from datetime import datetime

import httpx2

from server.consultation.consents import WORDINGS
from server.consultation.model import Consultation, Participant
from server.core.db import Tx
from server.core.house import House
from server.patients.model import Patient
from tests.cast import Meeting

YES = {wording.purpose: "yes" for wording in WORDINGS}


async def place(house: House, meeting: Meeting) -> Participant:
    async with house.database.read() as tx:
        return await tx.get_one(Participant, meeting.participant_id)


async def step(client: httpx2.AsyncClient, path: str, **fields: str) -> str:
    """Send a form and return where it leads."""
    answer = await client.post(path, data=fields)
    assert answer.status_code == 303, answer.text
    location: str = answer.headers["location"]
    return location


async def let_in(tx: Tx, meeting: Meeting, now: datetime) -> None:
    """The professional has let the patient in to the call."""
    (await tx.get_one(Participant, meeting.participant_id)).admit(now)


async def record_of(house: House, meeting: Meeting) -> Patient:
    async with house.database.read() as tx:
        consultation = await tx.get_one(Consultation, meeting.consultation_id)
        return await tx.get_one(Patient, consultation.patient_id)
