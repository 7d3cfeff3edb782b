"""A message to a patient goes out once, with the link that is good at that moment, or not at all; on both databases."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from sqlalchemy import select

from server.consultation.actions import reissue_link, revoke_link, send_link
from server.consultation.events import Channel
from server.consultation.guests import withdraw_guest
from server.consultation.join_link import join_url
from server.core.house import House
from server.core.outbox import FIRST_RETRY_S, MAX_ATTEMPTS, Worker
from server.messaging.actions import DELIVER, settle
from server.messaging.composing import Post
from server.messaging.jobs import Deliverer
from server.messaging.model import Delivery, DeliveryStatus
from server.patients.model import Patient
from server.ports import Carried, Letter
from server.web.i18n import read_languages
from tests.cast import ALICE, DANA, Meeting, add_meeting, seat_cast
from tests.conftest import ORIGIN, StillClock
from tests.http.guests import IMRAN_MOBILE, add_guest

pytestmark = [pytest.mark.anyio, pytest.mark.row("S4")]


@dataclass
class Postman:
    """A carrier that keeps what it was given; `breaks` is raised once, after the letter was taken."""

    letters: list[tuple[str, Letter]] = field(default_factory=list)
    breaks: Exception | None = None
    says: Carried = Carried.SENT

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        self.letters.append((dedupe_key, letter))
        if self.breaks is not None:
            error, self.breaks = self.breaks, None
            raise error
        return self.says

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def house(idle_house: House) -> House:
    return idle_house


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def work(house: House, postman: Postman) -> Callable[[], Awaitable[None]]:
    deliverer = Deliverer(house, Post(house.secrets, ORIGIN, read_languages(None)), dict.fromkeys(Channel, postman))
    worker = Worker(house.database, house.bus, house.clock, {DELIVER: deliverer.deliver}, {DELIVER: deliverer.give_up})

    async def work() -> None:
        while await worker.run_next():
            pass

    return work


@pytest.fixture
async def invited(house: House, clock: StillClock) -> Meeting:
    """A consultation whose patient is to get the link by SMS."""
    async with house.database.write() as tx:
        await seat_cast(tx, clock.now())
        return await add_meeting(tx, house.secrets, clock.now(), guest=replace(DANA, email=""))


async def statuses(house: House) -> list[DeliveryStatus]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Delivery.status).order_by(Delivery.created_at)))


async def test_the_message_holds_the_link_and_goes_out_once(
    house: House, invited: Meeting, postman: Postman, work: Callable[[], Awaitable[None]]
) -> None:
    await work()
    await work()
    [(_, letter)] = postman.letters
    assert letter.to == DANA.mobile
    assert join_url(ORIGIN, house.secrets, invited.visit_id) in letter.body
    assert await statuses(house) == [DeliveryStatus.SENT]


async def test_bad_31_a_message_about_a_revoked_link_is_not_sent(
    house: House, invited: Meeting, postman: Postman, clock: StillClock, work: Callable[[], Awaitable[None]]
) -> None:
    async with house.database.write() as tx:
        await revoke_link(tx, ALICE.viewer, invited.consultation_id, clock.now())
    await work()
    assert postman.letters == []
    assert await statuses(house) == [DeliveryStatus.CANCELLED]


async def test_bad_31_after_a_reissue_only_the_new_link_is_sent(
    house: House, invited: Meeting, postman: Postman, clock: StillClock, work: Callable[[], Awaitable[None]]
) -> None:
    clock.advance(1)
    async with house.database.write() as tx:
        link = await reissue_link(tx, house.secrets, ALICE.viewer, invited.consultation_id, clock.now())
        await send_link(tx, ALICE.viewer, invited.consultation_id, Channel.SMS, clock.now())
    await work()
    [(_, letter)] = postman.letters
    assert join_url(ORIGIN, house.secrets, link.id) in letter.body
    assert await statuses(house) == [DeliveryStatus.CANCELLED, DeliveryStatus.SENT]


async def test_bad_19_a_message_that_may_have_gone_out_is_sent_again_under_the_same_key(
    house: House, invited: Meeting, postman: Postman, clock: StillClock, work: Callable[[], Awaitable[None]]
) -> None:
    """The carrier tells by the key that it has it already."""
    postman.breaks = TimeoutError()
    await work()
    assert await statuses(house) == [DeliveryStatus.QUEUED]
    clock.advance(FIRST_RETRY_S * 2)
    await work()
    keys = [key for key, _ in postman.letters]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert await statuses(house) == [DeliveryStatus.SENT]


@pytest.mark.row("V9")
async def test_a_guests_message_goes_to_the_guest_until_the_invitation_is_taken_back(
    house: House, invited: Meeting, postman: Postman, clock: StillClock, work: Callable[[], Awaitable[None]]
) -> None:
    await work()
    postman.letters.clear()
    guest = await add_guest(house, invited, clock.now(), mobile=IMRAN_MOBILE)
    await work()
    [(_, letter)] = postman.letters
    assert letter.to == IMRAN_MOBILE.replace(" ", "")
    assert join_url(ORIGIN, house.secrets, guest.visit_id) in letter.body
    assert ALICE.full_name in letter.body
    assert DANA.name not in letter.subject + letter.body
    other = await add_guest(house, invited, clock.now(), mobile=IMRAN_MOBILE)
    async with house.database.write() as tx:
        await withdraw_guest(tx, ALICE.viewer, invited.consultation_id, other.participant_id, clock.now())
    await work()
    assert len(postman.letters) == 1


@pytest.fixture
async def both_ways(house: House, clock: StillClock) -> Meeting:
    """A consultation whose patient has an e-mail address as well, and is written to by SMS only."""
    async with house.database.write() as tx:
        await seat_cast(tx, clock.now())
        meeting = await add_meeting(tx, house.secrets, clock.now(), guest=replace(DANA, email=""))
        (await tx.get_one(Patient, DANA.patient_id)).email = DANA.email
    return meeting


async def only_delivery(house: House) -> UUID:
    async with house.database.read() as tx:
        return (await tx.scalars(select(Delivery.id))).one()


async def report(house: House, delivery_id: UUID, status: DeliveryStatus, clock: StillClock) -> None:
    async with house.database.write() as tx:
        await settle(tx, delivery_id, status, clock.now())


@pytest.mark.row("S1")
async def test_who_cannot_be_reached_by_text_message_is_written_to_once_by_email(
    house: House, both_ways: Meeting, postman: Postman, work: Callable[[], Awaitable[None]]
) -> None:
    postman.says = Carried.REFUSED
    await work()
    await work()
    assert [letter.to for _, letter in postman.letters] == [DANA.mobile, DANA.email]
    assert [letter.calendar is None for _, letter in postman.letters] == [True, False]
    assert await statuses(house) == [DeliveryStatus.FAILED] * 2


@pytest.mark.row("S1")
async def test_bad_17_reports_that_come_twice_or_late_change_nothing(
    house: House, both_ways: Meeting, postman: Postman, clock: StillClock, work: Callable[[], Awaitable[None]]
) -> None:
    await work()
    sms = await only_delivery(house)
    await report(house, sms, DeliveryStatus.FAILED, clock)
    clock.advance(1)
    for late in (DeliveryStatus.FAILED, DeliveryStatus.DELIVERED, DeliveryStatus.SENT):
        await report(house, sms, late, clock)
    await work()
    assert [letter.to for _, letter in postman.letters] == [DANA.mobile, DANA.email]
    assert await statuses(house) == [DeliveryStatus.FAILED, DeliveryStatus.SENT]


@pytest.mark.row("S1")
async def test_a_report_that_is_faster_than_the_answer_stands(
    house: House, invited: Meeting, clock: StillClock, work: Callable[[], Awaitable[None]]
) -> None:
    await report(house, await only_delivery(house), DeliveryStatus.DELIVERED, clock)
    await work()
    assert await statuses(house) == [DeliveryStatus.DELIVERED]


@pytest.mark.row("S1")
async def test_bad_19_a_message_that_never_gets_out_is_told_as_failed(
    house: House, both_ways: Meeting, postman: Postman, clock: StillClock, work: Callable[[], Awaitable[None]]
) -> None:
    for _ in range(MAX_ATTEMPTS):
        assert await statuses(house) == [DeliveryStatus.QUEUED]
        postman.breaks = ConnectionError()
        await work()
        clock.advance(FIRST_RETRY_S * 2**MAX_ATTEMPTS)
    await work()
    assert [letter.to for _, letter in postman.letters] == [DANA.mobile] * MAX_ATTEMPTS + [DANA.email]
    assert await statuses(house) == [DeliveryStatus.FAILED, DeliveryStatus.SENT]
