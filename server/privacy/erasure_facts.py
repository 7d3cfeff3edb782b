"""Gathers what a plan of an erasure rests on, and makes it: for the person, for the reviewer, and for the errand that does it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Table, exists, func, select

from server.access.holdings import PROFESSIONALS, STAFF
from server.access.model import Practice
from server.access.representation import Representation
from server.billing.holdings import CHARGES
from server.booking.holdings import APPOINTMENTS
from server.consultation.holdings import MEETINGS
from server.consultation.recording_holds import any_held
from server.core.db import Tx
from server.core.holdings import Class, Holding, Part, Root, Subject, count_of
from server.core.keyring import KeyRing
from server.notes.holdings import VERSIONS
from server.patients.background_doors import births_of
from server.patients.holdings import RECORD
from server.patients.legal_holds import held
from server.privacy.account_closing import named_in
from server.privacy.clinical_answers import said_about
from server.privacy.erasure_plan import Facts, Line, Said, Thing, Why, going, plan
from server.privacy.registry import HOLDINGS
from server.privacy.retention import Rules, add_years, child_until, tax_until
from server.privacy.retention_choices import rules_of
from server.privacy.retention_facts import Calendar, calendar_of, facts_of

RECORDS = "patients.record"  # once it goes, nobody is named any more


class Planned(NamedTuple):
    """A plan for one record; `subject` has the account, too, where it closes with the record."""

    subject: Subject
    lines: tuple[Line, ...]

    @property
    def shown(self) -> list[Line]:
        """Return what there is anything of."""
        return [line for line in self.lines if line.thing.rows]

    @property
    def held(self) -> bool:
        """Whether a hold, on the record or on a recording in it, keeps everything."""
        return any(line.why is Why.HOLD for line in self.lines)


def _of_record(part: Part) -> bool:
    """Whether its rows are found from a record, and not from an account alone."""
    return any(_of_record(link.to) if isinstance(link.to, Part) else link.to is Root.PATIENT for link in part.links)


OF_RECORDS = [holding for holding in HOLDINGS if any(_of_record(part) for part in holding.parts)]


async def plan_for(tx: Tx, keyring: KeyRing, patient_id: UUID, request_id: UUID | None, now: datetime) -> Planned:
    """Return what an erasure of a record would do now; without a request no professional has said anything yet.

    Whoever calls has the record from a door.
    """
    subject = Subject(None, frozenset({patient_id}))
    said = await said_about(tx, patient_id, request_id) if request_id else Said.NOTHING_YET
    facts = await _facts(tx, keyring, subject, said, now)
    lines = plan([await _thing(tx, holding, subject) for holding in OF_RECORDS], facts, now)
    closing = await closing_with(tx, patient_id) if RECORDS in going(lines) else None
    if closing is None:
        return Planned(subject, lines)
    whole, facts = Subject(closing, frozenset({patient_id})), facts._replace(named=await named_in(tx, closing))
    return Planned(whole, plan([await _thing(tx, holding, whole) for holding in HOLDINGS], facts, now))


def holdings_named(names: frozenset[str]) -> list[Holding]:
    """Return these holdings; a name of an older version that there is not any more is passed over."""
    return [holding for holding in HOLDINGS if holding.name in names]


async def _thing(tx: Tx, holding: Holding, subject: Subject) -> Thing:
    return Thing(holding.name, holding.kept_as.value, await count_of(tx, holding, subject))


async def _facts(tx: Tx, keyring: KeyRing, subject: Subject, said: Said, now: datetime) -> Facts:
    """Return what decides, by the rules of the practice; a child's years count where a note was signed."""
    practice = await _practice(tx, subject)
    rules, calendar = await rules_of(tx, practice, now) or Rules(), calendar_of(practice, now)
    last = await _last_days(tx, subject, calendar)
    days = {each: tax_until(rules, day) if each is Class.TAX else add_years(day, rules.contract_years) for each, day in last.items()}
    ids = list(subject.patient_ids) if Class.CLINICAL in last else []
    known = (await facts_of(tx, keyring, ids, calendar)).values() if ids else ()
    unreadable = bool((await births_of(tx, keyring, ids)).unreadable)
    birthdays = [day for day in (child_until(rules, each) for each in known) if day]
    held_back = await _is_held(tx, subject)
    until = {each.value: calendar.end_of(day) for each, day in days.items()}
    return Facts(until, held_back, said, calendar.end_of(max(birthdays)) if birthdays else None, unreadable)


async def _is_held(tx: Tx, subject: Subject) -> bool:
    """Whether a hold, on a record or on a recording in it, keeps everything."""
    return any([await held(tx, patient_id) for patient_id in subject.patient_ids]) or await any_held(tx, subject.patient_ids)


async def _last_days(tx: Tx, subject: Subject, calendar: Calendar) -> dict[Class, date]:
    """Return from which day on the years of each class count; a class of which there is nothing is not in it."""
    signed = await _newest(tx, VERSIONS, "made_at", subject)
    last = {
        Class.CONTRACT: await _newest(tx, APPOINTMENTS, "ends_at", subject),
        Class.TAX: await _newest(tx, CHARGES, "created_at", subject),
        Class.CLINICAL: await _last_seen(tx, signed, subject),
    }
    return {each: calendar.day(at) for each, at in last.items() if at}


async def _last_seen(tx: Tx, signed: datetime | None, subject: Subject) -> datetime | None:
    """Return from when clinical notes are kept: the last meeting, where anything was ever signed."""
    return signed and max(signed, await _newest(tx, MEETINGS, "scheduled_at", subject) or signed)


async def _newest(tx: Tx, part: Part, column: str, subject: Subject) -> datetime | None:
    newest: datetime | None = await tx.scalar(select(func.max(part.table.c[column])).where(part.found(subject)))
    return newest


async def _practice(tx: Tx, subject: Subject) -> Practice:
    here = select(RECORD.table.c.practice_id).where(RECORD.found(subject))
    return (await tx.scalars(select(Practice).where(Practice.id.in_(here)))).one()


async def closing_with(tx: Tx, patient_id: UUID) -> UUID | None:
    """Return the account that nothing is left for without this record: no other record, nobody to act for, and no work here, ever."""
    records = RECORD.table
    person_id: UUID | None = await tx.scalar(select(records.c.person_id).where(records.c.id == patient_id))
    if person_id is None:
        return None
    others = select(exists().where(records.c.person_id == person_id, records.c.id != patient_id))
    acts = select(exists().where(Representation.person_id == person_id, Representation.ended_at.is_(None)))
    if await tx.scalar(others) or await tx.scalar(acts) or await _works(tx, person_id, [PROFESSIONALS.table, STAFF.table]):
        return None
    return person_id


async def _works(tx: Tx, person_id: UUID, tables: Sequence[Table]) -> bool:
    return any([await tx.scalar(select(exists().where(table.c.person_id == person_id))) for table in tables])
