"""Writes a message as it reads at this moment: to the patient, to a guest, or to a colleague who is asked in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from server.access.acting import Reach
from server.access.brand import look_of
from server.access.model import Practice, Professional
from server.access.representation import Representation
from server.access.restrictions import find_restriction
from server.access.viewer import name_of
from server.booking.doors import professionals_of
from server.booking.front import again_at
from server.booking.model import Appointment
from server.booking.seekers import Seeker, SeekerState
from server.booking.waiting_list import giver_of, open_offer, waiting_url
from server.consultation.actions import Addressed
from server.consultation.calendar_file import Event, calendar_file
from server.consultation.events import Channel, News
from server.consultation.join_link import join_url
from server.consultation.model import Consultation, ConsultationState, JoinLink, Participant, Stage
from server.consultation.records import Invitation
from server.core.crypto import Secrets
from server.core.db import Tx
from server.identity.model import Person
from server.messaging.model import Delay, Delivery, Reminder
from server.messaging.money_news import KINDS, SEES_MONEY, document_told
from server.messaging.own_texts import find_text
from server.messaging.reminders import stands
from server.messaging.texts import (
    Call,
    Manner,
    Money,
    apology,
    calendar_note,
    cancellation,
    invitation,
    invoice_note,
    paid_note,
    refund_note,
    summons,
    to_patient,
)
from server.messaging.wording import Kind
from server.patients.acting_doors import find_spokesman
from server.patients.model import Patient
from server.ports import Letter
from server.web.i18n import Language, Languages


@dataclass(frozen=True)
class Post:
    """What every message is written with."""

    secrets: Secrets
    base_url: str
    languages: Languages


Write = Callable[[str, Practice, Call, Language], Letter]
MUST_BE_TOLD = {News.CANCELLED, News.PAID, News.REFUNDED, News.INVOICED}  # also to whoever's record is restricted
MONEY_NOTES = {News.PAID: paid_note, News.REFUNDED: refund_note, News.INVOICED: invoice_note}


class _To(NamedTuple):
    """Who reads it, the patient or whoever acts for them, and their way to the consultation."""

    whom: Addressed
    url: str


class _Told(NamedTuple):
    """Who is told what: a patient of a kind of thing, anybody else as `what` writes; `dated` when the message belongs into a calendar."""

    whom: Addressed
    call: Call
    what: Kind | Write
    dated: bool = False


async def compose(tx: Tx, post: Post, delivery: Delivery, now: datetime) -> Letter | None:
    """Return the message, or None when there is nothing left to say: revoked, over, come, restricted, or no address any more.

    An e-mail has the look of the practice.
    """
    letter = await _composed(tx, post, delivery, now)
    if letter is None or delivery.channel == Channel.SMS:
        return letter
    practice = await tx.get_one(Practice, delivery.practice_id)
    return await in_look(tx, practice, letter)


async def in_look(tx: Tx, practice: Practice, letter: Letter) -> Letter:
    """Return an e-mail in the look of a practice."""
    return replace(letter, look=await look_of(tx, practice.brand))


async def _composed(tx: Tx, post: Post, delivery: Delivery, now: datetime) -> Letter | None:
    if delivery.seeker_id is not None:
        return await _seeker(tx, post, delivery, now)
    consultation = await tx.get_one(Consultation, delivery.consultation_id)
    if delivery.news not in MUST_BE_TOLD and await find_restriction(tx, consultation.patient_id, now):
        return None
    told = await (_colleague if delivery.link_id is None else _guest_or_patient)(tx, post, consultation, delivery, now)
    if told is None or (consultation.over and not _tells_of_the_end(consultation, delivery)):
        return None
    address = told.whom.mobile if delivery.channel == Channel.SMS else told.whom.email
    if not address:
        return None
    practice = await tx.get_one(Practice, delivery.practice_id)
    language = post.languages.choose(practice.language, "")
    letter = (await _writing(tx, practice, told.what, language))(address, practice, told.call, language)
    if delivery.channel == Channel.SMS or not told.dated:
        return letter
    entry = await _entry(tx, consultation, letter.subject, calendar_note(practice, language))
    return replace(letter, calendar=calendar_file(entry, now))


async def _seeker(tx: Tx, post: Post, delivery: Delivery, now: datetime) -> Letter | None:
    """Tell somebody on a waiting list where they stand, or what is kept for them at this moment."""
    seeker = await tx.get_one(Seeker, delivery.seeker_id)
    offer = await open_offer(tx, seeker.id, now)
    kind = Kind(delivery.news or Kind.LISTED)
    address = seeker.mobile if delivery.channel == Channel.SMS else seeker.email
    wanted = SeekerState.CLOSED if kind == Kind.LIST_ENDED else SeekerState.ASKING
    if not address or seeker.state != wanted or (kind == Kind.FREED and offer is None):
        return None
    practice = await tx.get_one(Practice, delivery.practice_id)
    language = post.languages.choose(practice.language, "")
    when, until = (offer.begins_at, offer.until) if offer else (now, None)
    url, given_by = waiting_url(post.base_url, post.secrets, seeker.id), await giver_of(tx, seeker)
    call = Call(when, url, zone=seeker.time_zone, until=until, professional=given_by)
    return (await _writing(tx, practice, kind, language))(address, practice, call, language)


async def _writing(tx: Tx, practice: Practice, what: Kind | Write, language: Language) -> Write:
    if isinstance(what, Kind):
        return partial(to_patient, Manner(what, await find_text(tx, practice.id, what, language.tag)))
    return what


def _tells_of_the_end(consultation: Consultation, delivery: Delivery) -> bool:
    if delivery.news in KINDS:
        return True
    return delivery.news in {News.CANCELLED, News.MISSED} and consultation.state == ConsultationState.CANCELLED


async def _entry(tx: Tx, consultation: Consultation, title: str, note: str) -> Event:
    """Each change of the appointment has a higher sequence, so that a calendar believes the last one (RFC 5545, 3.8.7.4)."""
    appointment = await tx.get(Appointment, consultation.appointment_id) if consultation.appointment_id else None
    return Event(
        consultation.id,
        consultation.scheduled_at,
        consultation.duration_min,
        title,
        note,
        sequence=appointment.sequence if appointment else 0,
        cancelled=consultation.state == ConsultationState.CANCELLED,
    )


async def called_name(tx: Tx, delivery: Delivery) -> str | None:
    """Return which colleague a message is for, or who acts for the patient; None for one to a patient or guest."""
    if delivery.representation_id is not None:
        acting = await tx.get_one(Representation, delivery.representation_id)
        return (await tx.get_one(Person, acting.person_id)).name if acting.person_id else acting.name
    place = await tx.get(Participant, delivery.participant_id) if delivery.participant_id else None
    return None if place is None else place.name


async def _guest_or_patient(tx: Tx, post: Post, consultation: Consultation, delivery: Delivery, now: datetime) -> _Told | None:
    link = await tx.get_one(JoinLink, delivery.link_id)
    if link.revoked_at is not None:
        return None
    to = await _to(tx, post, consultation, delivery, now)
    if to is None:
        return None
    if delivery.reminder_id is not None:
        return await _reminder(tx, consultation, delivery, to, now)
    if delivery.delay_id is not None:
        return await _delayed(tx, consultation, delivery, to, now)
    if delivery.news in KINDS:
        return await _money(tx, consultation, delivery, to)
    return await _invited(tx, post, consultation, delivery, link, to)


async def _to(tx: Tx, post: Post, consultation: Consultation, delivery: Delivery, now: datetime) -> _To | None:
    """Return where it goes; None for whoever acts for the patient no more, or not as far as it takes to open what the link leads to.

    Their link holds no secret: they sign in, and what has ended meanwhile is not there.
    """
    if delivery.representation_id is None:
        url = join_url(post.base_url, post.secrets, delivery.link_id) if delivery.link_id else ""
        return _To(await tx.get_one(Patient, consultation.patient_id), url)
    needed = SEES_MONEY if delivery.news in KINDS else Reach.BOOK
    acting = await find_spokesman(tx, delivery.representation_id, consultation.patient_id, needed, now)
    return _To(acting, f"{post.base_url}/my/{consultation.patient_id}/consultations/{consultation.id}") if acting else None


async def _invited(  # noqa: PLR0913, PLR0917 - each is a part of what is to be known about it
    tx: Tx, post: Post, consultation: Consultation, delivery: Delivery, link: JoinLink, to: _To
) -> _Told | None:
    """Write an invitation, or the news of the appointment that it was for."""
    invited = await tx.get(Invitation, link.participant_id)
    if invited is None and delivery.news == News.MISSED:
        sorry = Call(consultation.scheduled_at, await _new_times(tx, post, consultation))
        return _Told(to.whom, sorry, apology, dated=True)
    if invited is None:
        kind = Kind(delivery.news or Kind.INVITATION)
        call = Call(consultation.scheduled_at, to.url, professional=await _givers(tx, consultation))
        return _Told(to.whom, call, kind, dated=True)
    called_off = delivery.news in {News.CANCELLED, News.MISSED}
    write = cancellation if called_off else partial(invitation, moved=delivery.news == News.MOVED)
    name = await name_of(tx, invited.person_id, consultation.practice_id)
    return _Told(invited, Call(consultation.scheduled_at, to.url, name), write, dated=True)


async def _givers(tx: Tx, consultation: Consultation) -> str:
    """Return who gives the appointment, whoever leads first."""
    if consultation.appointment_id is None:
        return ""
    return ", ".join(one.full_name for one in await professionals_of(tx, consultation.appointment_id))


async def _money(tx: Tx, consultation: Consultation, delivery: Delivery, to: _To) -> _Told | None:
    """Name the document; its page is there as long as the link is, also once the appointment is over or cancelled."""
    document = await document_told(tx, consultation, delivery)
    if document is None or delivery.news is None:
        return None
    money = Money(document.gross_minor, document.currency, document.numbered, document.sandbox)
    call = Call(document.given_at, to.url)
    return _Told(to.whom, call, partial(MONEY_NOTES[News(delivery.news)], money))


async def _new_times(tx: Tx, post: Post, consultation: Consultation) -> str:
    """Return where a missed appointment can be booked again, or "" where nobody can be."""
    path = await again_at(tx, await tx.get_one(Appointment, consultation.appointment_id))
    return post.base_url + path if path else ""


async def _reminder(tx: Tx, consultation: Consultation, delivery: Delivery, to: _To, now: datetime) -> _Told | None:
    """Look again: it may have waited for the morning, or for a provider."""
    reminder = await tx.get_one(Reminder, delivery.reminder_id)
    appointment = await tx.get_one(Appointment, reminder.appointment_id)
    if not stands(reminder, appointment, consultation, now):
        return None
    call = Call(consultation.scheduled_at, to.url, zone=appointment.time_zone)
    return _Told(to.whom, call, Kind(reminder.kind))


async def _delayed(tx: Tx, consultation: Consultation, delivery: Delivery, to: _To, now: datetime) -> _Told | None:
    """Nobody who has been let in, or whose time is long over, need hear of it."""
    delay = await tx.get_one(Delay, delivery.delay_id)
    if consultation.started_at is not None or now > delay.said_at + timedelta(minutes=delay.minutes):
        return None
    professional = await tx.get_one(Professional, delay.professional_id)
    appointment = await tx.get(Appointment, consultation.appointment_id) if consultation.appointment_id else None
    zone = appointment.time_zone if appointment else ""
    call = Call(consultation.scheduled_at, to.url, zone=zone, professional=professional.full_name, minutes=delay.minutes)
    return _Told(to.whom, call, Kind.DELAYED)


async def _colleague(tx: Tx, post: Post, consultation: Consultation, delivery: Delivery, now: datetime) -> _Told | None:
    """Somebody who has come needs no call any more."""
    del now
    place = await tx.get_one(Participant, delivery.participant_id)
    if place.stage == Stage.IN_CALL:
        return None
    invited = await tx.get_one(Invitation, place.id)
    call = Call(
        consultation.scheduled_at, f"{post.base_url}/desk/{consultation.id}", await name_of(tx, invited.person_id, consultation.practice_id)
    )
    return _Told(await tx.get_one(Person, place.person_id), call, summons)
