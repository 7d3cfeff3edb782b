"""Reads the audit of a practice for whoever looks after it: newest first, filtered, a page at a time."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from server.access.model import Practice
from server.access.viewer import working_here
from server.core.audit import Act, AuditEntry
from server.core.db import Tx

PAGE_OF = 50


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
        query = query.where(AuditEntry.patient_id == wanted.patient_id)
    if wanted.act:
        query = query.where(AuditEntry.act == wanted.act)
    if wanted.day:
        begins, ends = day_in(practice.time_zone, wanted.day)
        query = query.where(AuditEntry.at >= begins, AuditEntry.at < ends)
    if wanted.before:
        query = query.where(AuditEntry.number < wanted.before)
    return list(await tx.scalars(query.order_by(AuditEntry.number.desc()).limit(PAGE_OF + 1)))


def day_in(zone: str, day: date) -> tuple[datetime, datetime]:
    """Return the beginning and the end of a day of the calendar on the wall."""
    begins = datetime.combine(day, time(), ZoneInfo(zone))
    return begins, datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
