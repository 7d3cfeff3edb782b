"""Asks the provider, outside of any transaction, and applies what it says; every question may be asked twice without harm."""

from collections.abc import Awaitable
from uuid import UUID

import structlog

from server.billing.actions import apply_checkout, note_checkout
from server.billing.model import Charge, ChargeState, Refund, RefundState
from server.billing.refunds import apply_refund
from server.core.house import House
from server.ports import CheckoutAsk, CheckoutSeen, PaymentRefused, Payments, RefundAsk, RefundSeen, RefundStatus

log = structlog.get_logger(__name__)


class NoProvider(Exception):
    """The provider of a charge is not the one that is set up: somebody must set it up again."""


async def open_checkout(house: House, charge_id: UUID) -> None:
    """Open the page on which a charge is paid, unless it is open already. Whatever it raises is worth another attempt."""
    charge = await _charge(house, charge_id)
    if charge.state != ChargeState.OPEN or charge.checkout_id is not None:
        return
    try:
        checkout = await _provider(house, charge).open_checkout(_ask(charge))
    except PaymentRefused as error:
        log.warning("checkout refused", code=error.code)
        checkout = None
    async with house.database.write() as tx:
        await note_checkout(tx, charge_id, checkout, house.clock.now())


async def look(house: House, charge_id: UUID) -> None:
    """Ask whether a charge was paid meanwhile."""
    charge = await _charge(house, charge_id)
    if charge.state == ChargeState.OPEN and charge.checkout_id is not None:
        await _apply(house, charge, await _provider(house, charge).find_checkout(charge.account, charge.checkout_id))


async def expire(house: House, charge_id: UUID) -> None:
    """Let nobody pay a charge any more, or take the payment that was made meanwhile.

    A page that was asked for and never answered for is asked for once more: only who knows its name can close it.
    """
    await open_checkout(house, charge_id)
    charge = await _charge(house, charge_id)
    if charge.state == ChargeState.OPEN and charge.checkout_id is not None:
        await _apply(house, charge, await _provider(house, charge).expire_checkout(charge.account, charge.checkout_id))


async def perform_refund(house: House, refund_id: UUID) -> None:
    """Give money back, or ask what became of it."""
    async with house.database.read() as tx:
        refund = await tx.get_one(Refund, refund_id)
        charge = await tx.get_one(Charge, refund.charge_id)
    if refund.state not in {RefundState.REQUESTED, RefundState.PENDING}:
        return
    try:
        seen = await _refunded(_provider(house, charge), charge, refund)
    except PaymentRefused as error:
        log.warning("refund refused", code=error.code)
        seen = RefundSeen(refund.provider_ref or "", RefundStatus.FAILED)
    async with house.database.write() as tx:
        await apply_refund(tx, refund_id, seen, house.clock.now())


async def _refunded(payments: Payments, charge: Charge, refund: Refund) -> RefundSeen:
    if refund.provider_ref is not None:
        return await payments.find_refund(charge.account, refund.provider_ref)
    return await payments.refund(RefundAsk(refund.id, charge.account, charge.payment or "", refund.minor, refund.with_fee))


async def try_to(work: Awaitable[None]) -> bool:
    """Tell whether it could be done; what a provider does not answer for now is asked again later."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - whatever a provider's client raises
        log.warning("provider not asked", error=type(error).__name__)
        return False
    return True


async def _charge(house: House, charge_id: UUID) -> Charge:
    async with house.database.read() as tx:
        return await tx.get_one(Charge, charge_id)


async def _apply(house: House, charge: Charge, seen: CheckoutSeen) -> None:
    async with house.database.write() as tx:
        await apply_checkout(tx, charge.id, seen, house.clock.now())


def _provider(house: House, charge: Charge) -> Payments:
    if house.payments is None or house.payments.name != charge.provider:
        raise NoProvider
    return house.payments


def _ask(charge: Charge) -> CheckoutAsk:
    """Say the same each time: the provider takes a key once, with one question."""
    back = f"{charge.origin}/book/held/{charge.appointment_id}"
    return CheckoutAsk(
        charge_id=charge.id,
        account=charge.account,
        minor=charge.minor,
        currency=charge.currency,
        fee_minor=charge.fee_minor,
        title=charge.title,
        email=charge.email,
        success_url=f"{back}/paid",
        cancel_url=f"{back}/pay",
        expires_at=charge.expires_at,
    )
