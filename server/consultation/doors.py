"""The only ways to load a consultation: not there and not yours look the same."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from server.access.acting import Standing as Acting
from server.access.model import Professional
from server.access.policy import Viewer, may_see_consultation
from server.access.representation import Representation
from server.booking.model import Appointment, Service
from server.consultation.model import OVER, Consultation, ConsultationState, JoinLink, Participant, Role, Standing
from server.core.db import Tx, locked
from server.core.holdings import BLANK_NAME
from server.core.ids import token_hash
from server.errors import NotFound, Restricted
from server.patients.model import Patient

STILL_AHEAD = timedelta(hours=2)  # what began a while ago may go on yet
MOST_AHEAD = 20


class Visit(NamedTuple):
    """What a join link opens; `acting` says by what right its bearer acts for the patient, if they are somebody else."""

    link: JoinLink
    consultation: Consultation
    participant: Participant
    standing: Standing
    acting: Representation | None = None


async def see_consultation(tx: Tx, viewer: Viewer, consultation_id: UUID, *, lock: bool = False) -> Consultation:
    """Load it for a professional; raises `NotFound`, also where its record was erased.

    With `lock` others who change something of it wait for this transaction.
    """
    consultation = await tx.get(Consultation, consultation_id, with_for_update=locked(lock=lock), populate_existing=lock)
    if consultation is None:
        raise NotFound
    if not may_see_consultation(viewer, consultation):
        raise Restricted if may_see_consultation(viewer.unrestricted, consultation) else NotFound
    if await tx.scalar(select(Patient.name).where(Patient.id == consultation.patient_id)) == BLANK_NAME:
        raise NotFound
    return consultation


def visible_consultations(viewer: Viewer) -> Select[Consultation]:
    """Select those that `may_see_consultation` allows; a test holds the two together."""
    yours = or_(Consultation.professional_id == viewer.professional_id, Consultation.team_id.in_(viewer.team_ids))
    used = Consultation.patient_id.not_in(viewer.restricted)
    return select(Consultation).where(Consultation.practice_id == viewer.practice_id, yours, used)


async def find_link(tx: Tx, token: str) -> JoinLink | None:
    return await tx.scalar(select(JoinLink).where(JoinLink.token_hash == token_hash(token)))


async def see_visit(tx: Tx, visit_id: UUID, token: str, now: datetime, *, lock: bool = False) -> Visit:
    """Load what the cookie's token opens; raises `NotFound` unless it is the token of just this link.

    A link that is early, expired or revoked still opens its visit, for the page that explains so: look at `standing`. With `lock`
    the live room, and whoever else changes something of the consultation, waits for this transaction.
    """
    link = await find_link(tx, token)
    if link is None or link.id != visit_id:
        raise NotFound
    consultation = await tx.get_one(Consultation, link.consultation_id, with_for_update=locked(lock=lock), populate_existing=lock)
    participant = await tx.get_one(Participant, link.participant_id)
    acting = await see_acting(tx, link, consultation, now)
    if acting is not None and acting.person_id is not None:
        tx.act_for(acting.person_id, acting.patient_id, acting.id)
    return Visit(link, consultation, participant, link.standing(consultation, now), acting)


async def see_acting(tx: Tx, link: JoinLink, consultation: Consultation, now: datetime) -> Representation | None:
    """Return by what right a link's bearer acts, None for the patient's own; raises `NotFound` where it does not hold now.

    Nor where it is for another patient, as after the records of two were parted again.
    """
    if link.representation_id is None:
        return None
    one = await tx.get_one(Representation, link.representation_id, populate_existing=True)
    if one.standing(now) is not Acting.HOLDS or one.patient_id != consultation.patient_id:
        raise NotFound
    return one


def newest_link(consultation_id: UUID | InstrumentedAttribute[UUID]) -> Select[UUID]:
    """Select the id of the patient's one link that is good, or of the newest one where none is."""
    links, places = aliased(JoinLink), aliased(Participant)
    own = (places.role == Role.PATIENT) & links.representation_id.is_(None)
    patients = select(links.id).join(places, places.id == links.participant_id).where(own)
    return (
        patients.where(links.consultation_id == consultation_id)
        .order_by(links.revoked_at.is_not(None), links.created_at.desc(), links.id)
        .limit(1)
    )


async def upcoming_of(tx: Tx, patient_id: UUID, now: datetime) -> list[tuple[Consultation, Professional]]:
    """Load what lies ahead of a patient, the next one first; whoever calls holds the record from a door already."""
    ahead = (Consultation.patient_id == patient_id) & Consultation.state.not_in(OVER) & (Consultation.scheduled_at > now - STILL_AHEAD)
    query = select(Consultation, Professional).join(Professional, Professional.id == Consultation.professional_id)
    rows = await tx.execute(query.where(ahead).order_by(Consultation.scheduled_at).limit(MOST_AHEAD))
    return [(consultation, host) for consultation, host in rows]


async def asked_ahead(tx: Tx, patient_id: UUID, now: datetime) -> frozenset[UUID]:
    """Return which consultations ahead of a patient have questions to answer; whoever calls holds the record from a door already."""
    joined = select(Consultation.id).join(Appointment, Appointment.id == Consultation.appointment_id)
    asking = joined.join(Service, Service.id == Appointment.service_id).where(Service.questionnaire_id.is_not(None))
    ahead = (Consultation.patient_id == patient_id) & Consultation.started_at.is_(None) & Consultation.state.not_in(OVER)
    return frozenset(await tx.scalars(asking.where(ahead, Consultation.scheduled_at > now - STILL_AHEAD)))


async def treated(tx: Tx, patient_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these patients have a consultation, past or to come: then whoever gives it opens their record, and decides."""
    return set(await tx.scalars(select(Consultation.patient_id).where(Consultation.patient_id.in_(patient_ids))))


async def running_of(tx: Tx, professional_id: UUID) -> int:
    """Count the consultations of a professional that go on now: for whoever looks after the practice, who sees no more of them."""
    mine = select(func.count()).select_from(Consultation).where(Consultation.professional_id == professional_id)
    return await tx.scalar(mine.where(Consultation.state == ConsultationState.ACTIVE)) or 0


async def link_of_appointment(tx: Tx, appointment_id: UUID) -> UUID:
    """Return the patient's link to what was made of an appointment; whoever calls has proved that it is theirs. Raises `NotFound`."""
    return await _link_of(tx, await tx.scalar(select(Consultation.id).where(Consultation.appointment_id == appointment_id)))


async def consultation_behind(tx: Tx, link_id: UUID) -> UUID:
    """Return which consultation a link leads to; whoever calls got it from one of these doors."""
    return (await tx.get_one(JoinLink, link_id)).consultation_id


async def own_link(tx: Tx, patient_id: UUID, consultation_id: UUID) -> UUID:
    """Return the patient's link to one of their consultations; whoever calls holds the record from its own door. Raises `NotFound`."""
    consultation = await tx.get(Consultation, consultation_id)
    if consultation is None or consultation.patient_id != patient_id:
        raise NotFound
    return await _link_of(tx, consultation_id)


async def _link_of(tx: Tx, consultation_id: UUID | None) -> UUID:
    link_id = None if consultation_id is None else await tx.scalar(newest_link(consultation_id))
    if link_id is None:
        raise NotFound
    return link_id


async def see_guest(
    tx: Tx, viewer: Viewer, consultation_id: UUID, guest_id: UUID, *, lock: bool = False
) -> tuple[Consultation, Participant]:
    """Load a guest's place for a professional, who says `lock` to change it; raises `NotFound`, for one that was withdrawn, too."""
    consultation = await see_consultation(tx, viewer, consultation_id, lock=lock)
    guest = await tx.get(Participant, guest_id)
    if guest is None or guest.consultation_id != consultation.id or guest.role != Role.GUEST or guest.withdrawn_at is not None:
        raise NotFound
    return consultation, guest


async def record_of(tx: Tx, consultation: Consultation) -> Patient:
    """Load the record of whoever it is for; whoever calls holds the consultation from a door already."""
    return await tx.get_one(Patient, consultation.patient_id)


async def patient_of(tx: Tx, consultation_id: UUID) -> Participant:
    """Load the patient's place; whoever calls holds the consultation from a door already."""
    query = select(Participant).where(Participant.consultation_id == consultation_id, Participant.role == Role.PATIENT)
    return (await tx.scalars(query)).one()
