"""When a patient is reminded of an appointment; pure."""

from datetime import datetime, timedelta
from typing import NamedTuple

from server.consultation.events import News
from server.core.night import after_night

BEFORE = {News.REMIND24H: timedelta(hours=24), News.REMIND15M: timedelta(minutes=15)}


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
    """Return when a text message may go out that is due `now`, for somebody in that zone.

    At night the day's reminder makes no telephone buzz; morning comes eleven hours later at most, so it is never late. The one shortly
    before goes at any hour: whoever is about to have an appointment is up.
    """
    return after_night(now, zone) if kind == News.REMIND24H else now
