"""A child's record has no address: whoever acts for the child is told in their place, by each kind of message, and only while they may."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from server.access.acting import Basis, Reach
from server.access.model import Practice, Professional
from server.access.representation import Representation
from server.billing.events import InvoiceIssued
from server.booking.actions import cancel, move_for_practice
from server.booking.model import Appointment, Party
from server.booking.passing import pass_on, see_promised
from server.consultation.actions import Plan, schedule, send_link
from server.consultation.appointments import call_off_missed
from server.consultation.events import Channel, News
from server.consultation.model import Consultation
from server.consultation.today import TO_ACTING, today_list, today_row
from server.core.house import House
from server.core.outbox import Worker
from server.errors import Invalid
from server.identity.details_model import AccountDetails
from server.identity.mail_model import AccountEmail
from server.messaging.actions import DELIVER
from server.messaging.composing import Post
from server.messaging.delays import TELL, say_late, tell
from server.messaging.jobs import Deliverer, remind_with
from server.messaging.model import Delivery, DeliveryStatus
from server.messaging.money_news import tell_invoiced
from server.messaging.reminders import REMIND
from server.patients.actions import Contact, add_record
from server.patients.representing import Hand, Wish, acting_token, claim_child, end, give, take
from server.ports import Letter
from server.web.i18n import ENGLISH, read_languages
from tests.acting import DORA, YEAR, seat_dora
from tests.cast import ALICE, BOB, CLINIC, seat_cast
from tests.conftest import ORIGIN, StillClock
from tests.contract.test_delivery import Postman

pytestmark = [pytest.mark.anyio, pytest.mark.row("P5"), pytest.mark.row("B6")]

THURSDAY = datetime(2026, 3, 5, 9, 20, tzinfo=UTC)
CHILD = "Tim Dale"
Work = Callable[[], Awaitable[list[Letter]]]


class Told:
    """A child of dora's, an appointment of theirs with alice, and what dora was written."""

    def __init__(self, house: House, work: Work, child_id: UUID, appointment_id: UUID) -> None:
        self.house, self.work, self.child_id, self.appointment_id = house, work, child_id, appointment_id

    async def letters(self, first: str, *, url: bool = True) -> list[Letter]:
        """Run what is due: two letters to dora's proved addresses that begin so, and of the child not the name."""
        letters = await self.work()
        assert {letter.to for letter in letters} == {DORA.mobile, DORA.email}
        for letter in letters:
            assert letter.sentences[0].startswith(first), letter.sentences
            assert CHILD not in letter.subject + letter.body
            assert "/j/" not in letter.body, "no link that opens by itself"
            assert (f"{ORIGIN}/my/{self.child_id}/consultations/" in letter.body) is url
        return letters


@pytest.fixture
def house(idle_house: House) -> House:
    return idle_house


@pytest.fixture
def work(house: House) -> Work:
    postman = Postman()
    post = Post(house.secrets, ORIGIN, read_languages(None))
    deliverer = Deliverer(house, post, dict.fromkeys(Channel, postman))

    async def late(delay_id: UUID) -> None:
        async with house.database.write() as tx:
            await tell(tx, delay_id, "", house.clock.now())

    worker = Worker(house.database, house.bus, house.clock, {DELIVER: deliverer.deliver, REMIND: remind_with(house), TELL: late})

    async def work() -> list[Letter]:
        before = len(postman.letters)
        while await worker.run_next():
            pass
        return [letter for _, letter in postman.letters[before:]]

    return work


async def begin(house: House, *, claims: bool = False, reach: Reach = Reach.BOOK) -> tuple[UUID, UUID]:
    """Let dora act for a child without an address, and alice plan an appointment; returns the child and the appointment."""
    now = house.clock.now()
    async with house.database.write() as tx:
        await seat_cast(tx, now)
        await seat_dora(tx, house)
        tx.add(AccountEmail(person_id=DORA.person_id, address=DORA.email, confirmed_at=now))
        tx.add(AccountDetails(person_id=DORA.person_id, phone=DORA.mobile, phone_confirmed_at=now, address="", changed_at=now))
        child = await add_record(tx, CLINIC, Contact(CHILD, None, None), None, now)
        by = DORA.person_id if claims else ALICE.person_id
        hand = Hand(house.secrets, child, await tx.get_one(Practice, CLINIC), by, None, mails=False, now=now)
        if claims:
            await claim_child(tx, hand, DORA.name)
        else:
            one = await give(tx, hand, Wish(DORA.name, "", Basis.PARENT, reach, now + YEAR), ENGLISH)
            await take(tx, acting_token(house.secrets, one.id), DORA.person_id, now)
        plan = Plan(CHILD, None, None, None, THURSDAY, 20, child.id)
        consultation, _link = await schedule(tx, house.secrets, ALICE.viewer, plan, now)
        assert consultation.appointment_id is not None
        return child.id, consultation.appointment_id


@pytest.fixture
async def told(house: House, work: Work) -> Told:
    return Told(house, work, *await begin(house, claims=True))


async def test_each_kind_of_message_goes_to_a_parent_who_registered_the_child(house: House, clock: StillClock, told: Told) -> None:
    await told.letters("Harbour Clinic: your video appointment is on Thursday 5 March at 09:20")
    async with house.database.write() as tx:
        one = await tx.get_one(Appointment, told.appointment_id)
        await move_for_practice(tx, one, THURSDAY + timedelta(hours=1), one.version, clock.now())
    await told.letters("Harbour Clinic: your video appointment is now on Thursday 5 March at 10:20")
    async with house.database.write() as tx:
        one = await tx.get_one(Appointment, told.appointment_id)
        promised = await see_promised(tx, ALICE.professional_id, one.id, clock.now())
        leaving = await tx.get_one(Professional, ALICE.professional_id)
        await pass_on(tx, promised, leaving, BOB.professional_id, one.version, clock.now())
    passed = await told.letters("Harbour Clinic: your video appointment on Thursday 5 March at 10:20")
    assert all(BOB.full_name in letter.sentences[0] for letter in passed)
    clock.set(THURSDAY - timedelta(hours=23))
    await told.letters("Reminder from Harbour Clinic")
    clock.set(THURSDAY + timedelta(minutes=45))
    await told.letters("Harbour Clinic: your video appointment begins soon")
    async with house.database.write() as tx:
        await say_late(tx, BOB.viewer, 10, clock.now())
    clock.advance(10)
    await told.letters(f"{BOB.full_name} is running about 10 minutes late.")
    async with house.database.write() as tx:
        await cancel(tx, await tx.get_one(Appointment, told.appointment_id), Party.PRACTICE, clock.now())
    await told.letters("Harbour Clinic: your video appointment on Thursday 5 March at 10:20 (London time) is cancelled.", url=False)


async def test_the_link_is_sent_again_to_whoever_acts_by_the_way_that_is_chosen(house: House, clock: StillClock, told: Told) -> None:
    await told.work()
    async with house.database.write() as tx:
        (consultation_id,) = await tx.scalars(select(Consultation.id))
        row = await today_row(tx, ALICE.viewer, consultation_id, clock.now(), str)
        assert (row.phone, row.email, row.sms_to, row.email_to) == (None, None, *[TO_ACTING] * 2)
        assert (await today_list(tx, ALICE.viewer, clock.now(), str)).rows == [row]
        await send_link(tx, ALICE.viewer, consultation_id, Channel.EMAIL, clock.now())
    [letter] = await told.work()
    assert letter.to == DORA.email
    assert f"{ORIGIN}/my/{told.child_id}/consultations/{consultation_id}" in letter.body
    async with house.database.write() as tx:
        await end(tx, (await tx.scalars(select(Representation))).one(), ALICE.person_id, clock.now())
        assert (await today_row(tx, ALICE.viewer, consultation_id, clock.now(), str)).email_to is None
        with pytest.raises(Invalid):
            await send_link(tx, ALICE.viewer, consultation_id, Channel.EMAIL, clock.now())


async def test_who_waited_while_nobody_came_is_asked_for_pardon(house: House, clock: StillClock, told: Told) -> None:
    await told.letters("Harbour Clinic")
    clock.set(THURSDAY + timedelta(hours=1))
    async with house.database.write() as tx:
        await call_off_missed(tx, told.appointment_id, clock.now())
    await told.letters("Harbour Clinic: we are sorry.", url=False)


@pytest.mark.parametrize(("reach", "told"), [(Reach.BOOK, 0), (Reach.SEE, 1)])
async def test_of_money_only_who_may_open_the_documents_is_told(house: House, clock: StillClock, reach: Reach, told: int) -> None:
    _child, appointment_id = await begin(house, reach=reach)
    async with house.database.write() as tx:
        await tell_invoiced(tx, InvoiceIssued(appointment_id), clock.now())
        queued = list(await tx.scalars(select(Delivery).where(Delivery.news == News.INVOICED)))
    assert [(one.channel, one.representation_id is not None) for one in queued] == [(Channel.EMAIL, True)] * told


async def test_bad_30_who_may_act_no_more_is_told_nothing_also_of_what_is_on_its_way(house: House, clock: StillClock, told: Told) -> None:
    """The invitation waits in the outbox while the right ends."""
    async with house.database.write() as tx:
        await end(tx, (await tx.scalars(select(Representation))).one(), ALICE.person_id, clock.now())
    assert await told.work() == []
    async with house.database.write() as tx:
        assert set(await tx.scalars(select(Delivery.status))) == {DeliveryStatus.CANCELLED}
        one = await tx.get_one(Appointment, told.appointment_id)
        await move_for_practice(tx, one, THURSDAY + timedelta(hours=1), one.version, clock.now())
    assert await told.work() == []


@pytest.mark.parametrize("over", [{"expires_at": THURSDAY - timedelta(days=2)}, {"sleeps_at": THURSDAY - timedelta(days=2)}], ids=str)
async def test_a_right_that_ran_out_or_sleeps_is_none(house: House, clock: StillClock, told: Told, over: dict[str, datetime]) -> None:
    await told.letters("Harbour Clinic")
    async with house.database.write() as tx:
        await tx.execute(update(Representation).values(**over))
    clock.set(THURSDAY - timedelta(hours=24))
    assert await told.work() == []


async def test_only_proved_addresses_count_and_a_patient_with_an_address_is_told_themself(
    house: House, clock: StillClock, told: Told
) -> None:
    await told.work()
    async with house.database.write() as tx:
        await tx.execute(update(AccountDetails).values(phone_confirmed_at=None))
        await tx.execute(delete(AccountEmail))
    clock.set(THURSDAY - timedelta(hours=24))
    assert await told.work() == []
    async with house.database.write() as tx:
        await tx.execute(update(AccountDetails).values(phone_confirmed_at=clock.now()))
        plan = Plan("Erin Evans", None, "erin@example.org", None, THURSDAY + timedelta(days=1), 20)
        await schedule(tx, house.secrets, ALICE.viewer, plan, clock.now())
    assert [letter.to for letter in await told.work()] == ["erin@example.org"]
