"""Writes to whoever is on a waiting list, by every way that they gave."""

from datetime import datetime

from server.booking.events import SeekerAsked, SlotOffered
from server.booking.seekers import Seeker, SlotOffer
from server.consultation.actions import channels_of
from server.consultation.events import Channel, News
from server.core.db import Tx
from server.messaging.actions import About, queue
from server.messaging.reminding import text_message_at


async def tell_asked(tx: Tx, fact: SeekerAsked, now: datetime) -> None:
    seeker = await tx.get_one(Seeker, fact.seeker_id)
    for channel in channels_of(seeker):
        await queue(tx, About(seeker_id=seeker.id, news=News.LISTED), channel, now)


async def tell_offered(tx: Tx, fact: SlotOffered, now: datetime) -> None:
    """At night the text message waits for the morning, as the offer itself does."""
    offer = await tx.get_one(SlotOffer, fact.offer_id)
    seeker = await tx.get_one(Seeker, offer.seeker_id)
    for channel in channels_of(seeker):
        at = text_message_at(News.REMIND24H, now, seeker.time_zone) if channel == Channel.SMS else now
        await queue(tx, About(seeker_id=seeker.id, news=News.FREED), channel, now, at)
