"""Charges and refunds on both databases: what the provider says, in whatever order and however often, ends in one promise or one refund."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from server.billing.actions import note_checkout, open_charge
from server.billing.doors import money_of
from server.billing.model import Charge, ChargeState, LedgerLine, Reason, Refund, RefundState
from server.billing.refunds import apply_refund, refund_of, request_refund
from server.booking.actions import cancel, hold
from server.booking.model import Appointment, AppointmentState, Party
from server.booking.offer import slots_of
from server.core.db import Database
from server.core.outbox import Errand
from server.errors import Conflict, Invalid
from server.ports import CheckoutSeen, CheckoutStatus, RefundSeen, RefundStatus
from tests.booking import at, faults
from tests.conftest import MORNING
from tests.money import COUNTER, FEE, LATE, PRICE, ZONE, give_up, money_faults, open_shop, race, seen, tell, to_the_till

pytestmark = [pytest.mark.anyio, pytest.mark.row("M2")]

TEN = at("2026-03-03", "10:00")
DONE = RefundSeen("re_1", RefundStatus.DONE)


async def appointment_of(database: Database, charge: Charge) -> Appointment:
    async with database.read() as tx:
        return await tx.get_one(Appointment, charge.appointment_id)


async def charge_now(database: Database, charge: Charge) -> Charge:
    async with database.read() as tx:
        return await tx.get_one(Charge, charge.id)


async def refunds(database: Database) -> list[Refund]:
    async with database.read() as tx:
        return list(await tx.scalars(select(Refund).order_by(Refund.requested_at)))


async def errands(database: Database) -> list[str]:
    async with database.read() as tx:
        return list(await tx.scalars(select(Errand.kind).order_by(Errand.run_at)))


async def sound(database: Database) -> None:
    async with database.read() as tx:
        assert await money_faults(tx) == []
        assert await faults(tx) == []


async def settle(database: Database, refund: Refund, status: RefundStatus = RefundStatus.DONE) -> None:
    async with database.write() as tx:
        await apply_refund(tx, refund.id, RefundSeen("re_1", status), MORNING)


async def balances(database: Database) -> dict[str, int]:
    sums: dict[str, int] = {}
    async with database.read() as tx:
        for line in await tx.scalars(select(LedgerLine)):
            sums[line.account] = sums.get(line.account, 0) + line.minor
    return {account: minor for account, minor in sums.items() if minor}


async def test_a_payment_confirms_once_however_often_it_is_told(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    appointment = await appointment_of(database, charge)
    assert (appointment.state, appointment.hold_until) == (AppointmentState.HELD, MORNING + timedelta(minutes=35))
    for _ in range(20):
        await tell(database, charge)
    assert (await appointment_of(database, charge)).state == AppointmentState.CONFIRMED
    assert await balances(database) == {"patient": -PRICE, "merchant": PRICE - FEE, "platform_fee": FEE}
    assert await refunds(database) == []
    await sound(database)


async def test_bad_12_what_is_told_late_changes_nothing(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    await tell(database, charge)
    await tell(database, charge, seen(charge, CheckoutStatus.EXPIRED))
    await tell(database, charge, seen(charge, CheckoutStatus.OPEN))
    assert (await charge_now(database, charge)).state == ChargeState.PAID
    await sound(database)


@pytest.mark.parametrize("wrong", ["minor", "currency", "charge_id"])
async def test_bad_13_another_payment_confirms_nothing(database: Database, wrong: str) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    good = seen(charge)
    other = {"minor": PRICE - 1, "currency": "USD", "charge_id": None}[wrong]
    await tell(database, charge, CheckoutSeen(**{**vars(good), wrong: other}))
    now = await charge_now(database, charge)
    assert (now.state, now.payment, now.paid_at, now.name) == (ChargeState.REFUSED, good.payment, None, None)
    assert (await appointment_of(database, charge)).state == AppointmentState.HELD
    await sound(database)


async def test_bad_09_a_late_payment_gets_the_time_if_it_is_free(database: Database) -> None:
    offered = await open_shop(database)
    charge = await to_the_till(database, offered, TEN)
    await give_up(database, charge.appointment_id, LATE)
    assert (await appointment_of(database, charge)).state == AppointmentState.EXPIRED
    assert await errands(database) == ["expire_checkout"]
    await tell(database, charge, now=LATE)
    assert (await appointment_of(database, charge)).state == AppointmentState.CONFIRMED
    assert await refunds(database) == []
    await sound(database)


async def test_bad_09_a_late_payment_for_a_taken_time_goes_back_whole_and_once(database: Database) -> None:
    offered = await open_shop(database)
    charge = await to_the_till(database, offered, TEN)
    async with database.write() as tx:
        await hold(tx, offered, TEN, ZONE, LATE)
    await tell(database, charge, now=LATE)
    await tell(database, charge, now=LATE)
    (refund,) = await refunds(database)
    assert (refund.minor, refund.with_fee, refund.reason, refund.state) == (PRICE, True, Reason.LATE_PAYMENT, RefundState.REQUESTED)
    await settle(database, refund)
    await settle(database, refund)
    assert await balances(database) == {}
    await sound(database)


@pytest.mark.parametrize("late", [timedelta(days=2), timedelta(minutes=36)])
async def test_whoever_gave_the_time_back_gets_their_money_back(database: Database, late: timedelta) -> None:
    """Also after the time of the appointment itself."""
    charge = await to_the_till(database, await open_shop(database), TEN)
    async with database.write() as tx:
        await cancel(tx, await tx.get_one(Appointment, charge.appointment_id), Party.PATIENT, MORNING)
    assert await errands(database) == ["expire_checkout"]
    await tell(database, charge, now=MORNING + late)
    assert [refund.minor for refund in await refunds(database)] == [PRICE]
    await sound(database)


async def test_a_time_that_has_begun_is_not_promised_any_more(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    await tell(database, charge, now=TEN)
    assert (await appointment_of(database, charge)).state == AppointmentState.HELD
    assert [refund.minor for refund in await refunds(database)] == [PRICE]


@pytest.mark.row("B4")
@pytest.mark.parametrize(
    ("by", "now", "back"),
    [
        (Party.PATIENT, TEN - timedelta(minutes=1440), PRICE),
        (Party.PATIENT, TEN - timedelta(minutes=1440) + timedelta(seconds=1), PRICE // 2),
        (Party.PATIENT, TEN, PRICE // 2),
        (Party.PRACTICE, TEN - timedelta(minutes=1), PRICE),
    ],
)
async def test_bad_07_who_cancels_gets_back_what_was_promised(database: Database, by: Party, now: datetime, back: int) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    await tell(database, charge)
    async with database.write() as tx:
        await cancel(tx, await tx.get_one(Appointment, charge.appointment_id), by, now)
    (refund,) = await refunds(database)
    assert (refund.minor, refund.asked_by) == (back, None)
    await settle(database, refund)
    async with database.read() as tx:
        money = await money_of(tx, charge.appointment_id)
    assert money is not None
    assert (money.refunded_minor, money.kept_minor) == (back, PRICE - back)
    assert sum((await balances(database)).values()) == 0


@pytest.mark.row("B4")
async def test_bad_07_without_a_late_fee_it_is_too_late(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database, late_fee_percent=None), TEN)
    await tell(database, charge)
    with pytest.raises(Conflict):
        async with database.write() as tx:
            await cancel(tx, await tx.get_one(Appointment, charge.appointment_id), Party.PATIENT, TEN - timedelta(hours=23))
    assert await refunds(database) == []


async def test_bad_14_never_more_is_given_back_than_was_paid(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    with pytest.raises(Conflict, match="not_paid"):
        await ask_back(database, charge, 1)
    await tell(database, charge)
    await ask_back(database, charge, 3000)
    with pytest.raises(Conflict, match="too_much"):
        await ask_back(database, charge, 1501)
    with pytest.raises(Invalid):
        await ask_back(database, charge, 0)
    failed = await ask_back(database, charge, 1500)
    await settle(database, failed, RefundStatus.FAILED)
    await ask_back(database, charge, 1500)
    assert sum(refund.minor for refund in await refunds(database) if refund.state != RefundState.FAILED) == PRICE


async def ask_back(database: Database, charge: Charge, minor: int) -> Refund:
    async with database.write() as tx:
        mine = await tx.get_one(Charge, charge.id)
        return await request_refund(tx, mine, minor, with_fee=True, reason=Reason.GOODWILL, asked_by=None, now=MORNING)


async def test_bad_14_what_the_bank_has_in_dispute_stays_there(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    await tell(database, charge)
    async with database.write() as tx:
        (await tx.get_one(Charge, charge.id)).disputed_at = MORNING
    with pytest.raises(Conflict, match="disputed"):
        await ask_back(database, charge, 100)
    async with database.write() as tx:
        await cancel(tx, await tx.get_one(Appointment, charge.appointment_id), Party.PRACTICE, MORNING)
    assert await refunds(database) == []


async def test_a_refund_that_fails_after_all_is_taken_out_of_the_ledger(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database), TEN)
    await tell(database, charge)
    refund = await ask_back(database, charge, 1000)
    for status in (RefundStatus.PENDING, RefundStatus.DONE, RefundStatus.PENDING, RefundStatus.FAILED, RefundStatus.DONE):
        await settle(database, refund, status)
    assert [each.state for each in await refunds(database)] == [RefundState.FAILED]
    assert await balances(database) == {"patient": -PRICE, "merchant": PRICE - FEE, "platform_fee": FEE}


async def test_so_many_percent_are_what_comes_back_in_the_end(database: Database) -> None:
    charge = await to_the_till(database, await open_shop(database, price_minor=4501), TEN)
    await tell(database, charge)
    async with database.write() as tx:
        first = await refund_of(tx, charge.appointment_id, 50, Reason.MISSED, None, MORNING)
        assert first is not None
        assert first.minor == 4501 - 2251
        assert await refund_of(tx, charge.appointment_id, 50, Reason.MISSED, None, MORNING) is None
        rest = await refund_of(tx, charge.appointment_id, 100, Reason.PRACTICE, None, MORNING)
        assert rest is not None
        assert rest.minor == 2251


async def test_a_second_try_is_another_charge_and_not_without_end(database: Database) -> None:
    offered = await open_shop(database)
    charge = await to_the_till(database, offered, TEN)
    for tried in range(1, 5):
        async with database.write() as tx:
            appointment = await tx.get_one(Appointment, charge.appointment_id)
            again = await open_charge(tx, appointment, MORNING, COUNTER)
            assert (again.n, again.state) == (tried, ChargeState.OPEN)
            await note_checkout(tx, again.id, None, MORNING)
    with pytest.raises(Conflict, match="too_often"):
        async with database.write() as tx:
            await open_charge(tx, await tx.get_one(Appointment, charge.appointment_id), MORNING, COUNTER)


async def test_whoever_pays_for_two_tries_gets_one_back(database: Database) -> None:
    first = await to_the_till(database, await open_shop(database), TEN)
    await tell(database, first, seen(first, CheckoutStatus.EXPIRED))
    async with database.write() as tx:
        second = await open_charge(tx, await tx.get_one(Appointment, first.appointment_id), MORNING, COUNTER)
    assert second.id != first.id
    await tell(database, second)
    await tell(database, first)
    assert [refund.charge_id for refund in await refunds(database)] == [first.id]
    assert (await appointment_of(database, first)).state == AppointmentState.CONFIRMED
    assert (await charge_now(database, first)).state == ChargeState.REFUSED


@pytest.mark.parametrize("rival", [False, True])
async def test_bad_10_the_end_of_a_hold_meets_its_payment(database: Database, rival: bool) -> None:
    """Fifty times, the payment told twice: one promise or one refund, never both and never neither."""
    offered = await open_shop(database)
    async with database.read() as tx:
        starts = [slot.begins_at for slot in await slots_of(tx, offered, TEN.date(), 7, MORNING)][:50]
    charges = [await to_the_till(database, offered, begins_at) for begins_at in starts]
    for charge in charges:
        await race(database, offered, charge, rival=rival)
    await sound(database)
    assert len(await refunds(database)) <= 50
