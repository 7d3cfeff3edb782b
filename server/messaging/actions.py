"""Queues messages with the fact that causes them, and shows them to those who may see the consultation."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import names_of
from server.consultation.actions import Addressed
from server.consultation.doors import visible_consultations
from server.consultation.events import Called, Channel, Invited
from server.consultation.join_link import join_url
from server.consultation.model import Consultation, JoinLink, Participant, Stage
from server.consultation.records import Invitation
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.errors import NotFound
from server.identity.model import Person
from server.messaging.model import Delivery, DeliveryStatus
from server.messaging.texts import Call, invitation, summons
from server.patients.model import Patient
from server.ports import Clock, Letter
from server.web.i18n import Language, Languages

DELIVER = "deliver"
MAX_SHOWN = 100


async def queue_invitation(tx: Tx, clock: Clock, fact: Invited) -> None:
    await _queue(tx, clock, fact, link_id=fact.link_id)


async def queue_call(tx: Tx, clock: Clock, fact: Called) -> None:
    await _queue(tx, clock, fact, participant_id=fact.participant_id)


async def _queue(tx: Tx, clock: Clock, fact: Invited | Called, link_id: UUID | None = None, participant_id: UUID | None = None) -> None:
    consultation = await tx.get_one(Consultation, fact.consultation_id)
    delivery = Delivery(
        id=new_id(),
        practice_id=consultation.practice_id,
        consultation_id=consultation.id,
        link_id=link_id,
        participant_id=participant_id,
        channel=fact.channel,
        status=DeliveryStatus.QUEUED,
        created_at=clock.now(),
        settled_at=None,
    )
    tx.add(delivery)
    await tx.flush()
    add_errand(tx, DELIVER, delivery.id, f"{DELIVER}:{delivery.id}", clock.now())


async def compose(tx: Tx, secrets: Secrets, base_url: str, languages: Languages, delivery: Delivery) -> Letter | None:
    """Return the message as it reads now, or None when there is nothing left to say: revoked, over, come, or no address any more."""
    consultation = await tx.get_one(Consultation, delivery.consultation_id)
    if delivery.link_id is None:
        told = await _colleague(tx, base_url, consultation, delivery)
    else:
        told = await _guest_or_patient(tx, secrets, base_url, consultation, delivery)
    if told is None or consultation.over:
        return None
    address = told.whom.mobile if delivery.channel == Channel.SMS else told.whom.email
    if not address:
        return None
    practice = await tx.get_one(Practice, delivery.practice_id)
    return told.write(address, practice, told.call, languages.choose(practice.language, ""))


class _Told(NamedTuple):
    whom: Addressed
    call: Call
    write: Callable[[str, Practice, Call, Language], Letter]


async def _guest_or_patient(tx: Tx, secrets: Secrets, base_url: str, consultation: Consultation, delivery: Delivery) -> _Told | None:
    link = await tx.get_one(JoinLink, delivery.link_id)
    if link.revoked_at is not None:
        return None
    invited = await tx.get(Invitation, link.participant_id)
    url = join_url(base_url, secrets, link.id)
    if invited is None:
        return _Told(await tx.get_one(Patient, consultation.patient_id), Call(consultation.scheduled_at, url), invitation)
    return _Told(invited, Call(consultation.scheduled_at, url, await _name(tx, invited.person_id)), invitation)


async def _colleague(tx: Tx, base_url: str, consultation: Consultation, delivery: Delivery) -> _Told | None:
    """Somebody who has come needs no call any more."""
    place = await tx.get_one(Participant, delivery.participant_id)
    if place.stage == Stage.IN_CALL:
        return None
    invited = await tx.get_one(Invitation, place.id)
    call = Call(consultation.scheduled_at, f"{base_url}/desk/{consultation.id}", await _name(tx, invited.person_id))
    return _Told(await tx.get_one(Person, place.person_id), call, summons)


async def _name(tx: Tx, person_id: UUID) -> str:
    return (await names_of(tx, {person_id}))[person_id]


async def called_name(tx: Tx, delivery: Delivery) -> str | None:
    """Return which colleague a message is for; None for one to a patient or guest."""
    place = await tx.get(Participant, delivery.participant_id) if delivery.participant_id else None
    return None if place is None else place.name


async def settle(tx: Tx, delivery_id: UUID, status: str, now: datetime) -> None:
    delivery = await tx.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound
    delivery.status, delivery.settled_at = DeliveryStatus(status), now


async def visible_deliveries(tx: Tx, viewer: Viewer) -> list[Delivery]:
    """Return the newest messages of the consultations that the viewer may see."""
    mine = visible_consultations(viewer).with_only_columns(Consultation.id)
    query = select(Delivery).where(Delivery.consultation_id.in_(mine)).order_by(Delivery.created_at.desc(), Delivery.id)
    return list(await tx.scalars(query.limit(MAX_SHOWN)))
