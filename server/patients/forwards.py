"""Which records were merged into which: the audit, whose entries are never changed, and old links follow it.

And nothing new comes into a record that was merged, whichever code would write it: an open page or a call may know the old id still.
"""

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import InstanceState, Mapper, Session

from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict
from server.patients.merge_rows import RecordMerge
from server.patients.model import Patient

MERGED = _("This record was merged with another one of the same person in the meantime. Please open that one.")
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


@event.listens_for(Session, "before_flush")
def _refuse_merged(session: Session, _context: object, _objects: object) -> None:
    """Let no row name a record that was merged; a merge that is not committed yet is waited for. Raises `Conflict`."""
    named = {record_id for row in (*session.new, *session.dirty) for record_id in _named_anew(row)}
    if not named:
        return
    with session.no_autoflush:
        session.execute(select(Patient.id).where(Patient.id.in_(named)).with_for_update(read=True, key_share=True))
        merged = session.scalar(select(RecordMerge.id).where(RecordMerge.other_id.in_(named), STANDS).limit(1))
    if merged is not None:
        raise Conflict(MERGED, code="merged")


def _named_anew(row: object) -> Iterator[UUID]:
    """Yield the records that a row names since now."""
    state: InstanceState[Any] = inspect(row, raiseerr=True)
    for name in _naming(state.mapper):
        yield from (value for value in state.attrs[name].history.added or () if value is not None)


@cache
def _naming(mapper: Mapper[Any]) -> tuple[str, ...]:
    """Return the attributes of a table's class that name a record."""
    columns = ((one.key, column) for one in mapper.column_attrs for column in one.columns)
    return tuple(key for key, column in columns for foreign in column.foreign_keys if foreign.column.table.name == "patient")
