"""Queues messages with the fact that causes them, and takes down what became of each."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from server.access.policy import Viewer
from server.booking.offer_doors import see_services
from server.booking.seekers import Seeker
from server.consultation.doors import visible_consultations
from server.consultation.events import Announced, Called, Channel, Invited, News
from server.consultation.model import Consultation
from server.core.db import Tx
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.errors import NotFound
from server.messaging.model import UNREACHED, Delivery, DeliveryStatus, Why
from server.ports import Clock

DELIVER = "deliver"
MAX_SHOWN = 100
ABOUT_MONEY = (News.PAID, News.REFUNDED, News.INVOICED)


@dataclass(frozen=True)
class About:
    """What a message is about: the link of a patient or guest, the place of a colleague, or a seeker; and what it tells of.

    What is about the patient's link goes to whoever acts for them where that is named.
    """

    consultation_id: UUID | None = None
    link_id: UUID | None = None
    participant_id: UUID | None = None
    news: News | None = None
    reminder_id: UUID | None = None
    delay_id: UUID | None = None
    seeker_id: UUID | None = None
    representation_id: UUID | None = None


async def queue_message(tx: Tx, clock: Clock, fact: Invited) -> None:
    """Queue an invitation, or the news of an appointment."""
    news = fact.news if isinstance(fact, Announced) else None
    about = About(fact.consultation_id, link_id=fact.link_id, news=news, representation_id=fact.representation_id)
    await queue(tx, about, fact.channel, clock.now())


async def queue_call(tx: Tx, clock: Clock, fact: Called) -> None:
    await queue(tx, About(fact.consultation_id, participant_id=fact.participant_id), fact.channel, clock.now())


async def queue(tx: Tx, about: About, channel: Channel, now: datetime, run_at: datetime | None = None) -> None:
    """Queue one message by one channel, to go out at once or at `run_at`."""
    whose = await (tx.get_one(Consultation, about.consultation_id) if about.consultation_id else tx.get_one(Seeker, about.seeker_id))
    delivery = Delivery(
        id=new_id(),
        practice_id=whose.practice_id,
        consultation_id=about.consultation_id,
        seeker_id=about.seeker_id,
        link_id=about.link_id,
        participant_id=about.participant_id,
        reminder_id=about.reminder_id,
        delay_id=about.delay_id,
        representation_id=about.representation_id,
        channel=channel,
        news=about.news,
        status=DeliveryStatus.QUEUED,
        created_at=now,
        settled_at=None,
    )
    tx.add(delivery)
    await tx.flush()
    add_errand(tx, DELIVER, delivery.id, f"{DELIVER}:{delivery.id}", run_at or now)


async def settle(tx: Tx, delivery_id: UUID, status: DeliveryStatus, now: datetime, why: Why | None = None) -> None:
    """Take down what became of a message; who cannot be reached by text message is written to by e-mail, where there is an address.

    Raises `NotFound` for a delivery that there is not.
    """
    delivery = await tx.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound
    failed = delivery.becomes(status, now, why) and status in UNREACHED and delivery.channel == Channel.SMS
    if failed and delivery.seeker_id is None:  # who is on a waiting list was written to by every way at once
        await _fall_back(tx, delivery, now)


async def _fall_back(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """An e-mail about the same that was queued already says it all."""
    if await tx.scalar(select(Delivery.id).where(mailed_about(delivery)).limit(1)) is None:
        await queue(tx, about_of(delivery), Channel.EMAIL, now)


def about_of(delivery: Delivery) -> About:
    """Return what a message was about, to queue another one about the same."""
    return About(**{field.name: getattr(delivery, field.name) for field in fields(About)})


def mailed_about(delivery: Delivery) -> ColumnElement[bool]:
    """Whether a message is an e-mail about the same."""
    same = (getattr(Delivery, name).is_not_distinct_from(value) for name, value in asdict(about_of(delivery)).items())
    return and_(Delivery.channel == Channel.EMAIL, *same)


async def visible_deliveries(tx: Tx, viewer: Viewer) -> list[Delivery]:
    """Return the newest messages of the consultations that the viewer may see, and of the waiting lists of what they offer.

    What was paid is the business of the professional who was paid, not of their team.
    """
    mine = visible_consultations(viewer).with_only_columns(Consultation.id)
    own = mine.where(Consultation.professional_id == viewer.professional_id)
    shown = or_(Delivery.news.is_(None), Delivery.news.not_in(ABOUT_MONEY), Delivery.consultation_id.in_(own))
    seekers = select(Seeker.id).where(Seeker.service_id.in_([service.id for service in await see_services(tx, viewer)]))
    query = (
        select(Delivery)
        .where(or_(Delivery.consultation_id.in_(mine), Delivery.seeker_id.in_(seekers)), shown)
        .order_by(Delivery.created_at.desc(), Delivery.id)
    )
    return list(await tx.scalars(query.limit(MAX_SHOWN)))
