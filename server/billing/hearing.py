"""What a provider tells by itself: it may come twice, late, in any order, or never. So it only says where to look.

The provider is asked how the thing stands now, outside of any transaction; then the event's id and its effect are stored in one.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError

from server.billing.actions import apply_checkout, note_merchant
from server.billing.disputes import apply_dispute
from server.billing.model import KIND_LENGTH, Charge, MerchantAccount, ProviderEvent, Refund
from server.billing.refunds import apply_refund
from server.core.db import Tx
from server.core.house import House
from server.ports import MerchantSeen, PaymentRefused, Payments, Told

log = structlog.get_logger(__name__)

Effect = Callable[[Tx], Awaitable[None]]
CHECKOUT, REFUND, REFUND_OF_OLD, DISPUTE = "checkout.session.", "refund.", "charge.refund.", "charge.dispute."
MERCHANT, GONE = "account.updated", "account.application.deauthorized"


async def hear(house: House, payments: Payments, told: Told) -> None:
    """Let what was told have its effect, once. Raises what the provider's client raises: then it is to be told again."""
    if await _heard(house, told.id):
        return
    effect = await _effect(house, payments, told)
    try:
        async with house.database.write() as tx:
            tx.add(_event(told, house.clock.now(), applied=effect is not None))
            await tx.flush()
            if effect is not None:
                await effect(tx)
    except IntegrityError:
        if not await _heard(house, told.id):
            raise


def _event(told: Told, now: datetime, *, applied: bool) -> ProviderEvent:
    kind, applied_at = told.kind[:KIND_LENGTH], now if applied else None
    return ProviderEvent(id=told.id, kind=kind, account=told.account, received_at=now, applied_at=applied_at)


async def _heard(house: House, event_id: str) -> bool:
    """Whether the same was told before, or at the same moment by another line, and has had its effect."""
    async with house.database.read() as tx:
        return await tx.get(ProviderEvent, event_id) is not None


async def _effect(house: House, payments: Payments, told: Told) -> Effect | None:
    """Return what is to be stored; None where it concerns nothing of ours, or where one account speaks about another's money."""
    if told.account is None:
        return None
    if told.kind in {MERCHANT, GONE}:
        return await _merchant(house, payments, told, told.account)
    try:
        if told.kind.startswith(CHECKOUT):
            return await _checkout(house, payments, told, told.account)
        if told.kind.startswith((REFUND, REFUND_OF_OLD)):
            return await _refund(house, payments, told, told.account)
        if told.kind.startswith(DISPUTE):
            return await _dispute(house, payments, told, told.account)
    except PaymentRefused as error:
        log.warning("provider knows nothing of what it told", code=error.code)
    return None


async def _checkout(house: House, payments: Payments, told: Told, account: str) -> Effect | None:
    charge = await _charge(house, Charge.id == told.charge_id, account)
    if charge is None:
        return None
    seen = await payments.find_checkout(account, charge.checkout_id or told.object_id)  # it may be paid before we have noted its name
    return lambda tx: apply_checkout(tx, charge.id, seen, house.clock.now())


async def _refund(house: House, payments: Payments, told: Told, account: str) -> Effect | None:
    async with house.database.read() as tx:
        refund = await tx.get(Refund, told.refund_id) if told.refund_id else None
    if refund is None or await _charge(house, Charge.id == refund.charge_id, account) is None:
        return None
    seen = await payments.find_refund(account, refund.provider_ref or told.object_id)
    return lambda tx: apply_refund(tx, refund.id, seen, house.clock.now())


async def _dispute(house: House, payments: Payments, told: Told, account: str) -> Effect | None:
    seen = await payments.find_dispute(account, told.object_id)
    charge = await _charge(house, Charge.payment == seen.payment, account)
    return None if charge is None else lambda tx: apply_dispute(tx, charge, seen, house.clock.now())


async def _merchant(house: House, payments: Payments, told: Told, account: str) -> Effect | None:
    """An account that has turned away from the platform cannot be asked about any more: it is not ready, whatever it was."""
    async with house.database.read() as tx:
        merchant = await tx.scalar(select(MerchantAccount).where(MerchantAccount.account == account))
    if merchant is None or merchant.provider != payments.name:
        return None
    seen = MerchantSeen(account, ready=False, wanting=())
    if told.kind != GONE:
        with suppress(PaymentRefused):
            seen = await payments.find_merchant(account)
    return lambda tx: note_merchant(tx, merchant.professional_id, payments.name, seen, house.clock.now())


async def _charge(house: House, which: ColumnElement[bool], account: str) -> Charge | None:
    """Return a charge that this account was paid; a charge of another's is none."""
    async with house.database.read() as tx:
        return await tx.scalar(select(Charge).where(which, Charge.account == account))
