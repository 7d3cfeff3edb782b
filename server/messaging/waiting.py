"""Writes to whoever is on a waiting list, by every way that they gave."""

from datetime import datetime

from server.booking.events import SeekerAsked, SeekerPassedOn, SlotOffered, WaitingListEnded
from server.booking.seekers import Seeker, SlotOffer
from server.consultation.actions import channels_of
from server.consultation.events import Channel, News
from server.core.db import Tx
from server.messaging.actions import About, queue
from server.messaging.reminding import text_message_at


async def tell_asked(tx: Tx, fact: SeekerAsked, now: datetime) -> None:
    """They have just asked, so they are up."""
    seeker = await tx.get_one(Seeker, fact.seeker_id)
    for channel in channels_of(seeker):
        await queue(tx, About(seeker_id=seeker.id, news=News.LISTED), channel, now)


async def tell_offered(tx: Tx, fact: SlotOffered, now: datetime) -> None:
    offer = await tx.get_one(SlotOffer, fact.offer_id)
    await _tell(tx, await tx.get_one(Seeker, offer.seeker_id), News.FREED, now)


async def tell_passed_on(tx: Tx, fact: SeekerPassedOn, now: datetime) -> None:
    await _tell(tx, await tx.get_one(Seeker, fact.seeker_id), News.WAITS_ON, now)


async def tell_ended(tx: Tx, fact: WaitingListEnded, now: datetime) -> None:
    await _tell(tx, await tx.get_one(Seeker, fact.seeker_id), News.LIST_ENDED, now)


async def _tell(tx: Tx, seeker: Seeker, news: News, now: datetime) -> None:
    """At night the text message waits for the morning, as an offer itself does."""
    for channel in channels_of(seeker):
        at = text_message_at(News.REMIND24H, now, seeker.time_zone) if channel == Channel.SMS else now
        await queue(tx, About(seeker_id=seeker.id, news=news), channel, now, at)
