"""What could not be delivered, for a practice's administrators: without a name, and with as much of an address as tells which it is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from server.access.model import Practice, Professional
from server.access.policy import Viewer
from server.consultation.events import Channel
from server.consultation.model import Consultation
from server.core.db import Tx
from server.errors import NotFound
from server.messaging.actions import MAX_SHOWN, about_of, mailed_about, queue
from server.messaging.composing import Post, compose
from server.messaging.model import UNREACHED, Delivery, DeliveryStatus
from server.messaging.own_texts import administered

UNDERWAY = frozenset({DeliveryStatus.QUEUED, DeliveryStatus.SENT, DeliveryStatus.DELIVERED})


@dataclass(frozen=True)
class Undelivered:
    """`address` is None where nothing is left to say; `instead`: an e-mail about the same went out."""

    delivery: Delivery
    professional: str
    scheduled_at: datetime
    address: str | None
    instead: bool


async def undelivered(tx: Tx, post: Post, practice: Practice, now: datetime) -> list[Undelivered]:
    """Return what nobody has dealt with yet, the newest first; what a waiting list's offer said is of no use later."""
    found = await tx.scalars(select(Delivery).where(_of(practice.id)).order_by(Delivery.created_at.desc(), Delivery.id).limit(MAX_SHOWN))
    return [await _shown(tx, post, delivery, now) for delivery in list(found)]


async def count_left(tx: Tx, practice_id: UUID) -> int:
    """Return how many of them nobody has dealt with."""
    return await tx.scalar(select(func.count()).select_from(Delivery).where(_of(practice_id))) or 0


def _of(practice_id: UUID) -> ColumnElement[bool]:
    mine = (Delivery.practice_id == practice_id) & Delivery.consultation_id.is_not(None)
    return mine & Delivery.status.in_(UNREACHED) & Delivery.dealt_with_at.is_(None)


async def send_again(tx: Tx, viewer: Viewer, delivery_id: UUID, now: datetime) -> None:
    """Queue the same message once more; a second press finds nothing to send. Raises `Forbidden`, `NotFound`."""
    delivery = await _left(tx, viewer, delivery_id)
    if delivery.dealt_with_at is None:
        delivery.dealt_with_at = now
        await queue(tx, about_of(delivery), Channel(delivery.channel), now)


async def deal_with(tx: Tx, viewer: Viewer, delivery_id: UUID, now: datetime) -> None:
    """Somebody has seen to it in another way; raises `Forbidden`, `NotFound`."""
    delivery = await _left(tx, viewer, delivery_id)
    delivery.dealt_with_at = delivery.dealt_with_at or now


def masked(address: str) -> str:
    """Return enough of an address to know it again: `d…@example.org`, `…001`."""
    name, at, host = address.partition("@")
    return f"{name[:1]}…@{host}" if at else f"…{address[-3:]}"


async def _left(tx: Tx, viewer: Viewer, delivery_id: UUID) -> Delivery:
    practice = await administered(tx, viewer)
    delivery = await tx.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None or delivery.practice_id != practice.id or delivery.status not in UNREACHED:
        raise NotFound
    return delivery


async def _shown(tx: Tx, post: Post, delivery: Delivery, now: datetime) -> Undelivered:
    consultation = await tx.get_one(Consultation, delivery.consultation_id)
    professional = await tx.get_one(Professional, consultation.professional_id)
    letter = await compose(tx, post, delivery, now)
    address = masked(letter.to) if letter else None
    return Undelivered(delivery, professional.full_name, consultation.scheduled_at, address, await _went_instead(tx, delivery))


async def _went_instead(tx: Tx, delivery: Delivery) -> bool:
    other = select(Delivery.id).where(mailed_about(delivery), Delivery.id != delivery.id, Delivery.status.in_(UNDERWAY))
    return await tx.scalar(other.limit(1)) is not None
