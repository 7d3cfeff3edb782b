"""When a patient is reminded of an appointment; pure."""

from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.consultation.events import News

BEFORE = {News.REMIND24H: timedelta(hours=24), News.REMIND15M: timedelta(minutes=15)}

# At night by the patient's clock the day's reminder makes no telephone buzz. Morning comes eleven hours later at most, so it is never late.
# The one shortly before goes at any hour: whoever is about to have an appointment is up.
NIGHT_FROM, NIGHT_UNTIL = time(21), time(8)


class Due(NamedTuple):
    kind: News
    at: datetime


def dues(begins_at: datetime, now: datetime) -> list[Due]:
    """Return the reminders of an appointment that lie ahead of `now`, both in UTC."""
    return [Due(kind, at) for kind, before in BEFORE.items() if (at := begins_at - before) > now]


def is_past(kind: News, begins_at: datetime, now: datetime) -> bool:
    """Whether a reminder comes too late to help: the appointment has begun, or the next reminder is due."""
    following = min((before for before in BEFORE.values() if before < BEFORE[kind]), default=timedelta())
    return now >= begins_at - following


def text_message_at(kind: News, now: datetime, zone: str) -> datetime:
    """Return when a text message may go out that is due `now`, for somebody in that zone."""
    local = now.astimezone(ZoneInfo(zone))
    if kind != News.REMIND24H or NIGHT_UNTIL <= local.time() < NIGHT_FROM:
        return now
    morning = local.date() + timedelta(days=1) if local.time() >= NIGHT_FROM else local.date()
    return datetime.combine(morning, NIGHT_UNTIL, ZoneInfo(zone)).astimezone(now.tzinfo)
