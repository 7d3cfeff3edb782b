"""Charges, inside the caller's transaction: opened, paid, expired, and what becomes of the appointment then.

Locks are taken in one order: diaries, appointment, charge. The provider is asked outside, by `server.billing.till`.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import func, select

from server.billing import ledger
from server.billing.doors import lead_of, lock_charge, merchant_of, standing_charge
from server.billing.entries import enter
from server.billing.events import ChargePaid
from server.billing.model import CHECKOUT_FOR, HOLD_FOR_PAYMENT, Charge, ChargeState, MerchantAccount, Reason
from server.billing.refunds import refund_of, refund_whole
from server.billing.terms import back_percent
from server.booking.actions import Details, cancel, confirm, hold_again
from server.booking.doors import find_appointment
from server.booking.events import AppointmentCancelled, HoldEnded
from server.booking.guard import JustTaken, lock_appointment, lock_diaries
from server.booking.model import Appointment, AppointmentState, Party, Service
from server.core.db import Tx
from server.core.ids import new_id
from server.core.marking import _
from server.core.outbox import add_errand
from server.errors import Conflict, Restricted
from server.ports import Checkout, CheckoutSeen, CheckoutStatus, MerchantSeen

log = structlog.get_logger(__name__)

EXPIRE = "expire_checkout"
MOST_TRIES = 4
NOT_PAYABLE = _("This cannot be paid online at the moment. Please call the practice.")
TOO_OFTEN = _("This could not be paid. Please choose a time again, or call the practice.")


class Counter(NamedTuple):
    """Where it is paid: by which provider, at which public address of ours they come back, and the platform's own fee."""

    provider: str
    origin: str
    fee_minor: int = 0


async def note_merchant(tx: Tx, professional_id: UUID, provider: str, seen: MerchantSeen, now: datetime) -> None:
    """Store what the provider says of a professional's account; the diary is locked, so that two who ask at once store one row."""
    await lock_diaries(tx, [professional_id])
    merchant = await tx.get(MerchantAccount, professional_id)
    if merchant is None:
        merchant = MerchantAccount(professional_id=professional_id)
        tx.add(merchant)
    merchant.provider, merchant.account = provider, seen.account
    merchant.ready, merchant.wanting, merchant.checked_at = seen.ready, list(seen.wanting), now
    await tx.flush()


async def open_charge(tx: Tx, appointment: Appointment, now: datetime, counter: Counter) -> Charge:
    """Ask for the price of a held appointment, which is then kept for as long as it can be paid; the charge that is open stays the same.

    Raises `Conflict`: `hold_over`, `confirmed`, `not_payable` where the professional has no account that is ready, and `too_often`.
    """
    appointment.refuse_unless_held(now)
    before = await standing_charge(tx, appointment.id)
    if before is not None:
        return before
    lead_id = await lead_of(tx, appointment.id)
    merchant = await merchant_of(tx, lead_id, counter.provider)
    if merchant is None or appointment.price_minor <= 0:
        raise Conflict(NOT_PAYABLE, code="not_payable")
    tries = await tx.scalar(select(func.count()).select_from(Charge).where(Charge.appointment_id == appointment.id)) or 0
    if tries >= MOST_TRIES:
        raise Conflict(TOO_OFTEN, code="too_often")
    service = await tx.get_one(Service, appointment.service_id)
    appointment.keep_held(now + HOLD_FOR_PAYMENT)
    charge = Charge(
        id=new_id(),
        appointment_id=appointment.id,
        practice_id=appointment.practice_id,
        professional_id=lead_id,
        provider=counter.provider,
        account=merchant.account,
        title=service.name,
        minor=appointment.price_minor,
        currency=appointment.currency,
        fee_minor=counter.fee_minor,
        state=ChargeState.OPEN,
        n=tries + 1,
        origin=counter.origin,
        checkout_id=None,
        checkout_url=None,
        payment=None,
        name=appointment.name,
        mobile=appointment.mobile,
        email=appointment.email,
        person_id=appointment.booked_by,
        created_at=now,
        expires_at=now + CHECKOUT_FOR,
        paid_at=None,
        disputed_at=None,
    )
    tx.add(charge)
    await tx.flush()
    return charge


async def note_checkout(tx: Tx, charge_id: UUID, checkout: Checkout | None, now: datetime) -> None:
    """Store on which page a charge is paid; None: the provider refused to open one."""
    charge = await lock_charge(tx, charge_id)
    if charge.state != ChargeState.OPEN:
        return
    if checkout is None:
        charge.state = ChargeState.REFUSED
        charge.forget()
        return
    charge.checkout_id, charge.checkout_url = checkout.id, checkout.url
    appointment = await find_appointment(tx, charge.appointment_id)
    if appointment is not None and not appointment.held_at(now):
        expire_later(tx, charge, now)


async def apply_checkout(tx: Tx, charge_id: UUID, seen: CheckoutSeen, now: datetime) -> None:
    """Store what the provider says of a charge, however often and in whatever order it says so: the one place that makes it paid.

    A payment in time confirms the appointment; one that is late confirms it where its time is still free, and is given back otherwise.
    What is said about another amount, currency or charge is taken down and confirms nothing.
    """
    charge = await tx.get_one(Charge, charge_id)
    if seen.status == CheckoutStatus.OPEN or charge.paid_at is not None:
        return
    appointment = await find_appointment(tx, charge.appointment_id)
    if appointment is None:
        raise LookupError("a charge without its appointment")
    await lock_appointment(tx, appointment)
    charge = await lock_charge(tx, charge_id)
    if charge.paid_at is not None:
        return
    if seen.status == CheckoutStatus.EXPIRED:
        _expire(charge)
    elif (seen.minor, seen.currency, seen.charge_id) != (charge.minor, charge.currency, charge.id):
        charge.state, charge.payment = ChargeState.REFUSED, seen.payment
        charge.forget()
        log.error("payment does not fit its charge", kind=charge.provider)
    else:
        await _take(tx, charge, appointment, seen, now)


def _expire(charge: Charge) -> None:
    if charge.state == ChargeState.OPEN:
        charge.state = ChargeState.EXPIRED
        charge.forget()


async def _take(tx: Tx, charge: Charge, appointment: Appointment, seen: CheckoutSeen, now: datetime) -> None:
    """Enter the payment, and give the patient their time or their money."""
    other = await standing_charge(tx, appointment.id)
    charge.state = ChargeState.PAID if other in {None, charge} else ChargeState.REFUSED
    charge.payment, charge.paid_at = seen.payment, now
    enter(tx, charge, ledger.payment(charge.minor, charge.fee_minor), now)
    await tx.flush()
    promised = charge.state == ChargeState.PAID and await _promise(tx, charge, appointment, now)
    await tx.emit(ChargePaid(charge.id))
    charge.forget()
    if not promised:
        await refund_whole(tx, charge, Reason.LATE_PAYMENT, now)


async def _promise(tx: Tx, charge: Charge, appointment: Appointment, now: datetime) -> bool:
    """Confirm the appointment if its time can still be had, and tell whether it is."""
    if appointment.state not in {AppointmentState.HELD, AppointmentState.EXPIRED} or charge.name is None:
        return False
    try:
        await hold_again(tx, appointment, now + HOLD_FOR_PAYMENT, now)
    except (JustTaken, Conflict):
        return False
    try:
        await confirm(tx, appointment, Details(charge.name, charge.mobile, charge.email, charge.person_id), now)
    except Restricted:
        await cancel(tx, appointment, Party.PRACTICE, now)
        return False
    return True


async def settle_cancelled(tx: Tx, fact: AppointmentCancelled, now: datetime) -> None:
    """Give back what the service promised for a cancellation; what the bank has in dispute stays with it."""
    appointment = await find_appointment(tx, fact.appointment_id)
    if appointment is None or appointment.cancelled_at is None:
        return
    charge = await standing_charge(tx, appointment.id)
    if charge is None or charge.disputed_at is not None:
        return
    by = Party(appointment.cancelled_by or Party.PRACTICE)
    reason = Reason.PRACTICE if by == Party.PRACTICE else Reason.CANCELLED
    await refund_of(tx, appointment.id, back_percent(appointment, by, appointment.cancelled_at), reason, None, now)


async def end_checkout(tx: Tx, fact: HoldEnded, now: datetime) -> None:
    """Let nobody pay for a time that is free again."""
    charge = await standing_charge(tx, fact.appointment_id)
    if charge is not None and charge.state == ChargeState.OPEN:
        expire_later(tx, charge, now)


def expire_later(tx: Tx, charge: Charge, now: datetime) -> None:
    """Ask the provider after the commit to let nobody pay a charge any more."""
    add_errand(tx, EXPIRE, charge.id, f"{EXPIRE}:{new_id()}", now)
