"""A month by the calendar of a practice, as it stands in addresses and forms; pure."""

import re
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.core.marking import _
from server.errors import Invalid

MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
BAD_MONTH = _("Please write the month as in 2026-03.")


class Month(NamedTuple):
    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def before(self) -> "Month":
        return Month(self.year - 1, 12) if self.month == 1 else Month(self.year, self.month - 1)

    @property
    def after(self) -> "Month":
        return Month(self.year + 1, 1) if self.month == 12 else Month(self.year, self.month + 1)

    def within(self, zone: str) -> tuple[datetime, datetime]:
        """Return its beginning and its end in a zone, the end not in it."""
        return _midnight(self.first, zone), _midnight(self.after.first, zone)


def month_of(text: str | None, now: datetime, zone: str) -> Month:
    """Return the month of an address, or the present one; raises `Invalid`."""
    if not text:
        local = now.astimezone(ZoneInfo(zone))
        return Month(local.year, local.month)
    found = MONTH.fullmatch(text)
    if found is None:
        raise Invalid(BAD_MONTH, code="month")
    return Month(int(found[1]), int(found[2]))


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
