"""Two who make an account at the same moment, on both databases: one record has one account, and one name one person."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio
import httpx2
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.consultation.model import Consultation
from server.core.audit import AuditEntry
from server.core.house import House
from server.identity.model import Credential, Person
from server.patients.model import Patient
from tests.cast import ERIN, Cast, Guest, Meeting, add_meeting
from tests.conftest import StillClock, browser_of
from tests.http.visiting import let_in

pytestmark = [pytest.mark.anyio, pytest.mark.row("P1")]

PASSWORD = "four words are better"
FRED = Guest("Fred Fox", "+447700900003", "fred@example.org")


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@dataclass(frozen=True)
class Applicant:
    """A patient without an account, in front of the form that their link opens."""

    client: httpx2.AsyncClient
    meeting: Meeting

    async def applies(self, username: str, answers: list[httpx2.Response]) -> None:
        path = f"/v/{self.meeting.visit_id}/account"
        answers.append(await self.client.post(path, data={"username": username, "password": PASSWORD}))


@pytest.fixture
async def applicants(app: Starlette, house: House, cast: Cast, clock: StillClock) -> AsyncIterator[list[Applicant]]:
    """erin and fred."""
    async with house.database.write() as tx:
        meetings = [await add_meeting(tx, house.secrets, clock.now(), guest=guest) for guest in (ERIN, FRED)]
        for meeting in meetings:
            await let_in(tx, meeting, clock.now())
    clients = [browser_of(app, {"visit": meeting.token}) for meeting in meetings]
    yield [Applicant(client, meeting) for client, meeting in zip(clients, meetings, strict=True)]
    for client in clients:
        await client.aclose()


async def count(house: House, table: type[Person] | type[Credential] | type[AuditEntry]) -> int:
    async with house.database.read() as tx:
        return await tx.scalar(select(func.count()).select_from(table)) or 0


async def owners(house: House, applicants: list[Applicant]) -> list[bool]:
    """Return whose record has an account."""
    async with house.database.read() as tx:
        consultations = [await tx.get_one(Consultation, applicant.meeting.consultation_id) for applicant in applicants]
        return [(await tx.get_one(Patient, consultation.patient_id)).person_id is not None for consultation in consultations]


async def test_one_record_gets_one_account(house: House, applicants: list[Applicant]) -> None:
    people, answers = await count(house, Person), list[httpx2.Response]()
    async with anyio.create_task_group() as tasks:
        for username in ("erin-one", "erin-two", "erin-three"):
            tasks.start_soon(applicants[0].applies, username, answers)
    ways = [answer.headers["location"] for answer in answers]
    assert sorted(ways) == ["/my", *[f"/v/{applicants[0].meeting.visit_id}/account"] * 2]
    assert await count(house, Person) == people + 1
    assert await count(house, AuditEntry) == 1
    assert await owners(house, applicants) == [True, False]


async def test_one_name_goes_to_one_person(house: House, applicants: list[Applicant]) -> None:
    people, answers = await count(house, Person), list[httpx2.Response]()
    async with anyio.create_task_group() as tasks:
        for applicant in applicants:
            tasks.start_soon(applicant.applies, "the-same-name", answers)
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert await count(house, Person) == people + 1
    assert await count(house, AuditEntry) == 1
    assert sorted(await owners(house, applicants)) == [False, True]
