"""A patient's way over plain forms, for tests."""

import httpx2

from server.consultation.consents import WORDINGS
from server.consultation.model import Participant
from server.core.house import House
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
