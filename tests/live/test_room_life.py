"""The whole life of a room over real sockets, on both databases."""

from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.consultation.model import Consultation, Participant
from server.consultation.records import Attendance, ChatMessage
from server.core.house import House
from tests.cast import ALICE, BOB, Meeting
from tests.conftest import StillClock
from tests.live.room_client import as_patient, as_staff, dial, patient_ticket, until

pytestmark = pytest.mark.anyio

OFFER = {"type": "offer", "sdp": "v=0\r\n", "gen": 1}


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def stored(house: House, meeting: Meeting) -> tuple[Consultation, Participant]:
    async with house.database.read() as tx:
        return await tx.get_one(Consultation, meeting.consultation_id), await tx.get_one(Participant, meeting.participant_id)


async def stretches(house: House, participant_id: object) -> list[Attendance]:
    async with house.database.read() as tx:
        query = select(Attendance).where(Attendance.participant_id == participant_id).order_by(Attendance.joined_at)
        return list(await tx.scalars(query))


@pytest.mark.row("V3")
@pytest.mark.row("V4")
@pytest.mark.row("V7")
async def test_from_the_knock_to_the_end(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    hints: list[str] = []
    house.bus.subscribe(f"today:{ALICE.practice_id}", lambda: hints.append("today"))
    async with AsyncExitStack() as stack:
        dana = await stack.enter_async_context(as_patient(sockets, house, meeting))
        assert dana.me["stage"] == "waiting"
        assert hints.pop() == "today"
        clock.advance(240)
        alice = await stack.enter_async_context(as_staff(sockets, house, ALICE, meeting))
        assert alice.other(meeting.participant_id)["since"] == dana.me["since"]
        await dana.until(lambda: dana.sees(alice.welcome["you"]))

        await alice.command("hold", body="Two minutes")
        assert await dana.event("hold") == {"body": "Two minutes"}
        await dana.command("chat", body="No hurry")
        await alice.until(lambda: alice.page.messages)
        assert alice.page.messages[0]["body"] == "No hurry"

        await alice.command("admit")
        await dana.until(lambda: dana.me["stage"] == "in_call")
        assert dana.page.consultation["state"] == "active"
        await alice.send("signal", to=dana.welcome["peer"], description=OFFER)
        assert await dana.event("signal") == {"from": alice.welcome["peer"], "description": OFFER}
        await dana.send("signal", to=alice.welcome["peer"], candidate=None)
        assert await alice.event("signal") == {"from": dana.welcome["peer"], "candidate": None}
        await dana.command("media", mic=True, camera=False, screen=False)
        await alice.until(lambda: alice.other(meeting.participant_id)["mic"])
        await dana.command("hand", up=True)
        await alice.until(lambda: alice.other(meeting.participant_id)["hand"])

        bob = await stack.enter_async_context(as_staff(sockets, house, BOB, meeting))
        assert not dana.sees(bob.welcome["you"])
        await bob.command("enter")
        await dana.until(lambda: dana.stage(bob.welcome["you"]) == "in_call")

        clock.advance(600)
        await alice.command("end", outcome="completed", reason=None)
        assert await dana.until_closed() == 1000
        assert dana.page.consultation["state"] == "ended"
        assert dana.bye == {"code": 1000, "message": "The consultation has ended."}
        await bob.until(lambda: bob.page.consultation["state"] == "ended")
        await alice.command("leave")
        assert await alice.until_closed() == 1000

    consultation, patient = await stored(house, meeting)
    assert (consultation.state, consultation.outcome, patient.stage) == ("ended", "completed", "left")
    assert consultation.ended_at - consultation.started_at == timedelta(seconds=600)
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(ChatMessage.body))) == ["No hurry"]


@pytest.mark.row("V4")
async def test_attendance_is_measured_from_what_the_server_heard(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        began = clock.now()
        async with as_patient(sockets, house, meeting) as dana:
            clock.advance(20)
            await dana.command("media", mic=True, camera=True, screen=False)
            await until_seen(house, meeting, began + timedelta(seconds=20))
            clock.advance(4)
            await dana.command("hand", up=True)
            await alice.until(lambda: alice.other(meeting.participant_id)["present"])
            await dana.vanish()
        await alice.until(lambda: not alice.other(meeting.participant_id)["present"])
        clock.advance(31)
        await alice.until(lambda: alice.other(meeting.participant_id)["peer"] is None)
        (stretch,) = await stretches(house, meeting.participant_id)
        assert (stretch.joined_at, stretch.left_at) == (began, began + timedelta(seconds=24))
        assert (await stored(house, meeting))[1].stage == "waiting"


async def until_seen(house: House, meeting: Meeting, at: object) -> None:
    async def seen() -> bool:
        return (await stretches(house, meeting.participant_id))[0].last_seen_at == at

    await until(seen)


@pytest.mark.row("V3")
async def test_a_patient_keeps_the_place_on_another_device(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_patient(sockets, house, meeting) as phone:
        since = phone.me["since"]
        clock.advance(60)
        async with as_patient(sockets, house, meeting) as laptop:
            assert laptop.me["since"] == since
            assert await phone.until_closed() == 4409
            assert phone.bye is not None
            await laptop.command("chat", body="Now from my laptop")
    assert len(await stretches(house, meeting.participant_id)) == 1


@pytest.mark.row("V4")
async def test_resume_after_a_drop(sockets: str, house: House, meeting: Meeting) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        async with as_patient(sockets, house, meeting) as dana:
            await alice.command("admit")
            await dana.until(lambda: dana.me["stage"] == "in_call")
            await dana.vanish()
        await alice.until(lambda: not alice.other(meeting.participant_id)["present"])
        assert alice.other(meeting.participant_id)["peer"] == dana.welcome["peer"]
        async with as_patient(sockets, house, meeting, dana.welcome["resume"]) as again:
            assert again.welcome["peer"] == dana.welcome["peer"]
            assert again.me["stage"] == "in_call"
            await alice.until(lambda: alice.other(meeting.participant_id)["present"])


@pytest.mark.row("V4")
async def test_an_in_call_patient_who_does_not_come_back_has_left(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        async with as_patient(sockets, house, meeting) as dana:
            await alice.command("admit")
            await dana.vanish()
        await alice.until(lambda: not alice.other(meeting.participant_id)["present"])
        clock.advance(31)
        await alice.until(lambda: alice.other(meeting.participant_id)["stage"] == "left")
        async with as_patient(sockets, house, meeting, dana.welcome["resume"]) as again:
            assert again.me["stage"] == "waiting"
            assert again.welcome["peer"] != dana.welcome["peer"]


async def test_after_the_end_the_page_may_knock_again_and_a_lost_connection_may_not(
    sockets: str, house: House, meeting: Meeting, clock: StillClock
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        async with as_patient(sockets, house, meeting) as dana:
            await alice.command("admit")
            await dana.vanish()
        await alice.command("end", outcome="completed", reason="Too early")
        late = await knock(sockets, house, meeting, dana.welcome["resume"])
        assert late == {"code": 1000, "message": "The consultation has ended."}
        clock.advance(500)
        async with as_patient(sockets, house, meeting) as again:
            assert (again.me["stage"], again.page.consultation["state"]) == ("waiting", "waiting")
            await alice.until(lambda: alice.page.consultation["state"] == "waiting")
            await alice.command("end", outcome="completed", reason=None)
        clock.advance(601)
        assert await knock(sockets, house, meeting, None) == {"code": 1000, "message": "The consultation has ended."}


async def knock(sockets: str, house: House, meeting: Meeting, resume: str | None) -> object:
    """Say hello where there will be no welcome; returns the goodbye."""
    async with dial(sockets) as client:
        await client.send("hello", ticket=patient_ticket(house, meeting), resume=resume)
        await client.until_closed()
        return client.bye
