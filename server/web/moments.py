"""Days and times as people read them, in their language and in a zone that is always named; pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, format_time

from server.web.i18n import Language


def zoned_time(language: Language, moment: datetime, zone: str) -> str:
    """Return `10:30 (London time)`; a time is never shown without its zone."""
    time = format_time(moment.astimezone(ZoneInfo(zone)), "HH:mm", locale=language.locale)
    return language.text("{time} ({city} time)", time=time, city=zone.rpartition("/")[2].replace("_", " "))


def date_words(language: Language, moment: datetime, zone: str) -> str:
    """Return `Monday 23 November`."""
    return format_skeleton("MMMMEEEEd", moment.astimezone(ZoneInfo(zone)).date(), locale=language.locale)


def full_date(language: Language, moment: datetime, zone: str) -> str:
    """Return `Monday 23 November 2026`, for what may be long ago."""
    return format_skeleton("yMMMMEEEEd", moment.astimezone(ZoneInfo(zone)).date(), locale=language.locale)
