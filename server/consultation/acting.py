"""Joining a consultation for its patient: a link of one's own to the patient's place, which dies with the right to act."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from server.access.acting import Basis
from server.access.viewer import name_of
from server.consultation.actions import add_link
from server.consultation.doors import Visit, own_link
from server.consultation.model import Consultation, JoinLink, Participant
from server.consultation.topics import room_topic, today_topic
from server.core.audit import Act, Deed, record
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.marking import _
from server.patients.acting_doors import Actor
from server.patients.acting_words import BASES
from server.patients.doors import OwnRecord, name_on_record
from server.patients.events import ActingEnded
from server.web.i18n import Language

LONGEST_NAME = 200
FOR = _("{name}, for {patient}")
ACTS = _("{name} acts for the patient: {basis}")


async def link_for(tx: Tx, secrets: Secrets, own: OwnRecord, consultation_id: UUID, now: datetime) -> UUID:
    """Return the link by which the reader opens a consultation of the record: the patient's, or one for whoever acts for them.

    Whoever calls has the record from its door. Raises `NotFound`.
    """
    patients = await own_link(tx, own.patient.id, consultation_id)
    if own.acting is None:
        return patients
    mine = (JoinLink.consultation_id == consultation_id) & (JoinLink.representation_id == own.acting.id) & JoinLink.revoked_at.is_(None)
    link = await tx.scalar(select(JoinLink).where(mine).order_by(JoinLink.created_at.desc()).limit(1))
    if link is None:
        link = await _add(tx, secrets, await tx.get_one(JoinLink, patients), now)
        link.representation_id = own.acting.id
    deed = Deed(own.practice.id, own.reader_id, Act.LOOKED, "consultation", consultation_id, own.patient.id)
    await record(tx, deed, now)
    return link.id


async def _add(tx: Tx, secrets: Secrets, patients: JoinLink, now: datetime) -> JoinLink:
    """Add a link to the patient's place; where the practice has closed the patient's, this one is closed, too, and its page says so."""
    link = add_link(tx, secrets, await tx.get_one(Participant, patients.participant_id), now)
    link.revoked_at = patients.revoked_at
    return link


def right_in_words(language: Language, actor: Actor) -> str:
    """Say for professionals who acts, and by what right."""
    basis = language.text(BASES[Basis(actor.representation.basis)])
    return language.text(ACTS).format(name=actor.name, basis=basis)


async def take_seat(tx: Tx, visit: Visit, language: Language) -> None:
    """Let the patient's place say who comes to it now, where somebody else was there before: the patient, or whoever acts for them."""
    place, acting = visit.participant, visit.acting
    if place.representation_id == (None if acting is None else acting.id):
        return
    patient = await name_on_record(tx, visit.consultation.patient_id)
    place.representation_id = visit.link.representation_id
    place.name = patient if acting is None else await called(tx, visit, language)
    tx.hint(room_topic(visit.consultation.id))
    tx.hint(today_topic(visit.consultation.practice_id))


async def called(tx: Tx, visit: Visit, language: Language) -> str:
    """Return how whoever acts is shown to everybody: by their account's own name, and for whom."""
    acting = visit.acting
    name = await name_of(tx, acting.person_id, visit.consultation.practice_id) if acting is not None and acting.person_id else ""
    patient = await name_on_record(tx, visit.consultation.patient_id)
    return language.text(FOR).format(name=name, patient=patient)[:LONGEST_NAME]


async def note_acted(tx: Tx, visit: Visit, act: Act, thing: str, now: datetime) -> None:
    """Keep on record what somebody did for the patient; what patients do themselves is kept where it is done."""
    if visit.acting is None:
        return
    consultation = visit.consultation
    deed = Deed(consultation.practice_id, visit.acting.person_id, act, thing, consultation.id, consultation.patient_id)
    await record(tx, deed, now)


async def on_acting_ended(tx: Tx, fact: ActingEnded, now: datetime) -> None:
    """Make every link that came of it dead, and have rooms that are open look again."""
    theirs = (JoinLink.representation_id == fact.representation_id) & JoinLink.revoked_at.is_(None)
    joined = select(Consultation).join(JoinLink, JoinLink.consultation_id == Consultation.id).where(theirs)
    for consultation in list(await tx.scalars(joined)):
        tx.hint(room_topic(consultation.id))
        tx.hint(today_topic(consultation.practice_id))
    await tx.execute(update(JoinLink).where(theirs).values(revoked_at=now))
