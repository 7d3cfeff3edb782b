"""Services and hours of the cast, for tests of booking."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from server.booking.guard import span_of
from server.booking.model import Appointment, AppointmentMember, AppointmentState, Grain, Needs, Pays, Service, ServiceState, WeeklyHours
from server.booking.slots import Slot
from server.core.db import Tx
from server.core.ids import new_id
from tests.cast import CLINIC, Staff
from tests.conftest import MORNING

LONDON = ZoneInfo("Europe/London")
NINE, FIVE = 9 * 60, 17 * 60


def service(owner: Staff | UUID, **changes: Any) -> Service:
    """A service of a professional, or of a team by its id: 20 minutes on a grid of 20, no buffers, no notice, eight weeks ahead."""
    professional_id, team_id = (None, owner) if isinstance(owner, UUID) else (owner.professional_id, None)
    values = {
        "id": new_id(), "practice_id": CLINIC, "professional_id": professional_id, "team_id": team_id, "name": "Consultation", "about": "",
        "length_min": 20, "buffer_before_min": 0, "buffer_after_min": 0, "price_minor": 0, "currency": "GBP",
        "pays": Pays.PRACTICE, "late_fee_percent": None, "no_show_fee_percent": 0,
        "needs": Needs.ALL if team_id else Needs.ONE, "lead_id": None, "grid_min": 20, "notice_min": 0, "horizon_days": 56,
        "cancel_until_min": 60, "move_until_min": 60, "state": ServiceState.OFFERED, "version": 1, "created_at": MORNING,
    }  # fmt: skip
    return Service(**{**values, **changes})


def hours(member: Staff, weekdays: Sequence[int] = range(5), begins_min: int = NINE, ends_min: int = FIVE) -> list[WeeklyHours]:
    return [
        WeeklyHours(
            id=new_id(),
            professional_id=member.professional_id,
            weekday=weekday,
            begins_min=begins_min,
            ends_min=ends_min,
            valid_from=date(2026, 1, 1),
            valid_to=None,
            time_zone="Europe/London",
        )
        for weekday in weekdays
    ]


def at(day: str, clock: str = "00:00") -> datetime:
    """Return a moment by the clock on a wall in London."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), LONDON)


def clocks(slots: Sequence[Slot]) -> list[str]:
    """Return when slots begin, by the clock on a wall in London."""
    return [slot.begins_at.astimezone(LONDON).strftime("%H:%M") for slot in slots]


async def standing(tx: Tx, state: AppointmentState = AppointmentState.HELD) -> int:
    """Count the appointments in a state."""
    return await tx.scalar(select(func.count()).where(Appointment.state == state)) or 0


async def grains(tx: Tx) -> int:
    return await tx.scalar(select(func.count()).select_from(Grain)) or 0


async def faults(tx: Tx) -> list[str]:
    """Return everything that must never be: time that two have, grains of nobody, and standing appointments without all their grains."""
    rows = await tx.execute(
        select(Appointment, AppointmentMember.professional_id).join(AppointmentMember, AppointmentMember.appointment_id == Appointment.id)
    )
    owed: dict[tuple[UUID, int], list[UUID]] = {}
    for appointment, professional_id in rows:
        if appointment.standing and appointment.service_id is not None:
            for g in range(*span_of(appointment)):
                owed.setdefault((professional_id, g), []).append(appointment.id)
    kept = {(who, g): owner for who, g, owner in await tx.execute(select(Grain.diary_id, Grain.g, Grain.appointment_id))}
    found = [f"sold {len(owners)} times: {place}" for place, owners in owed.items() if len(owners) > 1]
    found += [f"not kept: {place}" for place, owners in owed.items() if kept.get(place) not in owners]
    return found + [f"of nobody: {place}" for place in kept.keys() - owed.keys()]
