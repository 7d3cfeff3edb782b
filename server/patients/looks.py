"""Who looked at a record, changed it or took something out of it, as the patient reads it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.viewer import names_of
from server.core.audit import AuditEntry
from server.core.db import Tx
from server.patients.doors import OwnRecord
from server.patients.forwards import with_merged

PER_PAGE = 50


@dataclass(frozen=True)
class Look:
    """One entry; `name` is None where nobody knows it any more. `thing` and `act` are codes, `reason` what they wrote about it.

    `acting`: they did it for the patient."""

    at: datetime
    name: str | None
    own: bool
    act: str
    thing: str
    reason: str | None
    acting: bool = False


@dataclass(frozen=True)
class Looks:
    """A page of entries, newest first; the older ones are those before the number `older`, None on the last page."""

    entries: list[Look]
    older: int | None


async def looks_at(tx: Tx, record: OwnRecord, person_id: UUID, before: int | None) -> Looks:
    """Return a page of what was done about a record, all of it or what stands before the number `before`; `person_id` is the reader."""
    query = select(AuditEntry).where(AuditEntry.patient_id.in_(await with_merged(tx, [record.patient.id])))
    if before is not None:
        query = query.where(AuditEntry.number < before)
    found = list(await tx.scalars(query.order_by(AuditEntry.number.desc()).limit(PER_PAGE + 1)))
    shown = found[:PER_PAGE]
    names = await names_of(tx, {entry.person_id for entry in shown if entry.person_id}, record.practice.id)
    looks = [_look(entry, names, person_id) for entry in shown]
    return Looks(looks, shown[-1].number if len(found) > PER_PAGE else None)


def _look(entry: AuditEntry, names: dict[UUID, str], reader_id: UUID) -> Look:
    name = names.get(entry.person_id) if entry.person_id else None
    return Look(entry.at, name, entry.person_id == reader_id, entry.act, entry.thing, entry.reason, entry.representation_id is not None)
