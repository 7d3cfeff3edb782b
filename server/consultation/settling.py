"""Settles appointments whose time is over, each inside the caller's transaction: by measured attendance, or by what a person decided.

What is found has consequences by itself only where it speaks against nobody but the practice, and only for what was booked as a service:
about a time that a professional planned themself, they decide.
"""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.policy import Viewer
from server.billing.issuing import invoice_as_promised
from server.billing.model import Reason
from server.billing.refunds import refund_of
from server.booking.guard import lock_appointment
from server.booking.model import Appointment, AppointmentState
from server.consultation.appointments import call_off_missed
from server.consultation.doors import see_consultation
from server.consultation.model import Consultation, Outcome, Participant, Role
from server.consultation.presence import ACTS_WITHIN, SETTLES_AFTER, Finding, Measured, Presence, Stretch, measure
from server.consultation.records import Attendance, Ending
from server.consultation.settled import BY_ITSELF, Decision, Settlement
from server.consultation.topics import today_topic
from server.core.db import Tx
from server.errors import Conflict, NotFound
from server.patients.answers import drop_draft

MOST_AT_ONCE = 100  # of one sweep; the next one goes on
WHOLE = 100  # per cent
BECOMES = {
    Decision.TOOK_PLACE: AppointmentState.FULFILLED,
    Decision.NO_SHOW: AppointmentState.NO_SHOW,
    Decision.EXCUSED: AppointmentState.CANCELLED,
}


async def find_over(tx: Tx, now: datetime) -> list[UUID]:
    """Return the confirmed appointments whose time is over and that nobody has looked at yet, oldest first."""
    over = (Appointment.state == AppointmentState.CONFIRMED) & (Appointment.ends_at < now - SETTLES_AFTER)
    seen = select(Settlement.appointment_id).where(Settlement.appointment_id == Appointment.id).exists()
    made = select(Consultation.id).where(Consultation.appointment_id == Appointment.id).exists()
    query = select(Appointment.id).where(over, ~seen, made).order_by(Appointment.ends_at)
    return list(await tx.scalars(query.limit(MOST_AT_ONCE)))


async def find_final(tx: Tx, now: datetime) -> list[UUID]:
    """Return the appointments whose decision can no longer be taken back."""
    query = select(Settlement.appointment_id).where(Settlement.final_at <= now).order_by(Settlement.final_at)
    return list(await tx.scalars(query.limit(MOST_AT_ONCE)))


async def settle(tx: Tx, appointment_id: UUID, now: datetime) -> Finding | None:
    """Look once at what was measured, and do what follows from it by itself; None where it has changed or was settled meanwhile."""
    appointment = await tx.get_one(Appointment, appointment_id)
    await lock_appointment(tx, appointment)
    over = appointment.state == AppointmentState.CONFIRMED and appointment.ends_at < now - SETTLES_AFTER
    if not over or await tx.get(Settlement, appointment_id) is not None:
        return None
    query = select(Consultation).where(Consultation.appointment_id == appointment_id)
    consultation = (await tx.scalars(query.with_for_update(key_share=True))).one()  # whoever comes at this moment comes before or after
    settlement = _row(appointment, await _measured(tx, appointment, consultation), now)
    tx.add(settlement)
    if consultation.outcome == Outcome.ABSENT:
        settlement.decide(Decision.NO_SHOW, await _who_ended(tx, consultation.id), now)
    await _follow(tx, appointment, settlement, now)
    await tx.flush()
    if consultation.over or consultation.started_at is not None:
        await drop_draft(tx, appointment.id)
    tx.hint(today_topic(appointment.practice_id))
    return settlement.finding


async def carry_out(tx: Tx, appointment_id: UUID, now: datetime) -> None:
    """Let a decision have its consequences; nothing where it was taken back, or carried out, meanwhile."""
    appointment = await tx.get_one(Appointment, appointment_id)
    await lock_appointment(tx, appointment)
    settlement = await tx.get_one(Settlement, appointment_id, with_for_update=True)
    if settlement.decision is None or settlement.final_at is None or now < settlement.final_at:
        return
    if appointment.state == AppointmentState.CONFIRMED:
        appointment.settle(BECOMES[Decision(settlement.decision)], now)
        await _give_back(tx, appointment, settlement, now)
    if appointment.state == AppointmentState.FULFILLED:
        await invoice_as_promised(tx, appointment, now)
    settlement.close(now)
    await tx.flush()
    tx.hint(today_topic(appointment.practice_id))


async def decide(tx: Tx, viewer: Viewer, consultation_id: UUID, decision: Decision, now: datetime) -> None:
    """Say what it was. Raises `NotFound` for what waits for nobody's decision, `Conflict` once it is settled."""
    settlement = await _see_settlement(tx, viewer, consultation_id)
    settlement.decide(decision, viewer.person_id, now)


async def undo(tx: Tx, viewer: Viewer, consultation_id: UUID) -> None:
    """Take that back; raises as `decide` does."""
    settlement = await _see_settlement(tx, viewer, consultation_id)
    settlement.undo()


async def _see_settlement(tx: Tx, viewer: Viewer, consultation_id: UUID) -> Settlement:
    """Load what waits for a decision, to change it; raises `NotFound`."""
    consultation = await see_consultation(tx, viewer, consultation_id)
    if consultation.appointment_id is None:
        raise NotFound
    settlement = await tx.get(Settlement, consultation.appointment_id, with_for_update=True)
    if settlement is None:
        raise NotFound
    tx.hint(today_topic(consultation.practice_id))
    return settlement


async def _follow(tx: Tx, appointment: Appointment, settlement: Settlement, now: datetime) -> None:
    """Do what needs nobody's decision."""
    if settlement.finding not in BY_ITSELF:
        return
    if settlement.finding == Finding.MISSED:
        appointment.settle(AppointmentState.CANCELLED, now)
        await call_off_missed(tx, appointment.id, now)
        await _refund(tx, settlement, WHOLE, Reason.PRACTICE, now)
    else:
        appointment.settle(AppointmentState.FULFILLED, now)
        await invoice_as_promised(tx, appointment, now)
    settlement.close(now)


async def _give_back(tx: Tx, appointment: Appointment, settlement: Settlement, now: datetime) -> None:
    """Give back what the decision leaves to the patient: all of it, or what the service's rule for who does not come lets them keep."""
    if settlement.decision == Decision.EXCUSED:
        await _refund(tx, settlement, WHOLE, Reason.GOODWILL, now)
    elif settlement.decision == Decision.NO_SHOW:
        await _refund(tx, settlement, WHOLE - appointment.no_show_fee_percent, Reason.MISSED, now)


async def _refund(tx: Tx, settlement: Settlement, percent: int, reason: Reason, now: datetime) -> None:
    """A payment that is disputed at the bank stays there: the bank decides about it, and the appointment is settled all the same."""
    with suppress(Conflict):
        await refund_of(tx, settlement.appointment_id, percent, reason, settlement.decided_by, now)


async def _who_ended(tx: Tx, consultation_id: UUID) -> UUID | None:
    """Return who said at the desk that the patient did not come: that is their decision, and can be taken back as long."""
    query = select(Participant.person_id).join(Ending, Ending.participant_id == Participant.id)
    return await tx.scalar(query.where(Ending.consultation_id == consultation_id).order_by(Ending.ended_at.desc()).limit(1))


async def _measured(tx: Tx, appointment: Appointment, consultation: Consultation) -> Measured:
    stretches = await _stretches(tx, consultation.id)
    return measure(
        Presence(
            begins_at=appointment.begins_at,
            ends_at=appointment.ends_at,
            patient=stretches[Role.PATIENT],
            professionals=stretches[Role.PROFESSIONAL],
            started_at=consultation.started_at,
            outcome=Outcome(consultation.outcome) if consultation.outcome else None,
        )
    )


async def _stretches(tx: Tx, consultation_id: UUID) -> dict[Role, list[Stretch]]:
    """Return who was there when, by role; an open stretch lasts until its last heartbeat."""
    query = select(Participant.role, Attendance.joined_at, Attendance.last_seen_at)
    rows = await tx.execute(
        query.join(Participant, Participant.id == Attendance.participant_id).where(Participant.consultation_id == consultation_id)
    )
    found: dict[Role, list[Stretch]] = {role: [] for role in Role}
    for role, joined_at, last_seen_at in rows:
        found[Role(role)].append(Stretch(joined_at, last_seen_at))
    return found


def _row(appointment: Appointment, measured: Measured, now: datetime) -> Settlement:
    return Settlement(
        appointment_id=appointment.id,
        finding=_acted_on(appointment, measured.finding, now),
        waited_s=round(measured.waited.total_seconds()),
        together_s=round(measured.together.total_seconds()),
        found_at=now,
        decision=None,
        decided_by=None,
        final_at=None,
        done_at=None,
    )


def _acted_on(appointment: Appointment, finding: Finding, now: datetime) -> Finding:
    """The practice has missed only what it had promised as a service, and is told of it while it matters; else a person decides."""
    if finding == Finding.MISSED and (appointment.service_id is None or now - appointment.ends_at > ACTS_WITHIN):
        return Finding.UNCLEAR
    return finding
