"""Handing an appointment over to a colleague, when whoever was to give it leaves: who can, and doing it, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update

from server.access.model import Membership, Professional
from server.access.reviewing import bookable
from server.booking.events import AppointmentPassedOn
from server.booking.guard import expire_stale, lock_diaries, members_of, pass_to, span_of
from server.booking.model import Appointment, AppointmentMember, AppointmentState, Service
from server.booking.taken import Look, taken_in
from server.core.db import Tx, locked
from server.errors import Conflict, Invalid, NotFound

MOST = 200


class Promised(NamedTuple):
    """What a professional has promised, and whose service it is; nothing of with whom.

    `stays_paid` is for billing to say, which stands a storey higher: what was paid online is right where it is without this professional.
    """

    appointment: Appointment
    service: Service | None
    stays_paid: bool = False

    @property
    def payee_leaves(self) -> bool:
        """Whether it was paid online to the account of whoever leaves."""
        return self.appointment.paid_online and not self.stays_paid

    @property
    def team_id(self) -> UUID | None:
        return self.service.team_id if self.service else None


async def promised_by(tx: Tx, professional_id: UUID, now: datetime) -> list[Promised]:
    """Return what lies ahead of a professional, the next first: for whoever looks after the practice."""
    joined = select(Appointment, Service).join(AppointmentMember, AppointmentMember.appointment_id == Appointment.id)
    mine = joined.where(AppointmentMember.professional_id == professional_id, Appointment.begins_at > now)
    promised = mine.outerjoin(Service, Service.id == Appointment.service_id).where(Appointment.state == AppointmentState.CONFIRMED)
    rows = await tx.execute(promised.order_by(Appointment.begins_at, Appointment.id).limit(MOST))
    return [Promised(*row) for row in rows]


async def see_promised(tx: Tx, professional_id: UUID, appointment_id: UUID, now: datetime) -> Promised:
    """Load one of them; raises `NotFound`."""
    found = next((one for one in await promised_by(tx, professional_id, now) if one.appointment.id == appointment_id), None)
    if found is None:
        raise NotFound
    return found


async def free_for(tx: Tx, promised: Promised, leaving: Professional, now: datetime) -> list[Professional]:
    """Return the colleagues who could give it: bookable, of the team where it is a team's, and free at its time, by name."""
    appointment = promised.appointment
    could = await _colleagues(tx, promised, leaving)
    given_by = await members_of(tx, appointment)
    others = [one for one in could if one.id not in given_by]
    taken = await taken_in(tx, Look([one.id for one in others], span_of(appointment), now, None))
    return [one for one in others if not taken.get(one.id)]


async def pass_on(tx: Tx, promised: Promised, leaving: Professional, taking_id: UUID, version: int, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Let a colleague give it. `version` is that of the page on which they were chosen.

    Raises `Invalid` with `colleague` for somebody who could not; `JustTaken` where they are not free any more; `Conflict`: `stale`,
    `not_standing`, `paid`.
    """
    appointment = promised.appointment
    given_by = await members_of(tx, appointment)
    await lock_diaries(tx, {*given_by, taking_id})
    await tx.refresh(appointment, with_for_update=locked())
    appointment.refuse_to_pass_on(version, now, stays_paid=promised.stays_paid)
    if leaving.id not in await members_of(tx, appointment):
        raise Conflict(code="stale")
    if taking_id in given_by or taking_id not in {one.id for one in await _colleagues(tx, promised, leaving)}:
        raise Invalid(code="colleague")
    await expire_stale(tx, [taking_id], span_of(appointment), now)
    await pass_to(tx, appointment, leaving.id, taking_id)
    mine = (AppointmentMember.appointment_id == appointment.id) & (AppointmentMember.professional_id == leaving.id)
    await tx.execute(update(AppointmentMember).where(mine).values(professional_id=taking_id))
    appointment.pass_on()
    await tx.flush()
    await tx.emit(AppointmentPassedOn(appointment.id, leaving.id, taking_id))


async def _colleagues(tx: Tx, promised: Promised, leaving: Professional) -> Sequence[Professional]:
    here = select(Professional).where(Professional.practice_id == leaving.practice_id, Professional.id != leaving.id)
    able = here.where(bookable())
    if promised.team_id is not None:
        team = select(Membership.professional_id).where(Membership.team_id == promised.team_id, Membership.ended_at.is_(None))
        able = able.where(Professional.id.in_(team))
    return list(await tx.scalars(able.order_by(Professional.name, Professional.id)))
