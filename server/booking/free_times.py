"""Free times as a page shows them: a week, the ways beside it, and where the next free time is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from server.access.model import Membership, Professional, Team
from server.access.reviewing import bookable
from server.booking.guard import find_closed, members_of
from server.booking.model import Appointment, Needs, Service
from server.booking.offer import AT_ONCE_DAYS, slots_of, slots_to_move
from server.booking.slot_days import WEEK, Week, day_in, own_zone, read_day, week_of
from server.booking.slots import Slot
from server.core.db import Tx

Look = Callable[[date, int], Awaitable[list[Slot]]]


@dataclass(frozen=True)
class FreeTimes:
    """`zone` is the practice's; `own` the reader's, where its clocks show another time. `first_free` is told where the week is empty.

    `closed` is who takes no new bookings, where that is why there is no time at all; else "".
    """

    week: Week
    zone: str
    own: str | None
    first_free: datetime | None
    now: datetime
    closed: str = ""

    @property
    def example(self) -> datetime:
        """A moment that the page shows, by which two zones can be compared."""
        return self.week.days[0][0].begins_at if self.week.days else self.now


class Question(NamedTuple):
    """Free times of what, in which practice's zone, and what the address or the form says: `from` a day, `zone` of the reader."""

    service: Service
    zone: str
    asked: Mapping[str, str]


async def free_times(tx: Tx, question: Question, now: datetime) -> FreeTimes:
    """Return the week that is asked for; without a day in the question the first week with a free time."""

    async def look(first: date, days: int) -> list[Slot]:
        return await slots_of(tx, question.service, first, days, now)

    free = await _answer(look, question, now)
    return free if free.first_free or free.week.days else replace(free, closed=await closed_for(tx, question.service))


async def times_to_move(tx: Tx, appointment: Appointment, question: Question, now: datetime) -> FreeTimes:
    """Return the same for an appointment that is to be moved: times at which the same people are free."""

    async def look(first: date, days: int) -> list[Slot]:
        return await slots_to_move(tx, appointment, first, days, now)

    free = await _answer(look, question, now)
    if free.first_free or free.week.days:
        return free
    closed = await find_closed(tx, await members_of(tx, appointment))
    return replace(free, closed=closed.full_name if closed else "")


async def closed_for(tx: Tx, service: Service) -> str:
    """Return who takes no new bookings, so that nobody can book a service: its professional, its lead, or a team in which nobody does."""
    needed = service.lead_id if service.needs == Needs.LEAD_AND_ANY else service.professional_id
    if needed is not None:
        closed = await find_closed(tx, [needed])
        return closed.full_name if closed else ""
    current = (Membership.team_id == service.team_id) & Membership.ended_at.is_(None)
    taking = select(Membership.id).join(Professional, Professional.id == Membership.professional_id).where(current, bookable())
    if await tx.scalar(taking.limit(1)) is not None:
        return ""
    return (await tx.get_one(Team, service.team_id)).name


async def _answer(look: Look, question: Question, now: datetime) -> FreeTimes:
    service, zone, asked = question
    today = day_in(zone, now)
    last = today + timedelta(days=service.horizon_days)
    first_free = None if asked.get("from") else await _first_free(look, today, last)
    first = read_day(asked.get("from"), today, last, day_in(zone, first_free) if first_free else today)
    times = [slot.begins_at for slot in await look(first, WEEK)]
    if not times and first_free is None:
        first_free = await _first_free(look, today, last)
    week = week_of(times, first, zone, today, last)
    return FreeTimes(week, zone, own_zone(asked.get("zone"), zone, times[0] if times else now), first_free, now)


async def _first_free(look: Look, today: date, last: date) -> datetime | None:
    """Look through some weeks at once, until there is a free time or none is offered any more."""
    first = today
    while first <= last:
        if slots := await look(first, AT_ONCE_DAYS):
            return slots[0].begins_at
        first += timedelta(days=AT_ONCE_DAYS)
    return None
