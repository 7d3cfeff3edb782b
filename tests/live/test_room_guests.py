"""A call of three with a guest in it, over real sockets: who comes in how, who is shown what, and who is put out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import select

from server.consultation.guests import withdraw_guest
from server.consultation.model import Consultation, ConsultationState, Participant, Role, Stage
from server.consultation.records import Attendance
from server.consultation.subject import RoomSubject
from server.core.house import House
from tests.cast import ALICE, BOB, Meeting
from tests.conftest import StillClock
from tests.http.guests import IMRAN, add_guest
from tests.live.room_client import Client, Refused, as_patient, as_staff, dial, until

pytestmark = [pytest.mark.anyio, pytest.mark.row("V9"), pytest.mark.row("V5")]


@asynccontextmanager
async def as_guest(address: str, house: House, guest: Meeting) -> AsyncIterator[Client]:
    subject = RoomSubject(guest.consultation_id, guest.participant_id, Role.GUEST, IMRAN, None, guest.visit_id)
    async with dial(address) as client:
        yield await client.hello(house.tickets.issue("room", subject))


@pytest.fixture
async def guest(house: House, meeting: Meeting, clock: StillClock) -> Meeting:
    return await add_guest(house, meeting, clock.now())


async def stored(house: House, participant_id: object) -> Participant:
    async with house.database.read() as tx:
        return await tx.get_one(Participant, participant_id)


async def test_a_guest_waits_is_let_in_and_sees_everybody(sockets: str, house: House, meeting: Meeting, guest: Meeting) -> None:
    dana_id, imran_id = meeting.participant_id, guest.participant_id
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        await alice.command("chat", body="Before the guest came")
        async with as_guest(sockets, house, guest) as imran:
            assert (imran.me["stage"], imran.me["relation"], imran.me["role"]) == ("waiting", "interpreter", "guest")
            assert imran.stage(alice.welcome["you"]) == "in_call"
            assert not imran.sees(dana_id)
            assert not imran.page.messages
            await alice.until(lambda: alice.stage(imran_id) == "waiting")
            assert not dana.sees(imran_id)
            with pytest.raises(Refused, match="not_in_call"):
                await imran.command("chat", body="Hello?")
            await alice.command("hold", body="One moment", participant=str(imran_id))
            assert await imran.event("hold") == {"body": "One moment"}
            await alice.command("admit", participant=str(imran_id))
            await imran.until(lambda: imran.stage(dana_id) == "in_call")
            await dana.until(lambda: dana.stage(imran_id) == "in_call")
            assert imran.other(dana_id)["devices"] is None
            assert dana.other(imran_id)["name"] == IMRAN
            await dana.command("chat", body="Good morning")
            await imran.until(lambda: imran.page.messages)
            assert [message["body"] for message in imran.page.messages] == ["Good morning"]
            with pytest.raises(Refused, match="not_seated"):
                await imran.command("signal", to=dana.welcome["peer"], candidate=None)
            await imran.command("leave")
            await dana.until(lambda: not dana.sees(imran_id))
        assert (await stored(house, imran_id)).stage == Stage.LEFT
    async with house.database.read() as tx:
        stretches = list(await tx.scalars(select(Attendance).where(Attendance.participant_id == imran_id)))
        assert [stretch.left_at is not None for stretch in stretches] == [True]


async def test_a_guest_commands_nothing_of_a_professional(sockets: str, house: House, guest: Meeting) -> None:
    async with as_guest(sockets, house, guest) as imran:
        for kind, body in (("admit", {}), ("enter", {}), ("hold", {"body": None}), ("refuse", {"reason": "No"})):
            with pytest.raises(Refused, match="forbidden"):
                await imran.command(kind, **body)


async def test_a_professional_and_a_guest_may_talk_before_and_that_is_no_beginning(
    sockets: str, house: House, meeting: Meeting, guest: Meeting
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_guest(sockets, house, guest) as imran:
        await alice.command("admit", participant=str(guest.participant_id))
        await imran.until(lambda: imran.me["stage"] == "in_call")
        assert imran.page.consultation["state"] == "scheduled"
        await imran.send("signal", to=alice.welcome["peer"], candidate=None)
        assert (await alice.event("signal"))["from"] == imran.welcome["peer"]
        async with as_patient(sockets, house, meeting) as dana:
            assert not dana.sees(guest.participant_id)
            await alice.command("admit")
            await dana.until(lambda: dana.stage(guest.participant_id) == "in_call")
    async with house.database.read() as tx:
        assert (await tx.get_one(Consultation, meeting.consultation_id)).state == ConsultationState.ACTIVE


async def test_a_quiet_colleague_is_shown_to_everybody(sockets: str, house: House, meeting: Meeting) -> None:
    async with (
        as_staff(sockets, house, ALICE, meeting) as alice,
        as_patient(sockets, house, meeting) as dana,
        as_staff(sockets, house, BOB, meeting) as bob,
    ):
        await alice.command("admit")
        await bob.command("enter", quiet=True)
        bobs = bob.welcome["you"]
        await dana.until(lambda: dana.stage(bobs) == "in_call")
        assert dana.other(bobs)["quiet"] is True
        await bob.command("media", mic=True, camera=True, screen=False)
        await bob.command("hand", up=True)
        await dana.until(lambda: dana.other(bobs)["hand"])
        assert dana.other(bobs)["mic"] is False
        await bob.command("enter")
        await dana.until(lambda: not dana.other(bobs)["quiet"])
        assert dana.other(bobs)["mic"] is True


async def test_a_withdrawn_guest_is_out_at_once_and_does_not_come_back(
    sockets: str, house: House, meeting: Meeting, guest: Meeting, clock: StillClock
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_guest(sockets, house, guest) as imran:
        await alice.command("admit", participant=str(guest.participant_id))
        async with house.database.write() as tx:
            await withdraw_guest(tx, ALICE.viewer, meeting.consultation_id, guest.participant_id, clock.now())
        assert await imran.until_closed() == 4403  # by the hint alone: on a clock that stands still nothing is looked at again
        await alice.until(lambda: not alice.sees(guest.participant_id))
        with pytest.raises(Refused, match="not_waiting"):
            await alice.command("admit", participant=str(guest.participant_id))
    async with dial(sockets) as again:
        subject = RoomSubject(guest.consultation_id, guest.participant_id, Role.GUEST, IMRAN, None, guest.visit_id)
        await again.send("hello", ticket=house.tickets.issue("room", subject), resume=None)
        assert await again.until_closed() == 4403


async def test_the_end_is_the_end_for_guests_too(sockets: str, house: House, meeting: Meeting, guest: Meeting) -> None:
    async with (
        as_staff(sockets, house, ALICE, meeting) as alice,
        as_patient(sockets, house, meeting) as dana,
        as_guest(sockets, house, guest) as imran,
    ):
        await alice.command("admit")
        await alice.command("admit", participant=str(guest.participant_id))
        await alice.command("end", outcome="unsuitable", reason="A secret")
        assert [await client.until_closed() for client in (dana, imran)] == [1000, 1000]
        assert dana.page.consultation["outcome"] == "unsuitable"
        assert imran.page.consultation["outcome"] is None
        await until(partial(_all_ended, house, guest))
    async with dial(sockets) as again:
        subject = RoomSubject(guest.consultation_id, guest.participant_id, Role.GUEST, IMRAN, None, guest.visit_id)
        await again.send("hello", ticket=house.tickets.issue("room", subject), resume=None)
        assert await again.until_closed() == 1000


async def _all_ended(house: House, guest: Meeting) -> bool:
    async with house.database.read() as tx:
        stretches = await tx.scalars(select(Attendance).where(Attendance.participant_id == guest.participant_id))
        return all(stretch.left_at is not None for stretch in stretches)
