"""Which grains are taken, read as one set for each professional."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import String, bindparam, cast, func, select
from sqlalchemy.orm import aliased

from server.access.model import Professional
from server.booking.grains import Span, collected, moment_of, span_around, union
from server.booking.model import Appointment, AppointmentMember, AppointmentState, Grain
from server.core.db import Tx

# Built once: to build them for each reading would take as long as the database takes to answer.
WITHIN = (
    Professional.id.in_(bindparam("who", expanding=True)) & (Grain.g >= bindparam("first")) & (Grain.g < bindparam("until"))
    & Grain.appointment_id.is_distinct_from(bindparam("moving"))
)  # fmt: skip
STALE = select(Appointment.id).where(Appointment.hold_until <= bindparam("now"))
NUMBERS = (
    select(Professional.id, func.aggregate_strings(cast(Grain.g, String), ","), STALE.exists())
    .join(Grain, Grain.diary_id == Professional.diary_id)
    .where(WITHIN, Grain.appointment_id.not_in(STALE))
    .group_by(Professional.id)
)
EVERYWHERE = aliased(Professional)  # the same people, in whichever practice they planned something
PLANS = (
    select(Professional.id, Appointment)
    .join(EVERYWHERE, EVERYWHERE.diary_id == Professional.diary_id)
    .join(AppointmentMember, AppointmentMember.professional_id == EVERYWHERE.id)
    .join(Appointment, Appointment.id == AppointmentMember.appointment_id)
    .where(
        Professional.id.in_(bindparam("who", expanding=True)),
        Appointment.service_id.is_(None),
        Appointment.state == AppointmentState.CONFIRMED,
        Appointment.id.is_distinct_from(bindparam("moving")),
        (Appointment.begins_at < bindparam("ends_at")) & (Appointment.ends_at > bindparam("begins_at")),
    )
)


class Look(NamedTuple):
    """What is asked: whose grains, of which window, at what moment, and which appointment is to be moved, whose own do not count."""

    who: Sequence[UUID]
    window: Span
    now: datetime
    moving: UUID | None


async def taken_in(tx: Tx, look: Look) -> dict[UUID, int]:
    """Return the grains that are taken, as a set for each professional who has any; what is held for too long counts as free.

    What is taken in another practice of the same person is taken here, too.

    One row a professional, with all the numbers in one text: a row a grain takes five times as long to read.
    """
    asked = {"who": look.who, "first": look.window.first, "until": look.window.until, "moving": look.moving, "now": look.now}
    taken: defaultdict[UUID, int] = defaultdict(int)
    any_stale = True  # unless a row denies it
    for professional_id, numbers, any_stale in await tx.execute(NUMBERS, asked):  # noqa: B007 - it is the same in every row
        taken[professional_id] = collected(map(int, numbers.split(",")), look.window)
    return await _with_plans(tx, look, taken) if any_stale or look.moving else taken


async def _with_plans(tx: Tx, look: Look, taken: dict[UUID, int]) -> dict[UUID, int]:
    """Add all of what professionals planned: of a plan over somebody else's time only the grains are there that were free then."""
    asked = {"who": look.who, "moving": look.moving, "begins_at": moment_of(look.window.first), "ends_at": moment_of(look.window.until)}
    for professional_id, plan in await tx.execute(PLANS, asked):
        taken[professional_id] |= union([span_around(plan.taken_from, plan.taken_until)], look.window)
    return taken
