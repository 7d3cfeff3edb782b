"""Counts what happened, by month: rows of the database become figures without names, each behind its veil before it leaves this file.

Months and weeks are those of UTC for everybody: by the clock of a practice, whoever changes its zone would move the edges.
A month is shown once it is over, and its bounds never move: a period that slides by a day would give away whom the day added. No two
tables count the same people in parts that could be set against each other: `kinds` and `outcomes` share a total, and nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import fmean, median
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from server.access.restrictions import restricted_patients
from server.billing.months import Month
from server.booking.model import Appointment, AppointmentState, Party
from server.consultation.call_findings import DELAY_MS, JITTER_MS, LOST, STOOD_STILL_MS
from server.consultation.model import Consultation, ConsultationState, Participant, Role
from server.consultation.readings import KEPT_FOR
from server.consultation.records import Attendance, CallQuality, Feedback
from server.core.db import Tx
from server.messaging.model import Delivery, DeliveryStatus
from server.oversight.suppress import FEWEST, Cell, Row, alone, veiled

MONTHS = 12
WEEK = timedelta(days=7)
# The last part of a row that is not small hides the small ones: so the one that matters least stands last.
PARTS: Mapping[str, tuple[str, ...]] = {
    "kinds": ("booked", "planned"),
    "outcomes": ("completed", "absent", "unsuitable", "unsaid"),
    "cancellations": ("by_patient", "by_practice"),
    "bookings": ("within_day", "within_week", "within_month", "later"),
    "reminders": ("delivered", "sent", "failed", "not_sent", "silent"),
    "calls": ("well", "troubled"),
}
REMINDED = {
    DeliveryStatus.DELIVERED: "delivered", DeliveryStatus.SENT: "sent", DeliveryStatus.FAILED: "failed", DeliveryStatus.STOPPED: "failed",
    DeliveryStatus.NOT_SENT: "not_sent",
}  # fmt: skip

SETTLED = {AppointmentState.FULFILLED.value: "completed", AppointmentState.NO_SHOW.value: "absent"}  # where no professional said anything


@dataclass(frozen=True)
class Scope:
    """Whose figures: those of a practice, or with None of the whole server."""

    practice_id: UUID | None
    now: datetime

    @property
    def months(self) -> list[Month]:
        """Return the months that are over, the newest first."""
        today = self.now.astimezone(UTC)
        found = [Month(today.year, today.month).before]
        while len(found) < MONTHS:
            found.append(found[-1].before)
        return found

    def during(self, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """Return the condition for what lies in these months."""
        return (column >= self.months[-1].within("UTC")[0]) & (column < self.months[0].within("UTC")[1])

    def mine(self, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        return true() if self.practice_id is None else column == self.practice_id

    def used(self, patient_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """Return the condition for what is of no restricted record."""
        return or_(patient_id.is_(None), patient_id.not_in(restricted_patients(self.now)))


class Seen(NamedTuple):
    """What is counted once: in which period, as which part, and about whom; None is nobody."""

    first: date
    part: str
    patient_id: UUID | None


class Value(NamedTuple):
    """One of the numbers of which the middle is told, with whom it is about."""

    number: float
    patient_id: UUID | None


Values = Mapping[date, Sequence[Value]]


class Table(NamedTuple):
    """`rows` by the first day of their month or week, the newest first; their parts as `PARTS` names them."""

    name: str
    rows: Sequence[tuple[date, Row]]

    @property
    def columns(self) -> tuple[str, ...]:
        return PARTS[self.name]


class Middle(NamedTuple):
    """Of one month: the median wait and length in minutes, how many told how it felt, and their average from 1 to 5."""

    first: date
    waited_min: int | None
    lasted_min: int | None
    answers: Cell
    felt: float | None


class Figures(NamedTuple):
    tables: Sequence[Table]
    middles: Sequence[Middle]


async def figures_of(tx: Tx, scope: Scope) -> Figures:
    """Return all of them; whoever calls has seen that they are the viewer's to see."""
    held = [Held(*row) for row in await tx.execute(_consultations(scope))]
    counted = {
        "kinds": [Seen(month_at(one.at), "booked" if one.booked else "planned", one.patient_id) for one in held],
        "outcomes": [Seen(month_at(one.at), one.outcome, one.patient_id) for one in held],
        "cancellations": await _cancellations(tx, scope),
        "bookings": await _bookings(tx, scope),
        "reminders": await _reminders(tx, scope),
    }
    tables = [_table(name, seen, [month.first for month in scope.months]) for name, seen in counted.items()]
    return Figures([*tables, await _calls(tx, scope)], await _middles(tx, scope, held))


class Held(NamedTuple):
    """What is read of a consultation that was not called off, with what its appointment came to."""

    at: datetime
    patient_id: UUID
    said: str | None
    booked: bool
    settled: str | None
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def outcome(self) -> str:
        return str(self.said or SETTLED.get(self.settled or "", "unsaid"))

    @property
    def lasted_s(self) -> float | None:
        return None if self.started_at is None or self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


def month_at(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def _table(name: str, seen: Iterable[Seen], firsts: Iterable[date]) -> Table:
    found: dict[tuple[date, str], list[UUID | None]] = {}
    for one in seen:
        found.setdefault((one.first, one.part), []).append(one.patient_id)
    return Table(name, [(first, _row([found.get((first, part), []) for part in PARTS[name]])) for first in firsts])


def _row(parts: Sequence[Sequence[UUID | None]]) -> Row:
    """Return the row whose parts are about these."""
    people = [set(part) - {None} for part in parts]
    return veiled([len(part) for part in parts], [len(whom) for whom in people], len(set[UUID | None]().union(*people)))


def _consultations(scope: Scope) -> Select[*tuple[Any, ...]]:
    booked = Appointment.service_id.is_not(None)
    fields = (
        Consultation.scheduled_at,
        Consultation.patient_id,
        Consultation.outcome,
        booked,
        Appointment.state,
        Consultation.started_at,
        Consultation.ended_at,
    )
    joined = select(*fields).outerjoin(Appointment, Appointment.id == Consultation.appointment_id)
    stood = scope.mine(Consultation.practice_id) & scope.used(Consultation.patient_id) & (Consultation.state != ConsultationState.CANCELLED)
    return joined.where(stood, scope.during(Consultation.scheduled_at))


async def _cancellations(tx: Tx, scope: Scope) -> list[Seen]:
    """Count who called off appointments that were promised, in the month in which they would have been."""
    off = Appointment.confirmed_at.is_not(None) & (Appointment.state == AppointmentState.CANCELLED)
    mine = scope.mine(Appointment.practice_id) & scope.used(Appointment.patient_id) & off & scope.during(Appointment.begins_at)
    rows = await tx.execute(select(Appointment.begins_at, Appointment.cancelled_by, Appointment.patient_id).where(mine))
    return [Seen(month_at(at), "by_patient" if by == Party.PATIENT else "by_practice", whose) for at, by, whose in rows]


async def _bookings(tx: Tx, scope: Scope) -> list[Seen]:
    """Count how long before its time an appointment was booked, in the month of the booking."""
    made = scope.mine(Appointment.practice_id) & scope.used(Appointment.patient_id) & scope.during(Appointment.confirmed_at)
    rows = await tx.execute(select(Appointment.confirmed_at, Appointment.begins_at, Appointment.patient_id).where(made))
    return [Seen(month_at(at), _ahead((begins_at - at).days), whose) for at, begins_at, whose in rows if at]


def _ahead(days: int) -> str:
    return "within_day" if days < 1 else "within_week" if days < 7 else "within_month" if days < 28 else "later"


async def _reminders(tx: Tx, scope: Scope) -> list[Seen]:
    sent = scope.mine(Delivery.practice_id) & Delivery.reminder_id.is_not(None) & scope.during(Delivery.created_at)
    whose = select(Delivery.created_at, Delivery.status, Consultation.patient_id)
    rows = await tx.execute(
        whose.outerjoin(Consultation, Consultation.id == Delivery.consultation_id).where(sent, scope.used(Consultation.patient_id))
    )
    return [Seen(month_at(at), REMINDED.get(DeliveryStatus(status), "silent"), patient_id) for at, status, patient_id in rows]


async def _calls(tx: Tx, scope: Scope) -> Table:
    """Count who saw and heard well throughout, in the whole weeks of which every reading is still kept."""
    today = scope.now.astimezone(UTC).date()
    monday = today - timedelta(days=today.weekday())
    firsts = [monday - WEEK * number for number in range(1, (KEPT_FOR - WEEK) // WEEK + 1)]
    seen = [
        Seen(first, "troubled" if troubled else "well", patient_id)
        for first in firsts
        for troubled, patient_id in await tx.execute(_measured(scope, first))
    ]
    return _table("calls", seen, firsts)


def _measured(scope: Scope, first: date) -> Select[Any, UUID]:
    """Select for each participant of a week how often they were not well; somebody on the seam of two weeks counts in both."""
    begins, ends = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, first + WEEK))
    bad = (
        (CallQuality.lost_in > LOST)
        | (CallQuality.jitter_ms > JITTER_MS)
        | (CallQuality.delay_ms > DELAY_MS)
        | (CallQuality.frozen_ms >= STOOD_STILL_MS)
    )
    places = select(func.sum(case((bad, 1), else_=0)), Consultation.patient_id).join(
        Participant, Participant.id == CallQuality.participant_id
    )
    here = places.join(Consultation, Consultation.id == Participant.consultation_id).where(scope.mine(Consultation.practice_id))
    here = here.where(scope.used(Consultation.patient_id))
    return here.where(CallQuality.at >= begins, CallQuality.at < ends).group_by(CallQuality.participant_id, Consultation.patient_id)


async def _middles(tx: Tx, scope: Scope, held: Sequence[Held]) -> list[Middle]:
    lasted: dict[date, list[Value]] = {}
    for one in held:
        if one.lasted_s is not None:
            lasted.setdefault(month_at(one.at), []).append(Value(one.lasted_s / 60, one.patient_id))
    waited, felt = await _waited(tx, scope), await _felt(tx, scope)
    return [_middle(month.first, waited, lasted, felt) for month in scope.months]


def _middle(first: date, waited: Values, lasted: Values, felt: Values) -> Middle:
    told = felt.get(first, [])
    average = round(fmean(one.number for one in told), 1) if _people(told) >= FEWEST else None
    return Middle(first, _median(waited.get(first, [])), _median(lasted.get(first, [])), alone(len(told), _people(told)), average)


def _median(values: Sequence[Value]) -> int | None:
    return round(median(one.number for one in values)) if _people(values) >= FEWEST else None


def _people(values: Sequence[Value]) -> int:
    return len({one.patient_id for one in values} - {None})


async def _waited(tx: Tx, scope: Scope) -> dict[date, list[Value]]:
    """Return the minutes from when a patient's page arrived until they were let in first."""
    came = func.min(Attendance.joined_at)
    places = select(Consultation.scheduled_at, Consultation.patient_id, Participant.admitted_at, came).join(
        Participant, Participant.consultation_id == Consultation.id
    )
    there = places.join(Attendance, Attendance.participant_id == Participant.id).where(Participant.role == Role.PATIENT)
    let_in = there.where(
        Participant.admitted_at.is_not(None),
        scope.mine(Consultation.practice_id),
        scope.used(Consultation.patient_id),
        scope.during(Consultation.scheduled_at),
    )
    each = let_in.group_by(Consultation.scheduled_at, Consultation.patient_id, Participant.id, Participant.admitted_at)
    found: dict[date, list[Value]] = {}
    for at, patient_id, admitted_at, came_at in await tx.execute(each):
        waited_s = (admitted_at - came_at).total_seconds() if admitted_at else 0.0
        found.setdefault(month_at(at), []).append(Value(max(0.0, waited_s) / 60, patient_id))
    return found


async def _felt(tx: Tx, scope: Scope) -> dict[date, list[Value]]:
    joined = select(Feedback.given_at, Feedback.felt, Consultation.patient_id).join(Participant, Participant.id == Feedback.participant_id)
    mine = joined.join(Consultation, Consultation.id == Participant.consultation_id).where(scope.mine(Consultation.practice_id))
    found: dict[date, list[Value]] = {}
    for at, felt, patient_id in await tx.execute(
        mine.where(scope.used(Consultation.patient_id), scope.during(Feedback.given_at), Feedback.felt.is_not(None))
    ):
        found.setdefault(month_at(at), []).append(Value(felt or 0, patient_id))
    return found
