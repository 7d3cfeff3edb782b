"""How a consultation ends over real sockets: what is kept of it, and who may come back."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from server.consultation.model import Consultation
from server.consultation.records import Attendance, Ending
from server.core.house import House
from tests.cast import ALICE, BOB, Meeting
from tests.conftest import SignIn, StillClock
from tests.live.room_client import Refused, as_patient, as_staff, dial, patient_ticket

pytestmark = pytest.mark.anyio


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def consultation_of(house: House, meeting: Meeting) -> Consultation:
    async with house.database.read() as tx:
        return await tx.get_one(Consultation, meeting.consultation_id)


async def endings(house: House) -> list[tuple[str, str, str | None]]:
    async with house.database.read() as tx:
        found = await tx.scalars(select(Ending).order_by(Ending.ended_at))
        return [(str(ending.participant_id), ending.outcome, ending.reason) for ending in found]


async def stretches(house: House, participant_id: object) -> list[Attendance]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Attendance).where(Attendance.participant_id == participant_id)))


async def is_present(client: httpx2.AsyncClient) -> bool:
    present: bool = (await client.get("/api/today")).json()["rows"][0]["present"]
    return present


@pytest.mark.row("V4")
async def test_attendance_ends_with_the_call(sockets: str, house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn) -> None:
    client, began = await sign_in(ALICE), clock.now()
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        clock.advance(10)
        await dana.command("hand", up=True)
        assert await is_present(client)
        clock.advance(1)
        await alice.command("end", outcome="completed", reason=None)
        assert not await is_present(client)
        (stretch,) = await stretches(house, meeting.participant_id)
        assert (stretch.joined_at, stretch.left_at) == (began, began + timedelta(seconds=10))


@pytest.mark.row("V4")
async def test_whoever_was_lost_before_the_end_is_not_there_again(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    began = clock.now()
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        async with as_patient(sockets, house, meeting) as dana:
            await alice.command("admit")
            await dana.vanish()
        await alice.until(lambda: not alice.other(meeting.participant_id)["present"])
        clock.advance(5)
        await alice.command("end", outcome="completed", reason=None)
        clock.advance(31)
        await alice.until(lambda: alice.other(meeting.participant_id)["peer"] is None)
        (stretch,) = await stretches(house, meeting.participant_id)
        assert stretch.left_at == began


async def test_every_ending_stays_on_record(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_staff(sockets, house, BOB, meeting) as bob:
        async with as_patient(sockets, house, meeting) as dana:
            await alice.command("admit")
            await alice.command("end", outcome="completed", reason="By mistake")
            assert await dana.until_closed() == 1000
        first, second = alice.welcome["you"], bob.welcome["you"]
        clock.advance(60)
        async with as_patient(sockets, house, meeting) as dana:
            waiting = await consultation_of(house, meeting)
            assert (waiting.state, waiting.outcome, waiting.outcome_reason) == ("waiting", "completed", "By mistake")
            assert dana.page.consultation["outcome"] is None
            await bob.command("end", outcome="unsuitable", reason="No picture")
            assert await dana.until_closed() == 1000
    assert await endings(house) == [(first, "completed", "By mistake"), (second, "unsuitable", "No picture")]


async def test_after_unsuitable_nobody_waits_without_being_seen(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        async with as_patient(sockets, house, meeting):
            await alice.command("admit")
            await alice.command("end", outcome="unsuitable", reason="No picture")
        async with dial(sockets) as again:
            await again.send("hello", ticket=patient_ticket(house, meeting), resume=None)
            assert await again.until_closed() == 1000
            assert again.bye == {"code": 1000, "message": "The consultation has ended."}
    ended = await consultation_of(house, meeting)
    assert (ended.state, ended.outcome, ended.outcome_reason) == ("ended", "unsuitable", "No picture")


@pytest.mark.row("V4")
async def test_a_patient_who_did_not_come(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        await alice.command("end", outcome="absent", reason=None)
        await alice.until(lambda: alice.page.consultation["state"] == "abandoned")
        assert alice.page.consultation["outcome"] == "absent"


@pytest.mark.row("V4")
async def test_whoever_was_in_the_call_did_come(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting):
        await alice.command("admit")
        with pytest.raises(Refused, match="has_begun"):
            await alice.command("end", outcome="absent", reason=None)
        assert (await consultation_of(house, meeting)).state == "active"
