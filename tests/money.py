"""What is paid for with the cast, what a provider says, and everything that must never be true of money."""

import asyncio
from collections import Counter as Count
from collections.abc import Awaitable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from server.billing.actions import Counter, apply_checkout, end_checkout, note_checkout, note_merchant, open_charge, settle_cancelled
from server.billing.events import ChargePaid, RefundDone, RefundUndone
from server.billing.issuing import cancel_credit_note, issue_credit_note, issue_receipt
from server.billing.model import Charge, ChargeState, LedgerLine, Refund, RefundState
from server.billing.papers import BillingDocument
from server.booking.actions import hold
from server.booking.events import AppointmentCancelled, HoldEnded
from server.booking.guard import JustTaken, expire, lock_appointment
from server.booking.model import Appointment, AppointmentState, Pays, Service
from server.core.db import Database, Tx
from server.ports import Checkout, CheckoutSeen, CheckoutStatus, MerchantSeen
from tests.booking import hours, service
from tests.cast import ALICE, BOB, seat_cast
from tests.conftest import MORNING

PRICE = 4500
FEE = 300
ZONE = "Europe/London"
LATE = MORNING + timedelta(minutes=36)  # a minute after the hold of whoever pays is over
COUNTER = Counter("sandbox", "http://testserver", FEE)


def listen(database: Database, now: datetime = MORNING) -> None:
    """Let billing hear of cancellations, of holds that ended and of money that moved, as the application does."""

    async def cancelled(tx: Tx, fact: AppointmentCancelled) -> None:
        await settle_cancelled(tx, fact, now)

    async def ended(tx: Tx, fact: HoldEnded) -> None:
        await end_checkout(tx, fact, now)

    async def paid(tx: Tx, fact: ChargePaid) -> None:
        await issue_receipt(tx, fact, now)

    async def done(tx: Tx, fact: RefundDone) -> None:
        await issue_credit_note(tx, fact, now)

    async def undone(tx: Tx, fact: RefundUndone) -> None:
        await cancel_credit_note(tx, fact, now)

    database._events.subscribe(ChargePaid, paid)
    database._events.subscribe(RefundDone, done)
    database._events.subscribe(RefundUndone, undone)
    database._events.subscribe(AppointmentCancelled, cancelled)
    database._events.subscribe(HoldEnded, ended)


async def open_shop(database: Database, **changes: object) -> Service:
    """Seat the cast with a service of dr_alice that is paid online, half of it kept from who cancels late."""
    terms = {"price_minor": PRICE, "pays": Pays.ONLINE, "late_fee_percent": 50, "no_show_fee_percent": 100, "cancel_until_min": 1440}
    offered = service(ALICE, **{**terms, **changes})
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        tx.add_all([*hours(ALICE), *hours(BOB), offered])
        await tx.flush()
        await note_merchant(tx, ALICE.professional_id, "sandbox", MerchantSeen("acct_alice", ready=True, wanting=()), MORNING)
    listen(database)
    return offered


async def to_the_till(database: Database, offered: Service, begins_at: datetime, now: datetime = MORNING) -> Charge:
    """Hold a time, say who one is, and open the charge."""
    async with database.write() as tx:
        appointment = await hold(tx, offered, begins_at, ZONE, now)
        appointment.describe("Erin Evans", "+447700900002", None, now)
        charge = await open_charge(tx, appointment, now, COUNTER)
        await note_checkout(tx, charge.id, Checkout(f"cs_{charge.id.hex}", "http://provider.example/pay"), now)
        return charge


def seen(charge: Charge, status: CheckoutStatus = CheckoutStatus.PAID) -> CheckoutSeen:
    """Return what a provider says of a charge that is in order."""
    payment = f"pi_{charge.id.hex}" if status == CheckoutStatus.PAID else None
    return CheckoutSeen(status, payment, charge.minor, charge.currency, charge.id)


async def tell(database: Database, charge: Charge, what: CheckoutSeen | None = None, now: datetime = MORNING) -> None:
    async with database.write() as tx:
        await apply_checkout(tx, charge.id, what or seen(charge), now)


async def give_up(database: Database, appointment_id: UUID, now: datetime) -> None:
    """Do what the sweep of holds does."""
    async with database.write() as tx:
        appointment = await tx.get_one(Appointment, appointment_id)
        await lock_appointment(tx, appointment)
        await expire(tx, [appointment], now)


async def race(database: Database, offered: Service, charge: Charge, *, rival: bool) -> None:
    """Let the end of the hold, the payment, told twice, and perhaps somebody else who wants the time, meet at one moment."""

    async def wanted() -> None:
        async with database.read() as tx:
            begins_at = (await tx.get_one(Appointment, charge.appointment_id)).begins_at
        try:
            async with database.write() as tx:
                await hold(tx, offered, begins_at, ZONE, LATE)
        except JustTaken:
            return

    expired = seen(charge, CheckoutStatus.EXPIRED)
    work: list[Awaitable[None]] = [give_up(database, charge.appointment_id, LATE), tell(database, charge, now=LATE)]
    work += [tell(database, charge, now=LATE)]
    work += [wanted()] if rival else [tell(database, charge, expired, LATE)]
    await asyncio.gather(*work)


async def money_faults(tx: Tx) -> list[str]:
    """Return everything that must never be: money without an appointment or a refund, too much given back, entries that are no entries."""
    found: list[str] = []
    refunds: dict[UUID, list[Refund]] = {}
    for refund in await tx.scalars(select(Refund)):
        refunds.setdefault(refund.charge_id, []).append(refund)
    rows = (await tx.execute(select(Charge, Appointment).join(Appointment, Appointment.id == Charge.appointment_id))).all()
    for charge, appointment in rows:
        back = [each.minor for each in refunds.get(charge.id, []) if each.state != RefundState.FAILED]
        promised = appointment.state == AppointmentState.CONFIRMED
        if charge.paid_at is not None and promised == (sum(back) == charge.minor):
            found.append(f"{charge.id}: {appointment.state}, {sum(back)} of {charge.minor} back")
        if sum(back) > charge.minor or len(back) > 1:
            found.append(f"{charge.id}: given back {back}")
        if charge.paid_at is None and (promised or back):
            found.append(f"{charge.id}: {appointment.state} and not paid")
        if charge.state != ChargeState.OPEN and charge.name is not None:
            found.append(f"{charge.id}: remembers who paid")
    return found + await ledger_faults(tx) + await document_faults(tx)


async def document_faults(tx: Tx) -> list[str]:
    """Return what is wrong with receipts: a charge that was paid without one or with two, a number that is missing or there twice."""
    documents = list(await tx.scalars(select(BillingDocument)))
    receipts = Count(one.charge_id for one in documents if one.kind == "receipt")
    charges = [charge.id for charge in await tx.scalars(select(Charge)) if charge.paid_at is not None]
    found = [f"{charge_id}: {receipts[charge_id]} receipts" for charge_id in charges if receipts[charge_id] != 1]
    numbers = sorted(one.number for one in documents)
    return found + ([] if numbers == list(range(1, len(numbers) + 1)) else [f"numbers {numbers}"])


async def ledger_faults(tx: Tx) -> list[str]:
    entries: Count[UUID] = Count()
    paid: Count[UUID | None] = Count()
    for line in await tx.scalars(select(LedgerLine)):
        entries[line.entry_id] += line.minor
        if line.account == "patient" and line.refund_id is None:
            paid[line.charge_id] -= line.minor
    found = [f"entry {entry_id} is {minor}" for entry_id, minor in entries.items() if minor]
    charges = {charge.id: charge for charge in await tx.scalars(select(Charge)) if charge.paid_at is not None}
    return found + [f"{charge_id}: entered {paid[charge_id]}" for charge_id, charge in charges.items() if paid[charge_id] != charge.minor]
