"""What a professional does with a consultation before and after the call, inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, cast
from uuid import UUID

from sqlalchemy import select, update

from server.access.acting import Reach
from server.access.model import Practice, Professional
from server.access.policy import Viewer
from server.booking.actions import Planned, block
from server.booking.model import Appointment
from server.consultation.doors import newest_link, patient_of, record_of, see_consultation
from server.consultation.events import Arranged, Channel, Invited
from server.consultation.join_link import join_token
from server.consultation.model import Consultation, ConsultationState, JoinLink, Participant, Relation, Role, Stage
from server.consultation.topics import room_topic, today_topic
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id, token_hash
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.patients.acting_doors import spokesmen_of
from server.patients.actions import Contact, add_record, readdress
from server.patients.model import Patient

FURTHEST_AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class Plan:
    """A consultation to be; `scheduled_at` in aware UTC, `team_id` None for a consultation of one's own.

    With `patient_id` it is for somebody whose record is there already, and whoever plans has it from the record's door: their name stays,
    an address that was given replaces the old one, on record.
    """

    patient_name: str
    mobile: str | None
    email: str | None
    team_id: UUID | None
    scheduled_at: datetime
    duration_min: int
    patient_id: UUID | None = None


async def schedule(tx: Tx, secrets: Secrets, viewer: Viewer, plan: Plan, now: datetime) -> tuple[Consultation, JoinLink]:
    """Add the consultation, the patient's place and link, and a record for a new patient; the invitation follows by event."""
    if viewer.practice_id is None:
        raise Forbidden
    if plan.team_id is not None and plan.team_id not in viewer.team_ids:
        raise NotFound
    if not now - timedelta(hours=1) <= plan.scheduled_at <= now + FURTHEST_AHEAD:
        raise Invalid("Please choose a time from now to a year ahead.", code="scheduled_at")
    patient = await _patient(tx, viewer, viewer.practice_id, plan, now)
    appointment = await block(tx, await _planned(tx, viewer, plan, patient.id), now)
    consultation = consultation_of(appointment, cast(UUID, viewer.professional_id), plan.team_id, now)
    return consultation, await arrange(tx, secrets, consultation, patient, now)


async def arrange(tx: Tx, secrets: Secrets, consultation: Consultation, patient: Patient, now: datetime) -> JoinLink:
    """Add a consultation with the patient's place and link; the invitation follows by event."""
    tx.add(consultation)
    await tx.flush()
    participant = new_place(consultation.id, Role.PATIENT, patient.name, None)
    tx.add(participant)
    await tx.flush()
    link = add_link(tx, secrets, participant, now)
    await tx.flush()
    for representation_id, channel in await told_of(tx, patient, now):
        await tx.emit(Invited(consultation.id, link.id, channel, representation_id=representation_id))
    if consultation.appointment_id is not None:
        await tx.emit(Arranged(consultation.appointment_id))
    tx.hint(today_topic(consultation.practice_id))
    return link


async def _planned(tx: Tx, viewer: Viewer, plan: Plan, patient_id: UUID) -> Planned:
    """Return the time that is not offered to others any more."""
    practice = await tx.get_one(Practice, viewer.practice_id)
    when, length_min, zone = plan.scheduled_at, plan.duration_min, practice.time_zone
    return Planned(practice.id, cast(UUID, viewer.professional_id), patient_id, viewer.person_id, when, length_min, zone)


async def _patient(tx: Tx, viewer: Viewer, practice_id: UUID, plan: Plan, now: datetime) -> Patient:
    """Return the record that was chosen, or a new one; raises `NotFound` for a record of another practice."""
    contact = Contact(plan.patient_name, plan.mobile, plan.email)
    if plan.patient_id is None:
        return await add_record(tx, practice_id, contact, None, now)
    known = await tx.get(Patient, plan.patient_id)
    if known is None or known.practice_id != practice_id:
        raise NotFound
    await readdress(tx, viewer.person_id, known, contact, now)
    return known


class Addressed(Protocol):
    """Whoever may have a mobile number and an e-mail address."""

    @property
    def mobile(self) -> str | None: ...

    @property
    def email(self) -> str | None: ...


def channels_of(who: Addressed) -> list[Channel]:
    """Return how they can be written to."""
    return [channel for channel, address in ((Channel.SMS, who.mobile), (Channel.EMAIL, who.email)) if address]


class Told(NamedTuple):
    """Who is written to about a consultation, and how; `representation_id` of whoever acts for the patient, None for the patient."""

    representation_id: UUID | None
    channel: Channel


async def told_of(tx: Tx, patient: Patient, now: datetime, needed: Reach = Reach.BOOK) -> list[Told]:
    """Return how a patient is written to; where their record has no address at all, as a child's, whoever acts for them that far."""
    if own := channels_of(patient):
        return [Told(None, channel) for channel in own]
    acting = await spokesmen_of(tx, patient.id, needed, now)
    return [Told(one.representation_id, channel) for one in acting for channel in channels_of(one)]


async def current_link(tx: Tx, consultation_id: UUID) -> JoinLink:
    """Return the patient's good link, or the newest one where none is good."""
    link = await tx.scalar(select(JoinLink).where(JoinLink.id == newest_link(consultation_id).scalar_subquery()))
    if link is None:
        raise NotFound
    return link


async def revoke_link(tx: Tx, viewer: Viewer, consultation_id: UUID, now: datetime) -> Consultation:
    """Make every link of the patient dead; whoever came by one is put out at once. Guests have links of their own."""
    consultation = await see_consultation(tx, viewer, consultation_id, lock=True)
    await kill_links(tx, await patient_of(tx, consultation_id), now)
    tx.hint(room_topic(consultation_id))
    tx.hint(today_topic(consultation.practice_id))
    return consultation


async def kill_links(tx: Tx, participant: Participant, now: datetime) -> None:
    """Make every link of one participant dead."""
    alive = (JoinLink.participant_id == participant.id) & JoinLink.revoked_at.is_(None)
    await tx.execute(update(JoinLink).where(alive).values(revoked_at=now))


async def reissue_link(tx: Tx, secrets: Secrets, viewer: Viewer, consultation_id: UUID, now: datetime) -> JoinLink:
    """Revoke what there is and add a new link."""
    consultation = await revoke_link(tx, viewer, consultation_id, now)
    if consultation.over:
        raise Conflict("The consultation has ended.", code="ended")
    link = add_link(tx, secrets, await patient_of(tx, consultation_id), now)
    await tx.flush()
    return link


async def send_link(tx: Tx, viewer: Viewer, consultation_id: UUID, channel: Channel, now: datetime) -> None:
    """Write once more to whoever is written to about this consultation: the patient, or those who act for them."""
    consultation = await see_consultation(tx, viewer, consultation_id)
    told = [one for one in await told_of(tx, await record_of(tx, consultation), now) if one.channel == channel]
    if not told:
        raise Invalid("There is no address for this on record.", code="no_address")
    link = await current_link(tx, consultation_id)
    if link.revoked_at is not None:
        raise Conflict("The link was revoked. Make a new one first.", code="revoked")
    for one in told:
        await tx.emit(Invited(consultation_id, link.id, one.channel, representation_id=one.representation_id))


async def take_place(tx: Tx, viewer: Viewer, consultation_id: UUID) -> Participant:
    """Return the viewer's own place in a consultation that they may see, adding it at their first look."""
    consultation = await see_consultation(tx, viewer, consultation_id, lock=True)  # two first looks at once must not add two places
    mine = (Participant.consultation_id == consultation.id) & (Participant.person_id == viewer.person_id)
    participant = await tx.scalar(select(Participant).where(mine))
    if participant is None:
        participant = new_place(consultation.id, Role.PROFESSIONAL, viewer.name, viewer.person_id)
        tx.add(participant)
        await tx.flush()
    return participant


async def host_of(tx: Tx, consultation: Consultation) -> Professional:
    """Return whose consultation it is."""
    return await tx.get_one(Professional, consultation.professional_id)


def consultation_of(appointment: Appointment, professional_id: UUID, team_id: UUID | None, now: datetime) -> Consultation:
    """Return the consultation that an appointment promises, to be arranged."""
    return Consultation(
        id=new_id(),
        practice_id=appointment.practice_id,
        patient_id=appointment.patient_id,
        professional_id=professional_id,
        team_id=team_id,
        appointment_id=appointment.id,
        scheduled_at=appointment.begins_at,
        duration_min=(appointment.ends_at - appointment.begins_at) // timedelta(minutes=1),
        state=ConsultationState.SCHEDULED,
        started_at=None,
        ended_at=None,
        outcome=None,
        outcome_reason=None,
        created_at=now,
    )


def new_place(consultation_id: UUID, role: Role, name: str, person_id: UUID | None, relation: Relation | None = None) -> Participant:
    """Return somebody's place in a consultation, to be added."""
    return Participant(
        id=new_id(),
        consultation_id=consultation_id,
        role=role,
        relation=relation,
        person_id=person_id,
        name=name,
        companion=None,
        stage=Stage.NOT_ARRIVED,
        waiting_since=None,
        admitted_at=None,
        refused_reason=None,
        devices=None,
        hold_message=None,
        quiet=False,
        withdrawn_at=None,
    )


def add_link(tx: Tx, secrets: Secrets, participant: Participant, now: datetime) -> JoinLink:
    """Give a patient or guest a personal link."""
    link_id = new_id()
    link = JoinLink(
        id=link_id,
        consultation_id=participant.consultation_id,
        participant_id=participant.id,
        token_hash=token_hash(join_token(secrets, link_id)),
        created_at=now,
        revoked_at=None,
    )
    tx.add(link)
    return link
