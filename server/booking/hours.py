"""Hours by the clock on the wall, turned into grains of UTC: weekly hours, days that differ, days on which the practice is closed; pure.

One rule covers every night on which the clocks change: an edge is the first moment of its day at which the local clock shows that time or
a later one. So an edge in the missing hour is the moment of the jump, an edge in the doubled hour is the first of the two, stretches that
touch on the wall touch in UTC, and a night stretch is as long as the night really is.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.booking.grains import Span, every, moment_of, span_within, union
from server.booking.model import DayKind

DAY = timedelta(days=1)
DAY_MIN = 24 * 60
MINUTE = timedelta(minutes=1)
MIDNIGHT = time()
STRETCHES = 8192  # remembered, the least used forgotten first: the days of a year with twenty different hours


class Weekly(NamedTuple):
    """A stretch of one weekday (0 is Monday), in minutes of the local day; both dates are inclusive."""

    weekday: int
    begins_min: int
    ends_min: int
    valid_from: date
    valid_to: date | None
    time_zone: str


class Difference(NamedTuple):
    """Hours of one day that are added, or that fall away; without minutes it is the whole day."""

    day: date
    kind: DayKind
    begins_min: int | None
    ends_min: int | None
    time_zone: str


class Closed(NamedTuple):
    """Days on which the practice is closed, by its own clock."""

    days: frozenset[date]
    time_zone: str


def moment_at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the first moment of a local day at which its clock shows this minute or a later one, in UTC; 1440 is the day's end."""
    shown = datetime.combine(day, MIDNIGHT, zone) + timedelta(minutes=minute)
    later = shown.replace(fold=1)
    if (offset := shown.utcoffset()) is not None and offset == later.utcoffset():
        return shown.replace(tzinfo=UTC) - offset
    moment = shown.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
        return moment
    return _jump(later.astimezone(UTC), moment, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clock jumps between two moments, which are as far apart as it jumps."""
    offset = after.astimezone(zone).utcoffset()
    steps = range((after - before) // MINUTE)
    return before + bisect_left(steps, True, key=lambda step: (before + step * MINUTE).astimezone(zone).utcoffset() == offset) * MINUTE  # noqa: FBT003


def day_span(day: date, zone: ZoneInfo) -> Span:
    """Return the grains of one local day: 276 and 300 of them where an hour is missing or doubled."""
    return _stretch(day, 0, DAY_MIN, zone)


@lru_cache(maxsize=STRETCHES)
def _stretch(day: date, begins_min: int, ends_min: int, zone: ZoneInfo) -> Span:
    return span_within(moment_at(day, begins_min, zone), moment_at(day, ends_min, zone))


def open_grains(weekly: Iterable[Weekly], differences: Sequence[Difference], closed: Closed, window: Span) -> int:
    """Return the grains of the window in which somebody offers time.

    The practice's closed days take away the weekly hours; hours that somebody added for such a day count; what somebody closed is closed.
    """
    zone = ZoneInfo(closed.time_zone)
    usual = union((span for each in weekly for span in _weekly_spans(each, window)), window)
    shut = union((day_span(day, zone) for day in closed.days), window)
    added = union(_spans_of(differences, DayKind.OPEN), window)
    away = union(_spans_of(differences, DayKind.CLOSED), window)
    return (usual & ~shut | added) & ~away


def _weekly_spans(weekly: Weekly, window: Span) -> Iterator[Span]:
    zone = ZoneInfo(weekly.time_zone)
    day, last = local_day(window.first, zone), local_day(window.until, zone)
    day = max(day, weekly.valid_from)
    last = last if weekly.valid_to is None else min(last, weekly.valid_to)
    day += (weekly.weekday - day.weekday()) % 7 * DAY
    while day <= last:
        yield _stretch(day, weekly.begins_min, weekly.ends_min, zone)
        day += 7 * DAY


def _spans_of(differences: Iterable[Difference], kind: DayKind) -> Iterator[Span]:
    for one in differences:
        if one.kind == kind:
            begins, ends = (0, DAY_MIN) if one.begins_min is None or one.ends_min is None else (one.begins_min, one.ends_min)
            yield _stretch(one.day, begins, ends, ZoneInfo(one.time_zone))


def local_day(grain: int, zone: ZoneInfo) -> date:
    """Return the day on the wall at which a grain begins."""
    return moment_of(grain).astimezone(zone).date()


def grid(days: Iterable[date], step: int, zone: ZoneInfo, window: Span) -> int:
    """Return the grains at which something may begin: each `step`th, counted from the midnight of the local day."""
    found = 0
    for day in days:
        found |= every(step, day_span(day, zone), window)
    return found
