"""What becomes of a consultation when its appointment is confirmed, moved or cancelled, inside the transaction that does so."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.actions import change_rights, person_topic
from server.access.model import Professional
from server.booking.doors import find_appointment, professionals_of
from server.booking.events import AppointmentCancelled, AppointmentConfirmed, AppointmentMoved, AppointmentPassedOn
from server.booking.model import Appointment, Service
from server.consultation.actions import Told, arrange, channels_of, consultation_of, told_of
from server.consultation.events import Announced, News
from server.consultation.model import Consultation, JoinLink, Participant, Role
from server.consultation.records import Invitation
from server.consultation.topics import room_topic, today_topic
from server.core.crypto import Secrets
from server.core.db import Tx
from server.errors import NotFound
from server.patients.answers import drop_draft
from server.patients.model import Patient


async def on_confirmed(tx: Tx, secrets: Secrets, fact: AppointmentConfirmed, now: datetime) -> None:
    """Make the consultation, with the patient's place and link; they are invited as by a professional."""
    appointment = await _appointment(tx, fact.appointment_id)
    service = await tx.get_one(Service, appointment.service_id)
    patient = await tx.get_one(Patient, appointment.patient_id)
    lead = (await professionals_of(tx, appointment.id))[0]
    await arrange(tx, secrets, consultation_of(appointment, lead.id, service.team_id, now), patient, now)


async def on_moved(tx: Tx, fact: AppointmentMoved, now: datetime) -> None:
    """Let the consultation follow; the link stays, and everybody who has one is told."""
    appointment = await _appointment(tx, fact.appointment_id)
    consultation = await _of_appointment(tx, appointment.id)
    if consultation is not None:
        consultation.move(appointment.begins_at)
        await _dismiss(tx, consultation)
        await _announce(tx, consultation, News.MOVED, now)


async def on_passed_on(tx: Tx, fact: AppointmentPassedOn, now: datetime) -> None:
    """Let the colleague give the consultation; whoever goes sees it no more, and everybody who has a link is told who comes."""
    consultation = await _of_appointment(tx, fact.appointment_id)
    if consultation is None:
        return
    if consultation.professional_id == fact.leaving_id:
        consultation.pass_on(fact.taking_id)
    await _dismiss(tx, consultation)
    for professional_id in (fact.leaving_id, fact.taking_id):
        await change_rights(tx, person_topic((await tx.get_one(Professional, professional_id)).person_id))
    await _announce(tx, consultation, News.PASSED_ON, now)


async def on_cancelled(tx: Tx, fact: AppointmentCancelled, now: datetime) -> None:
    """Call the consultation off: every link of it is dead, and everybody who has one is told."""
    consultation = await _of_appointment(tx, fact.appointment_id)
    if consultation is not None:
        consultation.cancel(now)
        await drop_draft(tx, fact.appointment_id)
        await _dismiss(tx, consultation)
        await _announce(tx, consultation, News.CANCELLED, now)


async def call_off_missed(tx: Tx, appointment_id: UUID, now: datetime) -> None:
    """Say sorry to whoever waited while nobody came."""
    consultation = await _of_appointment(tx, appointment_id)
    if consultation is not None:
        consultation.miss(now)
        await _dismiss(tx, consultation)
        await _announce(tx, consultation, News.MISSED, now)


async def _appointment(tx: Tx, appointment_id: UUID) -> Appointment:
    appointment = await find_appointment(tx, appointment_id)
    if appointment is None:
        raise NotFound
    return appointment


async def _of_appointment(tx: Tx, appointment_id: UUID) -> Consultation | None:
    query = select(Consultation).where(Consultation.appointment_id == appointment_id)
    return await tx.scalar(query.with_for_update(key_share=True).execution_options(populate_existing=True))


async def _dismiss(tx: Tx, consultation: Consultation) -> None:
    """Nobody waits any longer for what is not now; rooms and lists look again."""
    for place in await tx.scalars(select(Participant).where(Participant.consultation_id == consultation.id)):
        place.dismiss()
    await tx.flush()
    tx.hint(room_topic(consultation.id))
    tx.hint(today_topic(consultation.practice_id))


async def _announce(tx: Tx, consultation: Consultation, news: News, now: datetime) -> None:
    """Tell everybody who has a good link; in place of a patient without an address whoever acts for them."""
    patient = await tx.get_one(Patient, consultation.patient_id)
    good = select(JoinLink, Participant, Invitation).join(Participant, Participant.id == JoinLink.participant_id)
    told = good.outerjoin(Invitation, Invitation.participant_id == Participant.id).where(
        JoinLink.consultation_id == consultation.id,
        JoinLink.revoked_at.is_(None),
        Participant.withdrawn_at.is_(None),
        JoinLink.representation_id.is_(None),
    )
    for link, place, invitation in await tx.execute(told):
        if news is News.PASSED_ON and place.role != Role.PATIENT:
            continue  # whoever comes as a guest comes for the patient
        for representation_id, channel in await _told(tx, place, patient, invitation, now):
            await tx.emit(Announced(consultation.id, link.id, channel, news, representation_id=representation_id))


async def _told(tx: Tx, place: Participant, patient: Patient, invitation: Invitation | None, now: datetime) -> list[Told]:
    if place.role == Role.PATIENT:
        return await told_of(tx, patient, now)
    return [Told(None, channel) for channel in channels_of(invitation)] if invitation else []
