"""Disputes, inside the caller's transaction: while the bank has the money in question, nothing of it can be given back here."""

from datetime import datetime

from sqlalchemy import select

from server.billing import ledger
from server.billing.doors import lock_charge
from server.billing.entries import enter
from server.billing.events import DisputeOpened
from server.billing.ledger import Entry
from server.billing.model import Charge, Dispute, DisputeState
from server.core.db import Tx
from server.core.ids import new_id
from server.ports import DisputeSeen


async def apply_dispute(tx: Tx, charge: Charge, seen: DisputeSeen, now: datetime) -> None:
    """Store what the provider says of a dispute, however often it says so. What is settled stays so; a lost one stays with the bank."""
    charge = await lock_charge(tx, charge.id)
    dispute = await tx.scalar(select(Dispute).where(Dispute.provider_ref == seen.id))
    if dispute is None:
        dispute = await _open(tx, charge, seen, now)
    dispute.answer_by = seen.answer_by
    after = DisputeState(seen.status)
    if dispute.state != DisputeState.OPEN or after == DisputeState.OPEN:
        return
    dispute.state, dispute.settled_at = after, now
    enter(tx, charge, _settled(after, dispute.minor), now)
    if after == DisputeState.WON:
        charge.disputed_at = None
    await tx.flush()


async def _open(tx: Tx, charge: Charge, seen: DisputeSeen, now: datetime) -> Dispute:
    dispute = Dispute(
        id=new_id(),
        charge_id=charge.id,
        provider_ref=seen.id,
        minor=seen.minor,
        currency=seen.currency,
        reason=seen.reason,
        state=DisputeState.OPEN,
        opened_at=now,
        answer_by=seen.answer_by,
        settled_at=None,
    )
    tx.add(dispute)
    charge.disputed_at = now
    enter(tx, charge, ledger.dispute_opened(seen.minor), now)
    await tx.flush()
    await tx.emit(DisputeOpened(dispute.id))
    return dispute


def _settled(state: DisputeState, minor: int) -> Entry:
    return ledger.dispute_won(minor) if state == DisputeState.WON else ledger.dispute_lost(minor)
