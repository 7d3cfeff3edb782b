"""What whoever works here is told about appointments that are over: what needs their decision, and what the practice has missed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from server.access.policy import Viewer
from server.booking.model import Appointment, Pays
from server.consultation.doors import visible_consultations
from server.consultation.model import Consultation
from server.consultation.presence import Finding
from server.consultation.settled import Decision, Settlement
from server.core.db import Tx
from server.patients.model import Patient

MOST_SHOWN = 20
MISSED_SHOWN_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Proposal:
    """What was measured, and what was decided so far; `final_at` is until when that can be taken back.

    `fee_minor` is what the service's rule keeps from who did not come, of what was paid online.
    """

    consultation_id: UUID
    patient_name: str
    begins_at: datetime
    finding: Finding
    waited_min: int
    decision: Decision | None
    final_at: datetime | None
    fee_minor: int
    currency: str


async def proposals_for(tx: Tx, viewer: Viewer, now: datetime) -> list[Proposal]:
    """Return them for the consultations that the viewer may see, the latest first."""
    mine = visible_consultations(viewer).with_only_columns(Consultation.id)
    missed = (Settlement.finding == Finding.MISSED) & (Settlement.found_at > now - MISSED_SHOWN_FOR)
    query = (
        select(Settlement, Consultation.id, Patient.name, Appointment)
        .join(Appointment, Appointment.id == Settlement.appointment_id)
        .join(Consultation, Consultation.appointment_id == Appointment.id)
        .join(Patient, Patient.id == Consultation.patient_id)
        .where(Consultation.id.in_(mine), or_(Settlement.done_at.is_(None), missed))
        .order_by(Appointment.begins_at.desc(), Appointment.id)
    )
    return [_proposal(*row) for row in await tx.execute(query.limit(MOST_SHOWN))]


def _proposal(settlement: Settlement, consultation_id: UUID, name: str, appointment: Appointment) -> Proposal:
    return Proposal(
        consultation_id=consultation_id,
        patient_name=name,
        begins_at=appointment.begins_at,
        finding=Finding(settlement.finding),
        waited_min=settlement.waited_s // 60,
        decision=Decision(settlement.decision) if settlement.decision else None,
        final_at=settlement.final_at,
        fee_minor=appointment.no_show_fee_minor if appointment.pays == Pays.ONLINE else 0,
        currency=appointment.currency,
    )
