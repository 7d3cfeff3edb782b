"""The professional's week: each day a list under its heading, which a wide window sets side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.viewer import professional_of
from server.booking.slot_days import WEEK, read_day
from server.consultation.settlements import proposals_for
from server.consultation.today import TodayRow, rows_between
from server.web.endpoint import house_of
from server.web.pages import language_of, render

FURTHEST = timedelta(days=3660)


@dataclass(frozen=True)
class Day:
    """One day of the practice's calendar; `noon` stands for it wherever a moment is wanted."""

    noon: datetime
    rows: Sequence[TodayRow]
    today: bool


def routes() -> list[Route]:
    return [Route("/week", _week)]


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
        rows = await rows_between(tx, viewer, span, now, language_of(request).text)
    days = [_day(day, rows, zone, today) for day in (first + timedelta(days=each) for each in range(WEEK))]
    shown = {
        "days": days,
        "proposals": proposals,
        "zone": practice.time_zone,
        "now": now,
        "earlier": first - timedelta(days=WEEK),
        "later": first + timedelta(days=WEEK),
        "this": _monday(today) == first,
    }
    return render(request, "staff/week.html", shown)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _morning(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _day(day: date, rows: Sequence[TodayRow], zone: ZoneInfo, today: date) -> Day:
    noon = datetime.combine(day, time(12), zone).astimezone(UTC)
    return Day(noon, [row for row in rows if row.scheduled_at.astimezone(zone).date() == day], day == today)
