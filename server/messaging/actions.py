"""Queues messages with the fact that causes them, and shows them to those who may see the consultation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import names_of
from server.consultation.doors import visible_consultations
from server.consultation.events import Announced, Channel, Invited, News
from server.consultation.join_link import join_url
from server.consultation.model import Consultation, ConsultationState, JoinLink
from server.consultation.records import Invitation
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.errors import NotFound
from server.messaging.model import Delivery, DeliveryStatus
from server.messaging.texts import Call, cancellation, invitation
from server.patients.model import Patient
from server.ports import Clock, Letter
from server.web.i18n import Languages

DELIVER = "deliver"
MAX_SHOWN = 100


async def queue_message(tx: Tx, clock: Clock, fact: Invited) -> None:
    """Queue an invitation, or the news of an appointment."""
    consultation = await tx.get_one(Consultation, fact.consultation_id)
    delivery = Delivery(
        id=new_id(),
        practice_id=consultation.practice_id,
        consultation_id=consultation.id,
        link_id=fact.link_id,
        channel=fact.channel,
        news=fact.news if isinstance(fact, Announced) else None,
        status=DeliveryStatus.QUEUED,
        created_at=clock.now(),
        settled_at=None,
    )
    tx.add(delivery)
    await tx.flush()
    add_errand(tx, DELIVER, delivery.id, f"{DELIVER}:{delivery.id}", clock.now())


async def compose(tx: Tx, secrets: Secrets, base_url: str, languages: Languages, delivery: Delivery) -> Letter | None:
    """Return the message as it reads now, or None when there is nothing left to say: the link is dead, or no address any more."""
    consultation = await tx.get_one(Consultation, delivery.consultation_id)
    link = await tx.get_one(JoinLink, delivery.link_id)
    invited = await tx.get(Invitation, link.participant_id)
    patient = await tx.get_one(Patient, consultation.patient_id)
    whom = patient if invited is None else invited
    address = whom.mobile if delivery.channel == Channel.SMS else whom.email
    cancelled = delivery.news == News.CANCELLED and consultation.state == ConsultationState.CANCELLED
    if link.revoked_at is not None or (consultation.over and not cancelled) or not address:
        return None
    practice = await tx.get_one(Practice, delivery.practice_id)
    url = join_url(base_url, secrets, link.id)
    inviter = None if invited is None else (await names_of(tx, {invited.person_id}))[invited.person_id]
    call, language = Call(consultation.scheduled_at, url, inviter), languages.choose(practice.language, "")
    if delivery.news == News.CANCELLED:
        return cancellation(address, practice, call, language)
    return invitation(address, practice, call, language, moved=delivery.news == News.MOVED)


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
