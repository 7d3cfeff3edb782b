"""Money that goes back, inside the caller's transaction: asked for here, performed by an errand, settled by what the provider says."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from server.billing import ledger
from server.billing.doors import left_of, lock_charge, money_of
from server.billing.entries import enter
from server.billing.events import RefundDone, RefundUndone
from server.billing.model import Charge, ChargeState, Reason, Refund, RefundState
from server.core.db import Tx
from server.core.ids import new_id
from server.core.marking import _
from server.core.money import share_of
from server.core.outbox import add_errand
from server.errors import Conflict, Invalid
from server.ports import RefundSeen, RefundStatus

REFUND = "refund"
MAX_WHY = 200
NOT_PAID = _("Nothing was paid here that could be given back.")
DISPUTED = _("The payment is disputed at the bank. Until that is settled nothing can be given back here.")
TOO_MUCH = _("That is more than what is left of the payment.")
NOTHING = _("Please write an amount of more than nothing.")
ALL_BACK = _("Everything that was paid has been given back already.")
CHANGED = _("Something has happened to this payment since you opened the page. Please look at what is left, and decide again.")
NO_WHY = _("Please say why, in 3 to 200 letters.")


class Wish(NamedTuple):
    """What somebody asks to give back by hand. `id` was made with the form, `left_minor` is what was left when they saw it."""

    id: UUID
    minor: int
    left_minor: int
    why: str
    asked_by: UUID


async def request_refund(  # noqa: PLR0913 - each is a part of what is decided
    tx: Tx, charge: Charge, minor: int, *, with_fee: bool, reason: Reason, asked_by: UUID | None, now: datetime, by_hand: Wish | None = None
) -> Refund:
    """Ask for money to be given back after the commit. `with_fee`: the platform gives up its fee in proportion.

    Raises `Invalid` with the code `amount`, and `Conflict`: `not_paid`, `disputed`, `too_much`.
    """
    charge = await lock_charge(tx, charge.id)
    if charge.payment is None or charge.paid_at is None:
        raise Conflict(NOT_PAID, code="not_paid")
    if charge.disputed_at is not None:
        raise Conflict(DISPUTED, code="disputed")
    if minor <= 0:
        raise Invalid(NOTHING, code="amount")
    if minor > await left_of(tx, charge):
        raise Conflict(TOO_MUCH, code="too_much")
    refund = Refund(
        id=by_hand.id if by_hand else new_id(),
        charge_id=charge.id,
        minor=minor,
        with_fee=with_fee,
        reason=reason,
        asked_by=asked_by,
        why=by_hand.why if by_hand else "",
        state=RefundState.REQUESTED,
        provider_ref=None,
        requested_at=now,
        settled_at=None,
    )
    tx.add(refund)
    add_errand(tx, REFUND, refund.id, f"{REFUND}:{refund.id}", now)
    await tx.flush()
    return refund


async def refund_by_hand(tx: Tx, charge: Charge, wish: Wish, now: datetime) -> Refund:
    """Give back what a professional decided, with the platform's fee in proportion; the same form sent twice gives back once.

    The charge is locked. Raises `Invalid` with the codes `amount` and `why`, and `Conflict` as `request_refund` does, or `stale` for a
    form that shows what was before.
    """
    before = await tx.get(Refund, wish.id)
    if before is not None and before.charge_id == charge.id:
        return before
    left = await left_of(tx, charge)
    if left == 0 and charge.paid_at is not None:
        raise Conflict(ALL_BACK, code="all_back")
    if before is not None or left != wish.left_minor:
        raise Conflict(CHANGED, code="stale")
    if not 3 <= len(wish.why) <= MAX_WHY:
        raise Invalid(NO_WHY, code="why")
    return await request_refund(
        tx, charge, wish.minor, with_fee=True, reason=Reason.GOODWILL, asked_by=wish.asked_by, now=now, by_hand=wish
    )


async def apply_refund(tx: Tx, refund_id: UUID, seen: RefundSeen, now: datetime) -> None:
    """Store what the provider says of a refund, however often it says so; one that was done may still fail later, never the other way."""
    refund = await tx.get_one(Refund, refund_id)
    charge = await lock_charge(tx, refund.charge_id)
    await tx.refresh(refund, with_for_update=True)
    refund.provider_ref = seen.id or refund.provider_ref
    became = {RefundStatus.DONE: RefundState.DONE, RefundStatus.FAILED: RefundState.FAILED, RefundStatus.PENDING: RefundState.PENDING}
    before, after = refund.state, became[seen.status]
    if before in {after, RefundState.FAILED} or (before == RefundState.DONE and after == RefundState.PENDING):
        return
    refund.state, refund.settled_at = after, None if after == RefundState.PENDING else now
    entry = ledger.refund(refund.minor, ledger.fee_share(charge.fee_minor, refund.minor, charge.minor) if refund.with_fee else 0)
    if after == RefundState.DONE:
        enter(tx, charge, entry, now, refund.id)
    elif before == RefundState.DONE:
        enter(tx, charge, ledger.turned(entry), now, refund.id)
    await tx.flush()
    if after == RefundState.DONE:
        await tx.emit(RefundDone(refund.id))
    elif before == RefundState.DONE:
        await tx.emit(RefundUndone(refund.id))


async def refund_of(  # noqa: PLR0913, PLR0917 - each is a part of what is to be known about it
    tx: Tx, appointment_id: UUID, percent: int, reason: Reason, asked_by: UUID | None, now: datetime
) -> Refund | None:
    """Give so many percent of what was paid for an appointment back, with the platform's fee; None where there is nothing to give.

    What is kept is rounded, as it was promised. What has gone back already counts: in the end it is at least so many percent.
    Raises `Conflict` with the code `disputed`.
    """
    money = await money_of(tx, appointment_id)
    if money is None:
        return None
    charge = await lock_charge(tx, money.charge.id)
    given = charge.minor - await left_of(tx, charge)
    minor = charge.minor - share_of(charge.minor, 100 - percent) - given
    return await request_refund(tx, charge, minor, with_fee=True, reason=reason, asked_by=asked_by, now=now) if minor > 0 else None


async def refund_whole(tx: Tx, charge: Charge, reason: Reason, now: datetime) -> Refund | None:
    """Give everything back that has not gone back; None where nothing is left, or where the bank has it."""
    left = await left_of(tx, charge)
    if left <= 0 or charge.disputed_at is not None or charge.state not in {ChargeState.PAID, ChargeState.REFUSED}:
        return None
    return await request_refund(tx, charge, left, with_fee=True, reason=reason, asked_by=None, now=now)
