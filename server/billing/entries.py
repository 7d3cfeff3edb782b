"""Adds entries to the ledger. Nothing else writes to it, and nothing changes what is written."""

from datetime import datetime
from uuid import UUID

from server.billing.ledger import Entry
from server.billing.model import Charge, LedgerLine
from server.core.db import Tx
from server.core.ids import new_id


def enter(tx: Tx, charge: Charge, entry: Entry, at: datetime, refund_id: UUID | None = None) -> None:
    """Add the lines of one entry, which sum to zero, about a charge or one of its refunds."""
    entry_id = new_id()
    tx.add_all(
        LedgerLine(
            id=new_id(),
            entry_id=entry_id,
            account=line.account,
            professional_id=charge.professional_id,
            practice_id=charge.practice_id,
            charge_id=charge.id,
            refund_id=refund_id,
            minor=line.minor,
            currency=charge.currency,
            at=at,
        )
        for line in entry
    )
