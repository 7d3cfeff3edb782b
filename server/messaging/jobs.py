"""Carries queued messages to the outside, from the outbox."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from server.consultation.events import Channel
from server.core.db import Tx
from server.core.house import House
from server.core.numbers import e164
from server.messaging.actions import settle
from server.messaging.composing import Post, compose
from server.messaging.model import Delivery, DeliveryStatus, Why
from server.messaging.optouts import is_stopped
from server.messaging.reminders import remind
from server.ports import Carried, Carrier, Letter

CAME_TO = {
    Carried.SENT: DeliveryStatus.SENT,
    Carried.REFUSED: DeliveryStatus.FAILED,
    Carried.NOT_SENT: DeliveryStatus.NOT_SENT,
}


@dataclass(frozen=True)
class Deliverer:
    """The handlers of `deliver` errands: what they do, and what happens when they are given up."""

    house: House
    post: Post
    carriers: Mapping[Channel, Carrier]

    async def deliver(self, delivery_id: UUID) -> None:
        """Read, carry outside any transaction, settle."""
        async with self.house.database.read() as tx:
            delivery = await tx.get_one(Delivery, delivery_id)
            if delivery.status != DeliveryStatus.QUEUED:
                return
            letter = await self._letter(tx, delivery)
            stopped = letter is not None and await is_stopped(tx, self.post.secrets, letter.to)
        if stopped:
            await self._settle(delivery_id, DeliveryStatus.STOPPED, Why.STOPPED)
            return
        status = await self._carried(delivery, letter)
        await self._settle(delivery_id, status, Why.REFUSED if status == DeliveryStatus.FAILED else None)

    async def give_up(self, delivery_id: UUID) -> None:
        await self._settle(delivery_id, DeliveryStatus.FAILED, Why.UNREACHABLE)

    async def _letter(self, tx: Tx, delivery: Delivery) -> Letter | None:
        """What is no number stays as it is: the provider refuses it, and the practice is told."""
        letter = await compose(tx, self.post, delivery, self.house.clock.now())
        if letter is None or delivery.channel != Channel.SMS:
            return letter
        return replace(letter, to=e164(letter.to, self.house.settings.phone_region) or letter.to)

    async def _carried(self, delivery: Delivery, letter: Letter | None) -> DeliveryStatus:
        if letter is None:
            return DeliveryStatus.CANCELLED
        return CAME_TO[await self.carriers[Channel(delivery.channel)].carry(letter, str(delivery.id))]

    async def _settle(self, delivery_id: UUID, status: DeliveryStatus, why: Why | None = None) -> None:
        async with self.house.database.write() as tx:
            await settle(tx, delivery_id, status, self.house.clock.now(), why)


def remind_with(house: House) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `remind` errands."""

    async def run(reminder_id: UUID) -> None:
        async with house.database.write() as tx:
            await remind(tx, reminder_id, house.clock.now())

    return run
