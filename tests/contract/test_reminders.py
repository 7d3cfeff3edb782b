"""Reminders and delays go out once, about what is true at that moment, or not at all; on both databases."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from server.access.model import Practice
from server.booking.actions import cancel, move_for_practice
from server.booking.model import Appointment, Party
from server.consultation.events import Channel, News
from server.consultation.model import Consultation
from server.core.house import House
from server.core.outbox import Errand, Worker
from server.messaging.actions import DELIVER
from server.messaging.composing import Post
from server.messaging.jobs import Deliverer, remind_with
from server.messaging.model import Delivery
from server.messaging.reminders import REMIND, remind
from server.ports import Letter
from server.web.i18n import read_languages
from tests.cast import CLINIC, DANA, Meeting, add_meeting, seat_cast
from tests.conftest import MORNING, ORIGIN, StillClock
from tests.contract.test_delivery import Postman

pytestmark = [pytest.mark.anyio, pytest.mark.row("B6")]

Work = Callable[[], Awaitable[list[Letter]]]
THURSDAY = datetime(2026, 3, 5, 9, 20, tzinfo=UTC)


@pytest.fixture
def house(idle_house: House) -> House:
    return idle_house


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def work(house: House, postman: Postman) -> Work:
    """Run every errand that is due, and return the letters that went out meanwhile."""
    deliverer = Deliverer(house, Post(house.secrets, ORIGIN, read_languages(None)), dict.fromkeys(Channel, postman))
    worker = Worker(house.database, house.bus, house.clock, {DELIVER: deliverer.deliver, REMIND: remind_with(house)})

    async def work() -> list[Letter]:
        before = len(postman.letters)
        while await worker.run_next():
            pass
        return [letter for _, letter in postman.letters[before:]]

    return work


@pytest.fixture
async def promised(house: House, clock: StillClock, work: Work) -> Meeting:
    """An appointment of dana on Thursday at 09:20, whose invitations have gone out."""
    async with house.database.write() as tx:
        await seat_cast(tx, clock.now())
        meeting = await add_meeting(tx, house.secrets, clock.now(), scheduled_at=THURSDAY)
    assert len(await work()) == 2
    return meeting


async def appointment_of(house: House, meeting: Meeting) -> UUID:
    async with house.database.read() as tx:
        appointment_id = (await tx.get_one(Consultation, meeting.consultation_id)).appointment_id
        assert appointment_id is not None
        return appointment_id


async def moved(house: House, clock: StillClock, meeting: Meeting, begins_at: datetime) -> None:
    appointment_id = await appointment_of(house, meeting)
    async with house.database.write() as tx:
        appointment = await tx.get_one(Appointment, appointment_id)
        await move_for_practice(tx, appointment, begins_at, appointment.version, clock.now())


async def errands(house: House) -> dict[str, datetime]:
    async with house.database.read() as tx:
        found = await tx.execute(select(Errand.dedupe_key, Errand.run_at).where(Errand.kind == REMIND))
        return {key.split(":", 2)[2]: run_at for key, run_at in found}


async def test_two_are_planned_and_each_goes_out_by_every_way(house: House, clock: StillClock, promised: Meeting, work: Work) -> None:
    planned = {"0:remind24h": THURSDAY - timedelta(hours=24), "0:remind15m": THURSDAY - timedelta(minutes=15)}
    assert await errands(house) == planned
    clock.set(THURSDAY - timedelta(hours=24, seconds=1))
    assert await work() == []
    clock.advance(1)
    letters = await work()
    assert {letter.to for letter in letters} == {DANA.mobile, DANA.email}
    for letter in letters:
        assert letter.body.startswith("Reminder from Harbour Clinic: your video appointment is on Thursday 5 March at 09:20 (London time).")
        assert f"{ORIGIN}/j/" in letter.body
        assert DANA.name not in letter.subject + letter.body
    clock.set(THURSDAY - timedelta(minutes=15))
    assert {letter.sentences[0] for letter in await work()} == {
        "Harbour Clinic: your video appointment begins soon, at 09:20 (London time)."
    }
    clock.advance(3600)
    assert await work() == []


async def test_the_time_is_told_in_the_zone_of_whoever_booked(house: House, clock: StillClock, promised: Meeting, work: Work) -> None:
    appointment_id = await appointment_of(house, promised)
    async with house.database.write() as tx:
        (await tx.get_one(Appointment, appointment_id)).time_zone = "America/New_York"
    clock.set(THURSDAY - timedelta(hours=24))
    letters = await work()  # 04:20 in New York: the telephone stays quiet
    assert [letter.to for letter in letters] == [DANA.email]
    assert "on Thursday 5 March at 04:20 (New York time)" in letters[0].body
    clock.set(datetime(2026, 3, 4, 12, 59, 59, tzinfo=UTC))
    assert await work() == []
    clock.advance(1)  # 08:00 there
    assert [letter.to for letter in await work()] == [DANA.mobile]


async def test_after_a_move_only_the_new_ones_are_heard(house: House, clock: StillClock, promised: Meeting, work: Work) -> None:
    friday = THURSDAY + timedelta(hours=30)
    await moved(house, clock, promised, friday)
    assert len(await work()) == 2  # that it was moved
    assert set(await errands(house)) == {"0:remind24h", "0:remind15m", "1:remind24h", "1:remind15m"}
    clock.set(THURSDAY - timedelta(minutes=15))
    assert await work() == []
    clock.set(friday - timedelta(hours=24))
    assert len(await work()) == 2


async def test_a_text_message_that_waits_for_the_morning_says_nothing_of_what_was_moved(
    house: House, clock: StillClock, promised: Meeting, work: Work
) -> None:
    appointment_id = await appointment_of(house, promised)
    async with house.database.write() as tx:
        (await tx.get_one(Appointment, appointment_id)).time_zone = "America/New_York"
    clock.set(THURSDAY - timedelta(hours=24))
    await work()
    await moved(house, clock, promised, THURSDAY + timedelta(days=7))
    await work()
    clock.set(datetime(2026, 3, 4, 13, 0, tzinfo=UTC))
    assert await work() == []


async def test_nobody_is_reminded_of_what_is_cancelled(house: House, clock: StillClock, promised: Meeting, work: Work) -> None:
    appointment_id = await appointment_of(house, promised)
    async with house.database.write() as tx:
        await cancel(tx, await tx.get_one(Appointment, appointment_id), Party.PRACTICE, clock.now())
    await work()
    clock.set(THURSDAY - timedelta(minutes=15))
    assert await work() == []


async def test_what_begins_soon_has_no_reminder_in_the_past(house: House, clock: StillClock, work: Work) -> None:
    async with house.database.write() as tx:
        await seat_cast(tx, clock.now())
        await add_meeting(tx, house.secrets, clock.now(), scheduled_at=MORNING + timedelta(minutes=16))
        await add_meeting(tx, house.secrets, clock.now(), scheduled_at=MORNING + timedelta(minutes=14))
    assert await errands(house) == {"0:remind15m": MORNING + timedelta(minutes=1)}


@pytest.mark.parametrize(("day", "soon", "heard"), [(False, True, [0, 2]), (True, False, [2, 0]), (False, False, [0, 0])])
async def test_the_practice_decides_which(
    house: House, clock: StillClock, promised: Meeting, work: Work, *, day: bool, soon: bool, heard: list[int]
) -> None:
    async with house.database.write() as tx:
        practice = await tx.get_one(Practice, CLINIC)
        practice.reminds_day_before, practice.reminds_shortly_before = day, soon
    numbers = []
    for before in (timedelta(hours=24), timedelta(minutes=15)):
        clock.set(THURSDAY - before)
        numbers.append(len(await work()))
    assert numbers == heard


async def test_bad_21_a_clock_that_is_set_back_reminds_nobody_twice(house: House, clock: StillClock, promised: Meeting, work: Work) -> None:
    clock.set(THURSDAY - timedelta(hours=24))
    assert len(await work()) == 2
    for back in (timedelta(hours=30), timedelta(hours=24), timedelta(hours=23)):
        clock.set(THURSDAY - back)
        assert await work() == []
    clock.set(THURSDAY - timedelta(minutes=15))
    assert len(await work()) == 2


async def test_bad_21_a_clock_that_jumps_forward_says_nothing_that_is_wrong(
    house: House, clock: StillClock, promised: Meeting, work: Work
) -> None:
    clock.set(THURSDAY - timedelta(minutes=10))
    assert {letter.sentences[0].partition(":")[2][:35] for letter in await work()} == {" your video appointment begins soon"}
    clock.set(THURSDAY + timedelta(hours=1))
    assert await work() == []


async def test_bad_19_a_reminder_that_is_run_twice_is_queued_once(house: House, clock: StillClock, promised: Meeting) -> None:
    """The worker was killed between the commit and the settling of the errand."""
    clock.set(THURSDAY - timedelta(hours=24))
    async with house.database.read() as tx:
        subject = (await tx.scalars(select(Errand.subject_id).where(Errand.dedupe_key.endswith("remind24h")))).one()
    for _ in range(2):
        async with house.database.write() as tx:
            await remind(tx, subject, clock.now())
    async with house.database.read() as tx:
        queued = list(await tx.scalars(select(Delivery.channel).where(Delivery.news == News.REMIND24H)))
    assert sorted(queued) == [Channel.EMAIL, Channel.SMS]
