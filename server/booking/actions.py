"""Holding, confirming, cancelling and moving a time, inside the caller's transaction. What fails leaves nothing behind."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from server.access.acting import Reach
from server.access.restrictions import find_restriction
from server.booking.events import AppointmentCancelled, AppointmentConfirmed, AppointmentMoved, HoldEnded
from server.booking.grains import Span, span_around
from server.booking.guard import (
    BusyElsewhere,
    JustTaken,
    busy_elsewhere,
    expire_stale,
    give_back,
    lock_appointment,
    lock_diaries,
    members_of,
    refuse_closed,
    refuse_gone,
    span_of,
    take,
    take_what_is_free,
)
from server.booking.model import (
    HOLD_FOR,
    NOT_STANDING,
    Appointment,
    AppointmentMember,
    AppointmentState,
    Party,
    Pays,
    Service,
    ServiceState,
)
from server.booking.offer import Offer, Wish, load_offer
from server.booking.slots import Slot
from server.booking.zones import checked_zone
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.core.ids import new_id
from server.core.marking import _
from server.errors import Conflict, Invalid, NotFound, Restricted
from server.patients.acting_doors import Reader, see_record_for
from server.patients.actions import Contact, add_record, readdress
from server.patients.doors import find_own_record
from server.patients.model import Patient

FURTHEST_AHEAD = timedelta(days=366 + 1)  # the longest horizon, and the hours of the day on which it ends
DAY = timedelta(days=1)
NOT_OFFERED = _("This time is not offered. Please choose another one.")


@dataclass(frozen=True)
class Details:
    """Who books: a name and how to write to them. `person_id` is the account that books for itself."""

    name: str
    mobile: str | None
    email: str | None
    person_id: UUID | None = None


@dataclass(frozen=True)
class Planned:
    """A time that a professional plans themself, for a patient's record that its door let them see; `begins_at` in aware UTC."""

    practice_id: UUID
    professional_id: UUID
    patient_id: UUID
    booked_by: UUID
    begins_at: datetime
    length_min: int
    time_zone: str


async def hold(tx: Tx, service: Service, begins_at: datetime, time_zone: str, now: datetime) -> Appointment:
    """Keep a time for `HOLD_FOR`, all who are needed or none; `begins_at` is aware, `time_zone` of whoever books.

    Raises `JustTaken`, `TakesNone`, `Invalid` with the code `not_offered` for a time that the service does not offer now (also: no longer,
    not yet), or with `time_zone`, and `NotFound` for a service that is not offered at all.
    """
    checked_zone(time_zone)
    if service.state != ServiceState.OFFERED:
        raise NotFound
    offer = await _offer_around(tx, Wish(service), begins_at, now)
    appointment = _held(service, begins_at, time_zone, now)
    who = offer.who or ([service.professional_id] if service.professional_id else [])
    await lock_diaries(tx, who)
    await refuse_closed(tx, who)
    await expire_stale(tx, who, span_of(appointment), now)
    slot = await _slot_at(tx, offer, begins_at, now)
    async with tx.begin_nested():
        await _add(tx, appointment, slot.members)
        await take(tx, appointment.id, slot.members, span_of(appointment))
    return appointment


async def confirm(tx: Tx, appointment: Appointment, who: Details, now: datetime) -> None:
    """Turn a hold into a promise, on the record of the account that books, or on a new one.

    Raises `Conflict` once the hold is over or whoever was to give it is gone, and `Restricted` for a record that is kept and not used.
    """
    await tx.refresh(appointment, with_for_update=locked())
    appointment.refuse_unless_held(now)
    await refuse_gone(tx, await members_of(tx, appointment))
    contact = Contact(who.name, who.mobile, who.email)
    if appointment.patient_id is not None:
        await _confirm_for(tx, appointment, who, now)
        return
    known = await find_own_record(tx, who.person_id, appointment.practice_id, lock=True) if who.person_id else None
    await refuse_restricted(tx, known, now)
    if known is None:
        known = await add_record(tx, appointment.practice_id, contact, who.person_id, now)
    elif who.person_id:
        await readdress(tx, who.person_id, known, contact, now)
    appointment.confirm(known.id, now)
    appointment.booked_by = who.person_id
    await tx.flush()
    await tx.emit(AppointmentConfirmed(appointment.id))


async def _confirm_for(tx: Tx, appointment: Appointment, who: Details, now: datetime) -> None:
    """Promise it to somebody for whom whoever books acts; where messages go to the patient stays what it is."""
    acting = await _acted_for(tx, appointment, who, now)
    await refuse_restricted(tx, acting, now)
    known = acting or await add_record(tx, appointment.practice_id, Contact(who.name, who.mobile, who.email), None, now)
    appointment.confirm(known.id, now)
    appointment.booked_by = who.person_id if acting else None
    await tx.flush()
    await tx.emit(AppointmentConfirmed(appointment.id))
    if acting:
        await record(tx, Deed(known.practice_id, who.person_id, Act.ADDED, "appointment", appointment.id, known.id), now)


async def _acted_for(tx: Tx, appointment: Appointment, who: Details, now: datetime) -> Patient | None:
    """Return the record; None for whoever has lost the right since: they have booked for a name, and nothing is opened by it."""
    if who.person_id is None or appointment.patient_id is None:
        return None
    try:
        reader = Reader(who.person_id, now)
        return (await see_record_for(tx, reader, appointment.patient_id, Reach.BOOK, lock=True)).patient
    except NotFound:
        return None


async def refuse_restricted(tx: Tx, record_of_patient: Patient | None, now: datetime) -> None:
    """Raises `Restricted` where the record on which it is booked is kept and not used."""
    if record_of_patient is not None and await find_restriction(tx, record_of_patient.id, now):
        raise Restricted(code="restricted_own")


async def cancel(tx: Tx, appointment: Appointment, by: Party, now: datetime) -> None:
    """Give the time back. Raises `Conflict`: `not_standing`, or `too_late` for a patient. Who had only held it is told of to nobody."""
    who = await lock_appointment(tx, appointment)
    was_confirmed = appointment.state == AppointmentState.CONFIRMED
    appointment.cancel(by, now)
    await give_back(tx, appointment, who)
    await tx.flush()
    await tx.emit(AppointmentCancelled(appointment.id) if was_confirmed else HoldEnded(appointment.id))


async def hold_again(tx: Tx, appointment: Appointment, until: datetime, now: datetime) -> None:
    """Hold a time for longer, or once more if it is still free though its hold was given up.

    Raises `JustTaken` where others have it now, `TakesNone` where it would have to be taken anew, and `Conflict` with `not_standing` for
    one that was cancelled, once it has begun, and where whoever was to give it is gone.
    """
    who = await lock_appointment(tx, appointment)
    await refuse_gone(tx, who)
    if appointment.begins_at <= now:
        raise Conflict(NOT_STANDING, code="not_standing")
    if appointment.state == AppointmentState.EXPIRED:
        await refuse_closed(tx, who)
        await expire_stale(tx, who, span_of(appointment), now)
        await take(tx, appointment.id, who, span_of(appointment))
    appointment.keep_held(until)
    await tx.flush()


async def move(tx: Tx, appointment: Appointment, begins_at: datetime, version: int, now: datetime) -> None:
    """Give up one time and take another in the same step, for a patient: by the rules of the service, to a time that it offers.

    Whoever gives it stays. On a conflict the old time is kept. Raises `JustTaken`; `TakesNone`; `Conflict`: `stale`, `too_late`,
    `not_standing`; `Invalid`: `not_offered`.
    """
    who = await lock_appointment(tx, appointment)
    appointment.refuse_to_move(version, Party.PATIENT, now)
    await refuse_closed(tx, who)
    service = await tx.get(Service, appointment.service_id) if appointment.service_id else None
    if service is None:
        raise Conflict(NOT_STANDING, code="not_standing")
    await expire_stale(tx, who, _moved_span(appointment, begins_at), now)
    await _slot_at(tx, await _offer_around(tx, Wish(service, appointment), begins_at, now), begins_at, now)
    await _move(tx, appointment, who, begins_at)


async def move_for_practice(tx: Tx, appointment: Appointment, begins_at: datetime, version: int, now: datetime) -> None:
    """Move as the practice does, to any time to come at which the same people are free. Raises as `move` does, but `too_late`.

    What a professional planned themself goes anywhere: they decide about their own time.
    """
    who = await lock_appointment(tx, appointment)
    appointment.refuse_to_move(version, Party.PRACTICE, now)
    await refuse_closed(tx, who)
    _refuse_far(begins_at, now)
    await expire_stale(tx, who, _moved_span(appointment, begins_at), now)
    if await busy_elsewhere(tx, appointment.practice_id, who, _moved_span(appointment, begins_at)):
        raise JustTaken  # whoever moves it may be a colleague, who learns of no other practice
    await _move(tx, appointment, who, begins_at)


async def _move(tx: Tx, appointment: Appointment, who: list[UUID], begins_at: datetime) -> None:
    """Change the grains, or nothing at all; the row follows only then, so that a conflict leaves it as it is."""
    async with tx.begin_nested():
        await give_back(tx, appointment, who)
        take_them = take_what_is_free if appointment.service_id is None else take
        await take_them(tx, appointment.id, who, _moved_span(appointment, begins_at))
    appointment.move(begins_at)
    await tx.flush()
    await tx.emit(AppointmentMoved(appointment.id))


async def block(tx: Tx, plan: Planned, now: datetime) -> Appointment:
    """Add what a professional plans themself, confirmed at once; nobody is offered its time any more.

    It may lie over what is there already: a professional decides about their own time. What others have taken stays theirs. Whoever takes
    no new bookings begins at once and plans nothing ahead: raises `TakesNone`. Over what they promised in another practice it may not lie:
    raises `BusyElsewhere`.
    Diaries are locked here, so call it (or `lock_diaries`) before anything else that may wait.
    """
    appointment = _planned(plan, now)
    await lock_diaries(tx, [plan.professional_id])
    if plan.begins_at > now:
        await refuse_closed(tx, [plan.professional_id])
    await expire_stale(tx, [plan.professional_id], span_of(appointment), now)
    if await busy_elsewhere(tx, plan.practice_id, [plan.professional_id], span_of(appointment)):
        raise BusyElsewhere
    await _add(tx, appointment, (plan.professional_id,))
    await take_what_is_free(tx, appointment.id, [plan.professional_id], span_of(appointment))
    return appointment


async def _offer_around(tx: Tx, wish: Wish, begins_at: datetime, now: datetime) -> Offer:
    """Read the rules for the day of that moment, whatever day it is in the practice."""
    _refuse_far(begins_at, now)
    return await load_offer(tx, wish, begins_at.date() - DAY, 3, now)


async def _slot_at(tx: Tx, offer: Offer, begins_at: datetime, now: datetime) -> Slot:
    """Return the slot that begins then; raises `JustTaken` where it would be one but for others, and `Invalid` where it would be none."""
    taken = await offer.taken(tx, now)
    for slot in offer.slots(taken, now):
        if slot.begins_at == begins_at:
            return slot
    if any(slot.begins_at == begins_at for slot in offer.slots({}, now)):
        raise JustTaken
    raise Invalid(NOT_OFFERED, code="not_offered")


def _refuse_far(begins_at: datetime, now: datetime) -> None:
    if not now <= begins_at <= now + FURTHEST_AHEAD:
        raise Invalid(NOT_OFFERED, code="not_offered")


def _moved_span(appointment: Appointment, begins_at: datetime) -> Span:
    shift = begins_at - appointment.begins_at
    return span_around(appointment.taken_from + shift, appointment.taken_until + shift)


async def _add(tx: Tx, appointment: Appointment, who: tuple[UUID, ...]) -> None:
    """Add the row and who gives it, the first of them in the lead."""
    tx.add(appointment)
    await tx.flush()
    tx.add_all(AppointmentMember(appointment_id=appointment.id, professional_id=each, lead=each == who[0]) for each in who)
    await tx.flush()


def _held(service: Service, begins_at: datetime, time_zone: str, now: datetime) -> Appointment:
    return Appointment(
        id=new_id(),
        practice_id=service.practice_id,
        service_id=service.id,
        patient_id=None,
        state=AppointmentState.HELD,
        begins_at=begins_at,
        ends_at=begins_at + timedelta(minutes=service.length_min),
        buffer_before_min=service.buffer_before_min,
        buffer_after_min=service.buffer_after_min,
        cancel_until_min=service.cancel_until_min,
        move_until_min=service.move_until_min,
        time_zone=time_zone,
        hold_until=now + HOLD_FOR,
        sequence=0,
        version=1,
        name=None,
        mobile=None,
        email=None,
        booked_by=None,
        price_minor=service.price_minor,
        currency=service.currency,
        pays=service.pays,
        late_fee_percent=service.late_fee_percent,
        no_show_fee_percent=service.no_show_fee_percent,
        created_at=now,
        confirmed_at=None,
        cancelled_at=None,
        cancelled_by=None,
    )


def _planned(plan: Planned, now: datetime) -> Appointment:
    return Appointment(
        id=new_id(),
        practice_id=plan.practice_id,
        service_id=None,
        patient_id=plan.patient_id,
        state=AppointmentState.CONFIRMED,
        begins_at=plan.begins_at,
        ends_at=plan.begins_at + timedelta(minutes=plan.length_min),
        buffer_before_min=0,
        buffer_after_min=0,
        cancel_until_min=0,
        move_until_min=0,
        time_zone=plan.time_zone,
        hold_until=None,
        sequence=0,
        version=1,
        name=None,
        mobile=None,
        email=None,
        booked_by=plan.booked_by,
        price_minor=0,
        currency="GBP",
        pays=Pays.PRACTICE,
        late_fee_percent=None,
        no_show_fee_percent=0,
        created_at=now,
        confirmed_at=now,
        cancelled_at=None,
        cancelled_by=None,
    )
