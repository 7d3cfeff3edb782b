"""Queues messages with the fact that causes them, says what they read like, and hears what became of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import names_of
from server.consultation.actions import Addressed
from server.consultation.doors import visible_consultations
from server.consultation.events import Channel, Invited
from server.consultation.join_link import join_url
from server.consultation.model import Consultation, JoinLink
from server.consultation.records import Invitation
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.errors import NotFound
from server.messaging.model import UNREACHED, Delivery, DeliveryStatus
from server.messaging.texts import Call, invitation
from server.patients.model import Patient
from server.ports import Clock, Letter
from server.web.i18n import Languages

DELIVER = "deliver"
MAX_SHOWN = 100


@dataclass(frozen=True)
class Post:
    """What every message is written with."""

    secrets: Secrets
    base_url: str
    languages: Languages


async def queue_invitation(tx: Tx, clock: Clock, fact: Invited) -> None:
    consultation = await tx.get_one(Consultation, fact.consultation_id)
    await _queue(tx, consultation, fact.link_id, fact.channel, clock.now())


async def _queue(tx: Tx, consultation: Consultation, link_id: UUID, channel: Channel, now: datetime) -> None:
    delivery = Delivery(
        id=new_id(),
        practice_id=consultation.practice_id,
        consultation_id=consultation.id,
        link_id=link_id,
        channel=channel,
        status=DeliveryStatus.QUEUED,
        created_at=now,
        settled_at=None,
    )
    tx.add(delivery)
    await tx.flush()
    add_errand(tx, DELIVER, delivery.id, f"{DELIVER}:{delivery.id}", now)


async def compose(tx: Tx, post: Post, delivery: Delivery, now: datetime) -> Letter | None:
    """Return the message as it reads now, or None when there is nothing left to say: revoked, over, or no address any more."""
    consultation = await tx.get_one(Consultation, delivery.consultation_id)
    link = await tx.get_one(JoinLink, delivery.link_id)
    invited = await tx.get(Invitation, link.participant_id)
    whom: Addressed = invited if invited is not None else await tx.get_one(Patient, consultation.patient_id)
    address = whom.mobile if delivery.channel == Channel.SMS else whom.email
    if link.revoked_at is not None or consultation.over or not address:
        return None
    practice = await tx.get_one(Practice, delivery.practice_id)
    inviter = None if invited is None else (await names_of(tx, {invited.person_id}))[invited.person_id]
    url = join_url(post.base_url, post.secrets, link.id)
    call = Call(consultation.id, consultation.scheduled_at, consultation.duration_min, url, inviter)
    letter = invitation(address, practice, call, post.languages.choose(practice.language, ""), now)
    return letter if delivery.channel == Channel.EMAIL else replace(letter, calendar=None)


async def settle(tx: Tx, delivery_id: UUID, status: DeliveryStatus, now: datetime) -> None:
    """Take down what became of a message; who cannot be reached by text message is written to by e-mail, where there is an address.

    Raises `NotFound` for a delivery that there is not.
    """
    delivery = await tx.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound
    if delivery.becomes(status, now) and status in UNREACHED and delivery.channel == Channel.SMS:
        await _fall_back(tx, delivery, now)


async def _fall_back(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """An e-mail about the same link that was queued already says it all."""
    same = (Delivery.link_id == delivery.link_id) & (Delivery.channel == Channel.EMAIL)
    if await tx.scalar(select(Delivery.id).where(same).limit(1)) is None:
        consultation = await tx.get_one(Consultation, delivery.consultation_id)
        await _queue(tx, consultation, delivery.link_id, Channel.EMAIL, now)


async def visible_deliveries(tx: Tx, viewer: Viewer) -> list[Delivery]:
    """Return the newest messages of the consultations that the viewer may see."""
    mine = visible_consultations(viewer).with_only_columns(Consultation.id)
    query = select(Delivery).where(Delivery.consultation_id.in_(mine)).order_by(Delivery.created_at.desc(), Delivery.id)
    return list(await tx.scalars(query.limit(MAX_SHOWN)))
