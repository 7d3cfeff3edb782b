"""Which time zones there are."""

from functools import cache
from zoneinfo import available_timezones

from server.core.marking import _
from server.errors import Invalid

UNKNOWN_ZONE = _("Please choose a time zone from the list.")


@cache
def zone_names() -> frozenset[str]:
    """Return every name that can be stored; `ZoneInfo` itself also opens others, by the letters of a file system."""
    return frozenset(available_timezones())


def checked_zone(name: str) -> str:
    """Return the name of a zone that exists; raises `Invalid`."""
    if name not in zone_names():
        raise Invalid(UNKNOWN_ZONE, code="time_zone")
    return name
