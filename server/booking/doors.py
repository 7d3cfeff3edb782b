"""The ways to an appointment for whoever has proved that it is theirs: by a cookie, by the join link, or by seeing its consultation."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from server.access.model import Professional
from server.access.policy import AnswerFacts
from server.booking.grains import moment_of, span_around
from server.booking.model import Appointment, AppointmentMember, AppointmentState, Grain
from server.core.db import Tx, locked

PROMISED = (AppointmentState.CONFIRMED, AppointmentState.FULFILLED, AppointmentState.NO_SHOW)
MOST = 2000


class Busy(NamedTuple):
    """A time that is another practice's, with what lies before and after the appointment."""

    scheduled_at: datetime
    ends_at: datetime
    elsewhere: bool = True


async def find_appointment(tx: Tx, appointment_id: UUID, *, lock: bool = False) -> Appointment | None:
    """Load one by its id, which its reader must have from a door. With `lock` others who change it wait for this transaction."""
    return await tx.get(Appointment, appointment_id, with_for_update=locked(lock=lock), populate_existing=lock)


async def professionals_of(tx: Tx, appointment_id: UUID) -> list[Professional]:
    """Return who gives an appointment, whoever leads first."""
    joined = select(Professional).join(AppointmentMember, AppointmentMember.professional_id == Professional.id)
    mine = joined.where(AppointmentMember.appointment_id == appointment_id)
    return list(await tx.scalars(mine.order_by(AppointmentMember.lead.desc(), Professional.name, Professional.id)))


async def answer_facts(tx: Tx, appointment_ids: Collection[UUID]) -> dict[UUID, AnswerFacts]:
    """Return by appointment what the policy needs to know of the answers that were given before it."""
    joined = select(Appointment.id, Appointment.practice_id, AppointmentMember.professional_id, Appointment.patient_id)
    members = joined.join(AppointmentMember, AppointmentMember.appointment_id == Appointment.id)
    found: dict[UUID, AnswerFacts] = {}
    for appointment_id, practice_id, professional_id, patient_id in await tx.execute(members.where(Appointment.id.in_(appointment_ids))):
        others = found[appointment_id].professional_ids if appointment_id in found else frozenset()
        found[appointment_id] = AnswerFacts(practice_id, others | {professional_id}, patient_id)
    return found


async def appointments_of(tx: Tx, professional_id: UUID, since: datetime, before: datetime) -> list[Appointment]:
    """Return what a professional gives and was promised, by time; whoever calls acts for that professional."""
    joined = select(Appointment).join(AppointmentMember, AppointmentMember.appointment_id == Appointment.id)
    mine = joined.where(AppointmentMember.professional_id == professional_id, Appointment.state.in_(PROMISED))
    within = mine.where(Appointment.begins_at >= since, Appointment.begins_at < before)
    return list(await tx.scalars(within.order_by(Appointment.begins_at, Appointment.id).limit(MOST)))


async def busy_elsewhere_between(tx: Tx, practice_id: UUID, professional_id: UUID, since: datetime, before: datetime) -> list[Busy]:
    """Return when other practices have promised a professional, by time, and nothing of what; whoever calls acts for that professional."""
    diary = select(Professional.diary_id).where(Professional.id == professional_id).scalar_subquery()
    first, until = span_around(since, before)
    joined = select(func.min(Grain.g), func.max(Grain.g)).join(Appointment, Appointment.id == Grain.appointment_id)
    theirs = joined.where(Grain.diary_id == diary, Grain.g >= first, Grain.g < until, Appointment.practice_id != practice_id)
    promised = theirs.where(Appointment.state.in_(PROMISED)).group_by(Grain.appointment_id).order_by(func.min(Grain.g))
    return [Busy(moment_of(begins), moment_of(last + 1)) for begins, last in await tx.execute(promised.limit(MOST))]


async def times_ahead(tx: Tx, professional_id: UUID, now: datetime) -> list[datetime]:
    """Return when a professional has promised appointments, and nothing of with whom: for whoever looks after the practice."""
    joined = select(Appointment.begins_at).join(AppointmentMember, AppointmentMember.appointment_id == Appointment.id)
    mine = joined.where(AppointmentMember.professional_id == professional_id, Appointment.begins_at > now)
    promised = mine.where(Appointment.state == AppointmentState.CONFIRMED)
    return list(await tx.scalars(promised.order_by(Appointment.begins_at).limit(MOST)))


async def held_ahead(tx: Tx, professional_id: UUID, now: datetime) -> bool:
    """Whether somebody is about to be promised a time of a professional."""
    joined = select(Appointment.id).join(AppointmentMember, AppointmentMember.appointment_id == Appointment.id)
    mine = joined.where(AppointmentMember.professional_id == professional_id, Appointment.begins_at > now)
    held = mine.where(Appointment.state == AppointmentState.HELD, Appointment.hold_until > now)
    return await tx.scalar(held.limit(1)) is not None


async def ahead_of(tx: Tx, patient_id: UUID, now: datetime) -> list[Appointment]:
    """Return what a patient was promised and has not begun; whoever calls has the record from a door."""
    ahead = (Appointment.patient_id == patient_id) & (Appointment.begins_at > now)
    promised = select(Appointment).where(ahead, Appointment.state == AppointmentState.CONFIRMED)
    return list(await tx.scalars(promised.order_by(Appointment.begins_at, Appointment.id)))
