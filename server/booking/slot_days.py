"""Free times as a page offers them: by day, a week at a time, and the words in which a form sends one back; pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from server.booking.zones import zone_names
from server.errors import Invalid

WEEK = 7
FORM = "%Y-%m-%dT%H:%MZ"
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LAST_YEAR = 9000  # a day beside the calendar's end cannot be put into another zone


@dataclass(frozen=True)
class Choice:
    """One free time, in aware UTC."""

    begins_at: datetime

    @property
    def value(self) -> str:
        """What the form sends for it: no zone to get lost on the way, no sign that an address would bend."""
        return self.begins_at.astimezone(UTC).strftime(FORM)


@dataclass(frozen=True)
class Week:
    """What one page shows: days with free times, each a list that is not empty; `earlier` and `later` begin the pages beside it."""

    first: date
    days: tuple[tuple[Choice, ...], ...]
    earlier: date | None
    later: date | None

    @property
    def values(self) -> frozenset[str]:
        return frozenset(choice.value for day in self.days for choice in day)


def week_of(times: Iterable[datetime], first: date, zone: str, today: date, last: date) -> Week:
    """Lay out the times of seven days from `first`, by the calendar of `zone`; nothing is offered before `today` or after `last`."""
    local = ZoneInfo(zone)
    found = sorted({moment for moment in times if 0 <= (_day(moment, local) - first).days < WEEK})
    days = tuple(tuple(map(Choice, group)) for _, group in groupby(found, key=lambda moment: _day(moment, local)))
    later = first + timedelta(days=WEEK)
    earlier = max(first - timedelta(days=WEEK), today)
    return Week(first, days, earlier if earlier < first else None, later if later <= last else None)


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def day_in(zone: str, moment: datetime) -> date:
    return _day(moment, ZoneInfo(zone))


def read_time(text: str) -> datetime:
    """Return the aware UTC time that a form sent; raises `Invalid` with the code `time` for none, and for anything else."""
    moment = _read(text) if TIME.fullmatch(text) else None
    if moment is None or moment.year > LAST_YEAR:
        raise Invalid("Please choose a time.", code="time")
    return moment


def _read(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


def read_day(text: str | None, first: date, last: date, otherwise: date) -> date:
    """Return the day that an address asks for, or the nearest one from `first` to `last`; `otherwise` for none and for what is no day."""
    try:
        wanted = date.fromisoformat(text) if text and DAY.fullmatch(text) else otherwise
    except ValueError:
        return otherwise
    return min(max(wanted, first), max(first, last))


def read_zone(text: str | None) -> str | None:
    """Return the zone that an address names, or None for none and for one that there is not."""
    return text if text in zone_names() else None


def own_zone(text: str | None, zone: str, moment: datetime) -> str | None:
    """Return the reader's zone where its clocks show another time than those of `zone` at that moment."""
    own = read_zone(text)
    if own is None or moment.astimezone(ZoneInfo(own)).utcoffset() == moment.astimezone(ZoneInfo(zone)).utcoffset():
        return None
    return own


AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def zones_by_area() -> dict[str, list[tuple[str, str]]]:
    """Return pairs of a zone's name and its city, under the part of the world in which it is."""
    zones = sorted(zone_names())
    return {area: [(name, _city(name)) for name in zones if name.partition("/")[0] == area] for area in AREAS}


def _city(name: str) -> str:
    return name.partition("/")[2].replace("_", " ").replace("/", ", ")
