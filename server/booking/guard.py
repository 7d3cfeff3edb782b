"""What keeps a time from being sold twice: one row for every five minutes of a diary, whose key can exist once.

Somebody who works in several practices has one diary in all of them, so no practice sells what another has sold.

Whoever is about to take grains first locks the diaries of everybody concerned, in the order of their ids, and then whatever else they need:
so nobody waits for somebody who waits for them. On SQLite the write transaction itself is that lock. The lock gives everybody their turn;
that a time is not sold twice does not depend on it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, or_, select
from sqlalchemy.exc import IntegrityError

from server.access.model import Professional
from server.booking.events import HoldEnded
from server.booking.grains import Span, span_around
from server.booking.model import NOT_STANDING, Appointment, AppointmentMember, AppointmentState, Grain
from server.core.db import Tx, locked
from server.core.marking import _
from server.errors import Conflict


class JustTaken(Conflict):
    """Somebody else has the time. Nothing was changed; fresh slots are there to be read."""

    code, message = "just_taken", _("This time was just taken. Please choose another one.")


class TakesNone(Conflict):
    """Whoever is asked for takes no new bookings at the moment."""

    code, message = "takes_none", _("This professional takes no new bookings at the moment.")


class BusyElsewhere(Conflict):
    """Whoever plans this has promised the time in another practice, which is theirs alone to know."""

    code, message = "busy_elsewhere", _("You have an appointment in another practice at that time. Please choose another one.")


async def lock_diaries(tx: Tx, who: Iterable[UUID]) -> None:
    """Wait for one's turn with these professionals, in all their practices; call it before anything else that may wait."""
    named = list(who)
    diaries = select(Professional.diary_id).where(Professional.id.in_(named))
    locked = select(Professional.id).where(or_(Professional.id.in_(named), Professional.id.in_(diaries))).order_by(Professional.id)
    await tx.execute(locked.with_for_update(key_share=True))  # which lets others refer to a professional meanwhile


async def lock_appointment(tx: Tx, appointment: Appointment) -> list[UUID]:
    """Lock the diaries of those who give an appointment, then the appointment itself, as it is now; returns who gives it."""
    who = await members_of(tx, appointment)
    await lock_diaries(tx, who)
    await tx.refresh(appointment, with_for_update=locked())
    return who


async def members_of(tx: Tx, appointment: Appointment) -> list[UUID]:
    """Return who gives an appointment, in the order of their ids."""
    mine = select(AppointmentMember.professional_id).where(AppointmentMember.appointment_id == appointment.id)
    return list(await tx.scalars(mine.order_by(AppointmentMember.professional_id)))


async def refuse_gone(tx: Tx, who: Iterable[UUID]) -> None:
    """Raise `Conflict` with `not_standing` where the place of one of them has ended: nobody could give what is promised."""
    gone = select(Professional.id).where(Professional.id.in_(who), Professional.ended_at.is_not(None))
    if await tx.scalar(gone.limit(1)):
        raise Conflict(NOT_STANDING, code="not_standing")


async def refuse_closed(tx: Tx, who: Iterable[UUID]) -> None:
    """Raise `TakesNone` where one of them takes no new bookings. Their diaries are locked, so that it cannot be said meanwhile."""
    if await find_closed(tx, who) is not None:
        raise TakesNone


async def find_closed(tx: Tx, who: Iterable[UUID]) -> Professional | None:
    """Return one of these professionals who takes no new bookings, the first by name."""
    closed = select(Professional).where(Professional.id.in_(who), Professional.takes_none_since.is_not(None))
    fresh = closed.order_by(Professional.name, Professional.id).limit(1).execution_options(populate_existing=True)
    return await tx.scalar(fresh)


async def take(tx: Tx, appointment_id: UUID, who: Iterable[UUID], span: Span) -> None:
    """Take these grains of everybody, or none at all and raise `JustTaken`; the rest of the transaction can go on."""
    diaries = await diaries_of(tx, who)
    try:
        async with tx.begin_nested():
            await _insert(tx, appointment_id, [(diary_id, g) for diary_id in diaries for g in range(*span)])
    except IntegrityError:
        raise JustTaken from None


async def take_what_is_free(tx: Tx, appointment_id: UUID, who: Iterable[UUID], span: Span) -> None:
    """Take those of the grains that nobody has: what a professional plans over somebody else's time takes nothing from them."""
    diaries = await diaries_of(tx, who)
    there = await tx.execute(select(Grain.diary_id, Grain.g).where(_within(diaries, span)))
    taken = {(diary_id, g) for diary_id, g in there}
    wanted = ((diary_id, g) for diary_id in diaries for g in range(*span))
    await _insert(tx, appointment_id, [pair for pair in wanted if pair not in taken])


async def busy_elsewhere(tx: Tx, practice_id: UUID, who: Iterable[UUID], span: Span) -> bool:
    """Whether another practice has any of this time: a plan of one's own may lie over what there is in the same practice only."""
    others = select(Grain.g).join(Appointment, Appointment.id == Grain.appointment_id).where(Appointment.practice_id != practice_id)
    return await tx.scalar(others.where(_within(await diaries_of(tx, who), span)).limit(1)) is not None


async def diaries_of(tx: Tx, who: Iterable[UUID]) -> list[UUID]:
    """Return the diaries of these professionals, in the order of their ids."""
    return sorted(await tx.scalars(select(Professional.diary_id).where(Professional.id.in_(list(who)))))


async def give_back(tx: Tx, appointment: Appointment, who: Collection[UUID]) -> None:
    """Free the grains of an appointment, for others who planned over it first."""
    await tx.execute(delete(Grain).where(Grain.appointment_id == appointment.id))
    await _uncover(tx, appointment, who)


async def pass_to(tx: Tx, appointment: Appointment, leaving: UUID, taking: UUID) -> None:
    """Let a colleague keep the time in place of whoever goes, or raise `JustTaken`; the diaries of both are locked."""
    await take(tx, appointment.id, [taking], span_of(appointment))
    left = Grain.diary_id.in_(await diaries_of(tx, [leaving]))
    await tx.execute(delete(Grain).where(Grain.appointment_id == appointment.id, left))
    await _uncover(tx, appointment, [leaving])


async def _uncover(tx: Tx, appointment: Appointment, who: Collection[UUID]) -> None:
    """Give what is free again to what these professionals planned over the appointment, in whichever practice."""
    other = (Appointment.service_id.is_(None)) & (Appointment.state == AppointmentState.CONFIRMED) & (Appointment.id != appointment.id)
    overlapping = (Appointment.begins_at < appointment.taken_until) & (Appointment.ends_at > appointment.taken_from)
    planned = select(Appointment, AppointmentMember.professional_id).join(
        AppointmentMember, AppointmentMember.appointment_id == Appointment.id
    )
    diaries = await diaries_of(tx, who)
    everywhere = select(Professional.id).where(Professional.diary_id.in_(diaries))
    beneath = planned.where(AppointmentMember.professional_id.in_(everywhere), other, overlapping).order_by(Appointment.id)
    for below, professional_id in (await tx.execute(beneath)).all():
        await take_what_is_free(tx, below.id, [professional_id], span_of(below))


async def expire_stale(tx: Tx, who: Iterable[UUID], span: Span, now: datetime) -> None:
    """Free grains of the span that were held for too long; the diaries are locked."""
    holders = select(Grain.appointment_id).where(_within(await diaries_of(tx, who), span))
    stale = select(Appointment).where(Appointment.hold_until <= now, Appointment.id.in_(holders)).order_by(Appointment.id)
    await expire(tx, list(await tx.scalars(stale.with_for_update(key_share=True))), now)


async def expire(tx: Tx, appointments: Iterable[Appointment], now: datetime) -> None:
    """Give up those that are held for too long, and free their grains."""
    for appointment in appointments:
        if appointment.expire(now):
            await give_back(tx, appointment, await members_of(tx, appointment))
            await tx.emit(HoldEnded(appointment.id))


def span_of(appointment: Appointment) -> Span:
    """Return the grains that an appointment keeps others out of, buffers included."""
    return span_around(appointment.taken_from, appointment.taken_until)


def _within(diaries: Iterable[UUID], span: Span) -> ColumnElement[bool]:
    return Grain.diary_id.in_(diaries) & (Grain.g >= span.first) & (Grain.g < span.until)


async def _insert(tx: Tx, appointment_id: UUID, pairs: Iterable[tuple[UUID, int]]) -> None:
    """Insert in one statement and in the order of the key, in which everybody inserts."""
    rows = [{"diary_id": diary_id, "g": g, "appointment_id": appointment_id} for diary_id, g in pairs]
    if rows:
        await tx.execute(insert(Grain).values(rows))
