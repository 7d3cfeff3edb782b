"""Days and times as people read them, in their language and in a zone that is always named; pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time

from server.web.i18n import Language


def zoned_time(language: Language, moment: datetime, zone: str) -> str:
    """Return `10:30 (London time)`; a time is never shown without its zone."""
    _, time = language.text, bare_time(language, moment, zone)
    return _("{time} ({city} time)", time=time, city=city_of(zone))


def bare_time(language: Language, moment: datetime, zone: str) -> str:
    """Return `10:30`, for a list that names its zone once for all."""
    return format_time(moment.astimezone(ZoneInfo(zone)), "HH:mm", locale=language.locale)


def elsewhere_time(language: Language, moment: datetime, zone: str, own: str) -> str:
    """Return the time in the reader's `own` zone, with its day where that is another one than in `zone`."""
    _, time = language.text, bare_time(language, moment, own)
    if moment.astimezone(ZoneInfo(own)).date() == moment.astimezone(ZoneInfo(zone)).date():
        return time
    return _("{day}, {time}", day=date_words(language, moment, own), time=time)


def zone_words(language: Language, zone: str) -> str:
    """Return `London time`."""
    _ = language.text
    return _("{city} time", city=city_of(zone))


def city_of(zone: str) -> str:
    """Return `New York` for America/New_York."""
    return zone.rpartition("/")[2].replace("_", " ")


def date_words(language: Language, moment: datetime, zone: str) -> str:
    """Return `Monday 23 November`."""
    return format_skeleton("MMMMEEEEd", moment.astimezone(ZoneInfo(zone)).date(), locale=language.locale)


def plain_date(language: Language, day: date) -> str:
    """Return the same for a day that stands for itself, in no zone."""
    return format_skeleton("MMMMEEEEd", day, locale=language.locale)


def written_date(language: Language, day: date) -> str:
    """Return `29 February 1980`, for a day of somebody's life."""
    return format_date(day, "long", locale=language.locale)


def full_date(language: Language, moment: datetime, zone: str) -> str:
    """Return `Monday 23 November 2026`, for what may be long ago."""
    return format_skeleton("yMMMMEEEEd", moment.astimezone(ZoneInfo(zone)).date(), locale=language.locale)
