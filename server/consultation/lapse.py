"""Closes consultations that nobody ended: without it they would stand in Today's list for ever."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.consultation.attendance import last_seen
from server.consultation.model import CLOSES_AFTER, Consultation, ConsultationState, Participant
from server.consultation.topics import room_topic, today_topic
from server.core.db import Tx
from server.patients.answers import drop_draft

OPEN = (ConsultationState.SCHEDULED, ConsultationState.WAITING, ConsultationState.ACTIVE)
MAX_LAPSED = 100  # of one sweep; the next one goes on


async def find_lapsed(tx: Tx, now: datetime) -> list[UUID]:
    """Return what is still open though its links are closed, oldest first."""
    query = select(Consultation).where(Consultation.state.in_(OPEN), Consultation.scheduled_at < now - CLOSES_AFTER)
    found = await tx.scalars(query.order_by(Consultation.scheduled_at).limit(MAX_LAPSED))
    return [consultation.id for consultation in found if consultation.closes_at < now]


async def sweep_lapsed(tx: Tx, ids: list[UUID], now: datetime) -> int:
    """Close them by the model's rule; returns how many there were. A room that is still open looks again."""
    query = select(Consultation).where(Consultation.id.in_(ids), Consultation.state.in_(OPEN)).with_for_update(key_share=True)
    lapsed = [consultation for consultation in await tx.scalars(query) if consultation.closes_at < now]
    for consultation in lapsed:
        consultation.lapse(await last_seen(tx, consultation.id) if consultation.started_at else None)
        for place in await tx.scalars(select(Participant).where(Participant.consultation_id == consultation.id)):
            place.dismiss()
        if consultation.appointment_id is not None:
            await drop_draft(tx, consultation.appointment_id)
        tx.hint(room_topic(consultation.id))
        tx.hint(today_topic(consultation.practice_id))
    return len(lapsed)
