"""Asking to be told of free times, being offered one, and leaving again, inside the caller's transaction."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from server.access.model import Practice, Professional
from server.booking.actions import hold
from server.booking.details import Given
from server.booking.doors import find_appointment
from server.booking.events import AppointmentCancelled, AppointmentConfirmed, AppointmentMoved, SeekerAsked, SlotOffered
from server.booking.free_times import closed_for
from server.booking.front import front_of
from server.booking.guard import TakesNone, lock_diaries
from server.booking.holding import release
from server.booking.model import Appointment, AppointmentState, Service
from server.booking.offer import slots_of
from server.booking.seekers import Seeker, SeekerState, SlotOffer
from server.booking.seeking import LEAST_AHEAD, Wants, first_that_suits, kept_until
from server.booking.slot_days import day_in
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id, token_hash
from server.core.outbox import add_errand
from server.errors import Conflict, NotFound

OFFER_FREED = "offer-freed"
MOST_SEEKERS = 50  # of one service
MOST_OFFERS = 3
REACHED_FOR = timedelta(days=7)  # whoever is told that a list has ended


class Asked(NamedTuple):
    given: Given
    wants: Wants
    time_zone: str


@dataclass(frozen=True)
class Place:
    """Somebody's place on a list, with the time that is kept for them, if there is one."""

    seeker: Seeker
    service: Service
    offer: SlotOffer | None


def waiting_token(secrets: Secrets, seeker_id: UUID) -> str:
    """Return the token of a seeker's link, derived as join links are."""
    return urlsafe_b64encode(secrets.mac("waiting-list", str(seeker_id))).rstrip(b"=").decode()


def waiting_url(base_url: str, secrets: Secrets, seeker_id: UUID) -> str:
    return f"{base_url}/wait/{waiting_token(secrets, seeker_id)}"


async def ask(tx: Tx, secrets: Secrets, service: Service, asked: Asked, now: datetime) -> Seeker:
    """Put somebody on the list of a service; raises `Conflict` with the code `full`, and `TakesNone` where nobody can be booked.

    It waits for whoever ends the place of its professional, and raises `NotFound` then: that list has ended.
    """
    await _refuse_gone(tx, service)
    if await closed_for(tx, service):
        raise TakesNone
    asking = select(func.count()).where(Seeker.service_id == service.id, Seeker.state == SeekerState.ASKING)
    if (await tx.scalar(asking) or 0) >= MOST_SEEKERS:
        raise Conflict(code="full")
    seeker_id, (given, wants, zone) = new_id(), asked
    seeker = Seeker(
        id=seeker_id,
        practice_id=service.practice_id,
        service_id=service.id,
        state=SeekerState.ASKING,
        name=given.name,
        mobile=given.mobile or None,
        email=given.email or None,
        **wants._asdict(),
        time_zone=zone,
        token_hash=token_hash(waiting_token(secrets, seeker_id)),
        asked_at=now,
        offered_at=None,
        ended_at=None,
    )
    tx.add(seeker)
    await tx.flush()
    await tx.emit(SeekerAsked(seeker.id))
    return seeker


async def find_seeker(tx: Tx, token: str) -> Seeker | None:
    return await tx.scalar(select(Seeker).where(Seeker.token_hash == token_hash(token)))


async def see_place(tx: Tx, seeker_id: UUID, token: str, now: datetime) -> Place:
    """Load what the cookie's token opens; raises `NotFound` unless it is the token of just this seeker."""
    seeker = await find_seeker(tx, token)
    if seeker is None or seeker.id != seeker_id:
        raise NotFound
    return Place(seeker, await tx.get_one(Service, seeker.service_id), await open_offer(tx, seeker.id, now))


async def open_offer(tx: Tx, seeker_id: UUID, now: datetime) -> SlotOffer | None:
    """Return the offer that stands, if there is one: who gave the time back on its own page has none any more."""
    standing = (SlotOffer.seeker_id == seeker_id) & SlotOffer.ended_at.is_(None) & (SlotOffer.until > now)
    held = select(SlotOffer).join(Appointment, Appointment.id == SlotOffer.appointment_id)
    return await tx.scalar(held.where(standing, Appointment.state == AppointmentState.HELD))


async def giver_of(tx: Tx, seeker: Seeker) -> str:
    """Return the name of the professional or the team whose time somebody waits for."""
    return (await front_of(tx, await tx.get_one(Service, seeker.service_id))).name


async def find_match(tx: Tx, seeker: Seeker, now: datetime) -> datetime | None:
    """Return the first free time that suits somebody who asks and has no offer."""
    if await open_offer(tx, seeker.id, now) is not None:
        return None
    service, practice = await tx.get_one(Service, seeker.service_id), await tx.get_one(Practice, seeker.practice_id)
    today = day_in(practice.time_zone, now)
    slots = await slots_of(tx, service, today, (seeker.until - today).days + 1, now)
    before = set(await tx.scalars(select(SlotOffer.begins_at).where(SlotOffer.seeker_id == seeker.id)))
    wants = Wants(seeker.weekdays, seeker.mornings, seeker.afternoons, seeker.until)
    notice = timedelta(minutes=service.notice_min)
    return first_that_suits(slots, wants, practice.time_zone, before, kept_until(now, seeker.time_zone) + max(notice, LEAST_AHEAD))


async def make_offer(tx: Tx, seeker_id: UUID, begins_at: datetime, now: datetime) -> None:
    """Hold a time for somebody and have them told; raises as `hold` does, and `Conflict` for whoever asks for it no more."""
    seeker = await tx.get_one(Seeker, seeker_id)
    service = await tx.get_one(Service, seeker.service_id)
    held = await hold(tx, service, begins_at, seeker.time_zone, now)
    await tx.refresh(seeker, with_for_update=True)
    asks = seeker.state == SeekerState.ASKING and seeker.service_id == service.id
    if not asks or await open_offer(tx, seeker.id, now) is not None:
        raise Conflict(code="asks_no_more")
    until = kept_until(now, seeker.time_zone)
    held.describe(seeker.name, seeker.mobile, seeker.email, now)
    held.hold_until = until
    offer = SlotOffer(
        id=new_id(), seeker_id=seeker.id, appointment_id=held.id, begins_at=begins_at, made_at=now, until=until, ended_at=None
    )
    tx.add(offer)
    seeker.offered_at = now
    await tx.flush()
    add_errand(tx, OFFER_FREED, seeker.practice_id, f"lapsed:{offer.id}", until)
    await tx.emit(SlotOffered(offer.id))


async def pass_on(tx: Tx, place: Place, now: datetime) -> None:
    """Give the time that is kept for them to the next one."""
    if await _give_back(tx, place, now):
        await _count(tx, place.seeker, now)


async def leave(tx: Tx, place: Place, now: datetime) -> None:
    """Ask no more; what is kept for them goes to the next one."""
    await _give_back(tx, place, now)
    await tx.refresh(place.seeker, with_for_update=True)
    if place.seeker.state == SeekerState.ASKING:
        place.seeker.end(SeekerState.LEFT, now)


async def settle_lapsed(tx: Tx, practice_id: UUID, now: datetime) -> None:
    """End the offers whose time is over; who let `MOST_OFFERS` of them go by, or whose last day is over, is off the list.

    Whoever was told long enough ago that their list has ended is forgotten.
    """
    mine = select(SlotOffer, Seeker).join(Seeker, Seeker.id == SlotOffer.seeker_id).where(Seeker.practice_id == practice_id)
    lapsed = mine.where(SlotOffer.ended_at.is_(None), SlotOffer.until <= now).order_by(SlotOffer.until, SlotOffer.id)
    for offer, seeker in (await tx.execute(lapsed)).all():
        offer.ended_at = now
        await _count(tx, seeker, now)
    past = (Seeker.practice_id == practice_id) & (Seeker.state == SeekerState.ASKING) & (Seeker.until < now.date() - timedelta(days=1))
    for seeker in await tx.scalars(select(Seeker).where(past)):
        seeker.end(SeekerState.OVER, now)
    told = (Seeker.practice_id == practice_id) & (Seeker.state == SeekerState.CLOSED) & (Seeker.ended_at < now - REACHED_FOR)
    for seeker in await tx.scalars(select(Seeker).where(told, Seeker.name != "")):
        seeker.forget()


async def in_turn(tx: Tx, practice_id: UUID, now: datetime) -> list[Seeker]:
    """Return who asks at a practice: those who were offered nothing yet first, by when they asked; then by their last offer."""
    asking = (Seeker.practice_id == practice_id) & (Seeker.state == SeekerState.ASKING) & (Seeker.until >= now.date() - timedelta(days=1))
    order = (Seeker.offered_at.is_not(None), Seeker.offered_at, Seeker.asked_at, Seeker.id)
    return list(await tx.scalars(select(Seeker).where(asking).order_by(*order)))


async def on_freed(tx: Tx, fact: AppointmentCancelled | AppointmentMoved, now: datetime) -> None:
    """A promise was given back, or goes elsewhere: see who asks for such a time, once this is committed."""
    appointment = await find_appointment(tx, fact.appointment_id)
    if appointment is not None and await in_turn(tx, appointment.practice_id, now):
        add_errand(tx, OFFER_FREED, appointment.practice_id, f"freed:{appointment.id}:{appointment.sequence}", now)


async def on_taken(tx: Tx, fact: AppointmentConfirmed, now: datetime) -> None:
    """Whoever has booked the time that was kept for them asks no more."""
    offer = await tx.scalar(select(SlotOffer).where(SlotOffer.appointment_id == fact.appointment_id))
    if offer is not None:
        seeker = await tx.get_one(Seeker, offer.seeker_id)
        offer.ended_at = now
        seeker.end(SeekerState.TAKEN, now)


async def _refuse_gone(tx: Tx, service: Service) -> None:
    if service.professional_id is None:
        return
    await lock_diaries(tx, [service.professional_id])
    gone = (Professional.id == service.professional_id) & Professional.ended_at.is_not(None)
    if await tx.scalar(select(Professional.id).where(gone)):
        raise NotFound


async def _give_back(tx: Tx, place: Place, now: datetime) -> bool:
    """Free what is kept for them; tells whether it was this call that did. Diaries first, as whoever makes an offer locks them."""
    offer = place.offer
    appointment: Appointment | None = await find_appointment(tx, offer.appointment_id) if offer else None
    if offer is None or appointment is None:
        return False
    await release(tx, appointment, now)
    await tx.refresh(offer, with_for_update=True)
    if offer.ended_at is not None:
        return False
    offer.ended_at = now
    add_errand(tx, OFFER_FREED, place.seeker.practice_id, f"passed:{offer.id}", now)
    return True


async def _count(tx: Tx, seeker: Seeker, now: datetime) -> None:
    await tx.flush()
    gone_by = await tx.scalar(select(func.count()).where(SlotOffer.seeker_id == seeker.id, SlotOffer.ended_at.is_not(None))) or 0
    if seeker.state == SeekerState.ASKING and gone_by >= MOST_OFFERS:
        seeker.end(SeekerState.GIVEN_UP, now)
