"""The free times of one service as a page shows them: a week, the ways beside it, and where the next free time is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.booking.model import Service
from server.booking.offer import slots_of
from server.booking.slot_days import WEEK, Week, day_in, own_zone, read_day, week_of
from server.core.db import Tx

LOOKED_THROUGH = 56  # days at once, while the first free time is looked for


@dataclass(frozen=True)
class FreeTimes:
    """`zone` is the practice's; `own` the reader's, where its clocks show another time. `first_free` is told where the week is empty."""

    week: Week
    zone: str
    own: str | None
    first_free: datetime | None
    now: datetime


async def free_times(tx: Tx, service: Service, zone: str, asked: Mapping[str, str], now: datetime) -> FreeTimes:
    """Return the week that `asked` names with `from`, in the zone that it names with `zone`; without it the first week with a free time."""
    today = day_in(zone, now)
    last = today + timedelta(days=service.horizon_days)
    first_free = None
    if not asked.get("from"):
        first_free = await _first_free(tx, service, today, now)
    first = read_day(asked.get("from"), today, last, day_in(zone, first_free) if first_free else today)
    times = [slot.begins_at for slot in await slots_of(tx, service, first, WEEK, now)]
    if not times and first_free is None:
        first_free = await _first_free(tx, service, today, now)
    week = week_of(times, first, zone, today, last)
    return FreeTimes(week, zone, own_zone(asked.get("zone"), zone, times[0] if times else now), first_free, now)


async def _first_free(tx: Tx, service: Service, today: date, now: datetime) -> datetime | None:
    for begin in range(0, service.horizon_days + 1, LOOKED_THROUGH):
        found = await slots_of(tx, service, today + timedelta(days=begin), LOOKED_THROUGH, now)
        if found:
            return min(slot.begins_at for slot in found)
    return None
