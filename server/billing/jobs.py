"""What happens to money by itself: errands that ask the provider, and a sweep for what nobody told us."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from server.billing.actions import EXPIRE
from server.billing.doors import lock_charge
from server.billing.events import ChargePaid, RefundDone
from server.billing.issuing import issue_credit_note, issue_receipt
from server.billing.model import Charge, ChargeState, Refund, RefundState
from server.billing.papers import BillingDocument, DocumentKind, Seller
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
    """Look every minute, for as long as this process runs, for payments that nobody told us of; once for documents that are missing."""
    older = True
    while True:
        older = older and await issue_missing(house) == AT_ONCE
        await settle_open(house)
        await asyncio.sleep(SWEEP_EVERY_S)


async def issue_missing(house: House) -> int:
    """Issue receipts and credit notes of money that moved before this server wrote any, the oldest first; returns how many there were.

    Nobody is written to. What belongs to a practice that has not said yet what its receipts say waits for the start after it has.
    """
    told = Charge.practice_id.in_(select(Seller.practice_id))
    charges = select(Charge.id).where(told, Charge.paid_at.is_not(None), ~_issued(Charge.id, DocumentKind.RECEIPT))
    done = (Refund.state == RefundState.DONE) & ~_issued(Refund.id, DocumentKind.CREDIT_NOTE)
    refunds = select(Refund.id).join(Charge, Charge.id == Refund.charge_id).where(told, done)
    async with house.database.read() as tx:
        paid = await tx.scalars(charges.order_by(Charge.paid_at, Charge.id).limit(AT_ONCE))
        facts: list[ChargePaid | RefundDone] = [ChargePaid(one) for one in paid]
        facts += [RefundDone(one) for one in await tx.scalars(refunds.order_by(Refund.settled_at, Refund.id).limit(AT_ONCE))]
    for fact in facts[:AT_ONCE]:
        await try_to(_issue(house, fact))
    return len(facts[:AT_ONCE])


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


async def _issue(house: House, fact: ChargePaid | RefundDone) -> None:
    async with house.database.write() as tx:
        if isinstance(fact, ChargePaid):
            await lock_charge(tx, fact.charge_id)
            await issue_receipt(tx, fact, house.clock.now())
        else:
            refund = await tx.get_one(Refund, fact.refund_id)
            await lock_charge(tx, refund.charge_id)
            await tx.refresh(refund)
            if refund.state == RefundState.DONE:  # it may have failed after all, while others were written
                await issue_credit_note(tx, fact, house.clock.now())


def _issued(about: InstrumentedAttribute[UUID], kind: DocumentKind) -> ColumnElement[bool]:
    return select(BillingDocument.id).where(BillingDocument.about_id == about, BillingDocument.kind == kind).exists()
