"""What happens to money by itself: errands that ask the provider, and a sweep for what nobody told us."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select

from server.billing.actions import EXPIRE
from server.billing.model import Charge, ChargeState, Refund, RefundState
from server.billing.refunds import REFUND
from server.billing.till import expire, look, perform_refund, try_to
from server.core.house import House

SWEEP_EVERY_S = 60.0
QUIET = timedelta(minutes=2)  # whoever pays is usually back by then
STUCK = timedelta(minutes=30)  # by then its errand has tried often enough
ASK_AGAIN = timedelta(hours=12)  # while a provider still knows a repeated question by its key
AT_ONCE = 200

Handler = Callable[[UUID], Awaitable[None]]


def handlers(house: House) -> Mapping[str, Handler]:
    """Return what runs the errands of money."""

    async def expired(charge_id: UUID) -> None:
        await expire(house, charge_id)

    async def refunded(refund_id: UUID) -> None:
        await perform_refund(house, refund_id)

    return {EXPIRE: expired, REFUND: refunded}


async def sweep_charges(house: House) -> None:
    """Look every minute, for as long as this process runs, for payments that nobody told us of."""
    while True:
        await settle_open(house)
        await asyncio.sleep(SWEEP_EVERY_S)


async def settle_open(house: House) -> int:
    """Ask the provider about what is open or pending; returns how many could not be asked about."""
    now = house.clock.now()
    open_charges = select(Charge.id, Charge.expires_at).where(Charge.state == ChargeState.OPEN, Charge.created_at <= now - QUIET)
    stuck = (Refund.state == RefundState.REQUESTED) & (Refund.requested_at <= now - STUCK) & (Refund.requested_at > now - ASK_AGAIN)
    waiting = select(Refund.id).where(or_(Refund.state == RefundState.PENDING, stuck))
    async with house.database.read() as tx:
        charges = (await tx.execute(open_charges.order_by(Charge.created_at).limit(AT_ONCE))).all()
        refunds = list(await tx.scalars(waiting.order_by(Refund.requested_at).limit(AT_ONCE)))
    failed = 0
    for charge_id, expires_at in charges:
        failed += not await try_to(expire(house, charge_id) if expires_at <= now else look(house, charge_id))
    for refund_id in refunds:
        failed += not await try_to(perform_refund(house, refund_id))
    return failed
