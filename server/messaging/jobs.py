"""Carries queued messages to the outside, from the outbox."""

from collections.abc import Mapping
from uuid import UUID

from server.consultation.events import Channel
from server.core.house import House
from server.core.outbox import Handler
from server.messaging.actions import compose, settle
from server.messaging.model import Delivery, DeliveryStatus
from server.ports import Carrier
from server.web.i18n import read_languages


def deliver_with(house: House, carriers: Mapping[Channel, Carrier], base_url: str) -> Handler:
    """Return the handler of `deliver` errands: read, carry outside any transaction, settle."""

    languages = read_languages(house.settings.locales_dir)

    async def deliver(delivery_id: UUID) -> None:
        async with house.database.read() as tx:
            delivery = await tx.get_one(Delivery, delivery_id)
            letter = await compose(tx, house.secrets, base_url, languages, delivery) if delivery.status == DeliveryStatus.QUEUED else None
        if delivery.status != DeliveryStatus.QUEUED:
            return
        status = await carriers[Channel(delivery.channel)].carry(letter, str(delivery_id)) if letter else DeliveryStatus.CANCELLED
        async with house.database.write() as tx:
            await settle(tx, delivery_id, status, house.clock.now())

    return deliver
