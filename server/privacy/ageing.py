"""Rows that go by their own age, many at once and a bounded number in one transaction: names on documents, messages, letters, logins."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, func, or_, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.orm import InstrumentedAttribute, aliased

from server.access.restrictions import restricted_patients
from server.billing.holdings import CHARGES, DOCUMENTS
from server.booking.model import Appointment
from server.consultation.model import Consultation
from server.core.db import Tx
from server.core.holdings import BLANK_NAME
from server.identity.holdings import LOGINS
from server.identity.model import LoginSession
from server.messaging.holdings import DELIVERIES, REMINDERS
from server.patients.legal_holds import held_patients
from server.patients.model import Patient
from server.privacy.letter_rows import Letter
from server.privacy.letter_words import OPEN, Kind
from server.privacy.retention import Rules, add_months, months_before, tax_before, tax_until

BATCH = 200


class Ageing(NamedTuple):
    """Rows of one table that belong to a practice, counted as `name`. Without `blanks` they are deleted.

    `before` says for a day which rows are due, by the day on which they began; `until` the last day of such a row.
    """

    name: str
    table: Table
    at: ColumnElement[datetime]
    which: ColumnElement[bool]
    before: Callable[[Rules, date], date]
    until: Callable[[Rules, date], date]
    blanks: Mapping[str, object] | None = None


def by_months(months: Callable[[Rules], int]) -> tuple[Callable[[Rules, date], date], Callable[[Rules, date], date]]:
    """Return `before` and `until` of what is kept for so many months."""
    return lambda rules, today: months_before(today, months(rules)), lambda rules, day: add_months(day, months(rules))


def money_of(practice_id: UUID, now: datetime) -> list[Ageing]:
    """The sums stay for the books; who paid goes once tax law asks for it no longer."""
    papers, charges = DOCUMENTS.table.c, CHARGES.table.c
    known = [charges[column].is_not(None) for column in CHARGES.blanks]
    return [
        Ageing(
            "money", DOCUMENTS.table, papers.issued_at,
            (papers.practice_id == practice_id) & (papers.buyer_name != BLANK_NAME) & ~_of_kept(papers.appointment_id, now),
            tax_before, tax_until, {"buyer_name": BLANK_NAME},
        ),
        Ageing(
            "money", CHARGES.table, charges.created_at,
            (charges.practice_id == practice_id) & or_(*known) & ~_of_kept(charges.appointment_id, now),
            tax_before, tax_until, CHARGES.blanks,
        ),
    ]  # fmt: skip


def messages_of(practice_id: UUID, now: datetime) -> list[Ageing]:
    sent, due = DELIVERIES.table.c, REMINDERS.table.c
    kept = sent.consultation_id.in_(select(Consultation.id).where(_is_kept(Consultation.patient_id, now)))
    mine = due.appointment_id.in_(select(Appointment.id).where(Appointment.practice_id == practice_id))
    named = due.id.in_(select(sent.reminder_id).where(sent.reminder_id.is_not(None)))
    months = by_months(lambda rules: rules.message_months)
    return [
        Ageing(
            "messages", DELIVERIES.table, sent.created_at,
            and_(sent.practice_id == practice_id, sent.settled_at.is_not(None), or_(sent.consultation_id.is_(None), ~kept)), *months,
        ),
        Ageing(
            "messages", REMINDERS.table, due.due_at,
            and_(mine, due.settled_at.is_not(None), ~named, ~_of_kept(due.appointment_id, now)), *months,
        ),
    ]  # fmt: skip


def letters_of(practice_id: UUID, now: datetime) -> list[Ageing]:
    """What is neither answered nor closed stays. A complaint is kept as long as a record: a claim may follow it."""
    del now  # no record keeps them
    table = Letter.metadata.tables[Letter.__tablename__]
    settled = func.coalesce(table.c.closed_at, table.c.answered_at)
    mine = (table.c.practice_id == practice_id) & table.c.state.not_in(OPEN)
    complaint = table.c.kind == Kind.COMPLAINT
    return [
        Ageing("letters", table, settled, mine & ~complaint, *by_months(lambda rules: 12 * rules.letter_years)),
        Ageing("letters", table, settled, mine & complaint, *by_months(lambda rules: 12 * rules.contract_years)),
    ]


def logins_of(practice_id: UUID, now: datetime) -> list[Ageing]:
    """Each person's newest one stays while they have their account: it says when that was used."""
    del practice_id  # logins belong to the server
    later, mine = aliased(LoginSession), LOGINS.table.c
    newer = select(later.id).where(later.person_id == mine.person_id, later.seen_at > mine.seen_at).exists()
    kept = mine.person_id.in_(select(Patient.person_id).where(_is_kept(Patient.id, now), Patient.person_id.is_not(None)))
    return [Ageing("logins", LOGINS.table, mine.seen_at, newer & ~kept, *by_months(lambda rules: rules.login_months))]


CLASSES: Mapping[str, Callable[[UUID, datetime], Sequence[Ageing]]] = {
    "money": money_of, "messages": messages_of, "letters": letters_of, "logins": logins_of,
}  # fmt: skip


def _of_kept(appointment_id: ColumnElement[Any], now: datetime) -> ColumnElement[bool]:
    return appointment_id.in_(select(Appointment.id).where(_is_kept(Appointment.patient_id, now)))


def _is_kept(patient_id: ColumnElement[Any] | InstrumentedAttribute[Any], now: datetime) -> ColumnElement[bool]:
    """Whether a record is held or restricted, and nothing of it may go."""
    return or_(patient_id.in_(held_patients()), patient_id.in_(restricted_patients(now)))


async def sweep(tx: Tx, ageing: Ageing, before: datetime) -> int:
    """Let a batch of what is older go; returns how many rows there were."""
    key = ageing.table.primary_key.columns[0]
    old = select(key).where(ageing.which, ageing.at < before).order_by(ageing.at).limit(BATCH)
    found = list(await tx.scalars(old.with_for_update(skip_locked=True, of=ageing.table)))
    these = key.in_(found)
    gone = delete_from(ageing.table).where(these) if ageing.blanks is None else update(ageing.table).where(these).values(**ageing.blanks)
    await tx.execute(gone)
    return len(found)


async def count_before(tx: Tx, ageing: Ageing, before: datetime) -> int:
    return await tx.scalar(select(func.count()).select_from(ageing.table).where(ageing.which, ageing.at < before)) or 0


async def first_day(tx: Tx, ageing: Ageing, rules: Rules, day_of: Callable[[datetime], date]) -> date | None:
    """Return the next day on which one of these rows may go; None where there is none."""
    oldest = await tx.scalar(select(func.min(ageing.at)).where(ageing.which))
    return None if oldest is None else ageing.until(rules, day_of(oldest)) + timedelta(days=1)
