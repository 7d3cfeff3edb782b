"""Reads the audit of a practice for whoever looks after it: newest first, filtered, a page at a time."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from server.access.model import Practice
from server.access.viewer import working_here
from server.core.audit import FIELDS, Act, AuditEntry, Entry
from server.core.db import Tx
from server.patients.forwards import with_merged

PAGE_OF = 50
MOST_TAKEN = 50_000  # entries in one extract: a hundred a working day for two years


class Filter(NamedTuple):
    """Which entries are wanted; None leaves a field open. `before` is the number that the page stands before."""

    person_id: UUID | None = None
    patient_id: UUID | None = None
    act: Act | None = None
    day: date | None = None
    before: int | None = None


async def entries_of(tx: Tx, practice: Practice, wanted: Filter) -> list[AuditEntry]:
    """Return at most `PAGE_OF` entries and one more, which tells that there is another page."""
    query = select(AuditEntry).where(AuditEntry.practice_id == practice.id)
    if wanted.person_id:
        here = await working_here(tx, practice.id, {wanted.person_id})
        query = query.where(AuditEntry.person_id.in_(here))
    if wanted.patient_id:
        query = query.where(AuditEntry.patient_id.in_(await with_merged(tx, [wanted.patient_id])))
    if wanted.act:
        query = query.where(AuditEntry.act == wanted.act)
    if wanted.day:
        begins, ends = day_in(practice.time_zone, wanted.day)
        query = query.where(AuditEntry.at >= begins, AuditEntry.at < ends)
    if wanted.before:
        query = query.where(AuditEntry.number < wanted.before)
    return list(await tx.scalars(query.order_by(AuditEntry.number.desc()).limit(PAGE_OF + 1)))


async def entries_between(tx: Tx, practice: Practice, first: date, last: date, person_id: UUID | None) -> list[Entry]:
    """Return the entries from one day to another, both inside, the oldest first; more than `MOST_TAKEN` only tell that there are more."""
    begins, ends = day_in(practice.time_zone, first)[0], day_in(practice.time_zone, last)[1]
    query = select(*FIELDS).where(AuditEntry.practice_id == practice.id, AuditEntry.at >= begins, AuditEntry.at < ends)
    if person_id:
        query = query.where(AuditEntry.person_id == person_id)
    rows = await tx.execute(query.order_by(AuditEntry.number).limit(MOST_TAKEN + 1))
    return [Entry._make(row) for row in rows]


def day_in(zone: str, day: date) -> tuple[datetime, datetime]:
    """Return the beginning and the end of a day of the calendar on the wall."""
    begins = datetime.combine(day, time(), ZoneInfo(zone))
    return begins, datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
