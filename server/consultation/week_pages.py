"""The professional's week, as a list of each day and as a grid of hours and days, and a page for one day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import professional_of
from server.booking.doors import Busy, busy_elsewhere_between
from server.booking.slot_days import WEEK, read_day
from server.consultation.settlements import proposals_for
from server.consultation.today import TodayRow, rows_between
from server.core.db import Tx
from server.web.endpoint import house_of
from server.web.pages import language_of, render

FURTHEST = timedelta(days=3660)
ONE = timedelta(days=1)
Line = TodayRow | Busy
USUAL = (9, 16)  # the first and the last hour of an empty grid


@dataclass(frozen=True)
class Day:
    """One day of the practice's calendar; `noon` stands for it wherever a moment is wanted."""

    date: date
    noon: datetime
    rows: Sequence[Line]
    today: bool


@dataclass(frozen=True)
class Hour:
    """One line of the grid: what begins in that hour of the wall's clock, for each day of the week."""

    hour: int
    days: Sequence[Sequence[Line]]


def routes() -> list[Route]:
    return [Route("/week", _week), Route("/day", _one_day)]


async def _week(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, viewer.practice_id)
        zone = ZoneInfo(practice.time_zone)
        today = now.astimezone(zone).date()
        first = _monday(read_day(request.query_params.get("from"), today - FURTHEST, today + FURTHEST, today))
        span = _morning(first, zone), _morning(first + timedelta(days=WEEK), zone)
        proposals = await proposals_for(tx, viewer, now)
        rows = await _lines(tx, viewer, span, request)
    days = [_day(day, rows, zone, today) for day in (first + timedelta(days=each) for each in range(WEEK))]
    shown = {
        "days": days,
        "hours": _hours(days, zone),
        "proposals": proposals,
        "zone": practice.time_zone,
        "now": now,
        "booked": "booked" in request.query_params,
        "earlier": first - timedelta(days=WEEK),
        "later": first + timedelta(days=WEEK),
        "this": _monday(today) == first,
    }
    return render(request, "staff/week.html", shown)


async def _one_day(request: Request) -> Response:
    viewer = await professional_of(request)
    house = house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, viewer.practice_id)
        zone = ZoneInfo(practice.time_zone)
        today = now.astimezone(zone).date()
        day = read_day(request.query_params.get("on"), today - FURTHEST, today + FURTHEST, today)
        span = _morning(day, zone), _morning(day + ONE, zone)
        rows = await _lines(tx, viewer, span, request)
    shown = {
        "day_shown": _day(day, rows, zone, today),
        "zone": practice.time_zone,
        "now": now,
        "earlier": day - ONE,
        "later": day + ONE,
        "monday": _monday(day),
    }
    return render(request, "staff/day.html", shown)


async def _lines(tx: Tx, viewer: Viewer, span: tuple[datetime, datetime], request: Request) -> list[Line]:
    """Return what is planned here and, of the viewer alone, when another practice of theirs has them, by time."""
    rows: list[Line] = [*await rows_between(tx, viewer, span, house_of(request).clock.now(), language_of(request).text)]
    if viewer.practice_id is not None and viewer.professional_id is not None:
        rows += await busy_elsewhere_between(tx, viewer.practice_id, viewer.professional_id, *span)
    return sorted(rows, key=lambda row: row.scheduled_at)


def _hours(days: Sequence[Day], zone: ZoneInfo) -> list[Hour]:
    """Return the lines of the grid: the usual hours, and earlier and later ones where something begins in them."""
    placed: dict[tuple[int, int], list[Line]] = {}
    for place, day in enumerate(days):
        for row in day.rows:
            placed.setdefault((row.scheduled_at.astimezone(zone).hour, place), []).append(row)
    used = [hour for hour, _place in placed] + [*USUAL]
    lines = range(min(used), max(used) + 1)
    return [Hour(hour, [placed.get((hour, place), []) for place in range(len(days))]) for hour in lines]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _morning(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _day(day: date, rows: Sequence[Line], zone: ZoneInfo, today: date) -> Day:
    noon = datetime.combine(day, time(12), zone).astimezone(UTC)
    return Day(day, noon, [row for row in rows if row.scheduled_at.astimezone(zone).date() == day], day == today)
