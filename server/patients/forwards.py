"""Which records were merged into which: the audit, whose entries are never changed, and old links follow it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from server.core.db import Tx
from server.patients.merge_rows import RecordMerge

STANDS = RecordMerge.undone_at.is_(None)


async def with_merged(tx: Tx, patient_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return these records and all that were merged into them, over however many others."""
    found = fresh = frozenset(patient_ids)
    while fresh:
        fresh = frozenset(await tx.scalars(select(RecordMerge.other_id).where(RecordMerge.kept_id.in_(fresh), STANDS))) - found
        found |= fresh
    return found


async def forwarded(tx: Tx, patient_id: UUID) -> UUID | None:
    """Return the record into which this one was merged in the end, None for one that was not."""
    found: UUID | None = None
    at: UUID | None = patient_id
    while at is not None:
        at = await tx.scalar(select(RecordMerge.kept_id).where(RecordMerge.other_id == at, STANDS))
        found = at or found
    return found
