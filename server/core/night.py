"""When nobody is disturbed by what can wait; pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NIGHT_FROM, NIGHT_UNTIL = time(21), time(8)


def after_night(now: datetime, zone: str) -> datetime:
    """Return `now` by day, and at night the morning that follows, by the clock of `zone`; aware, in the zone of `now`."""
    local = now.astimezone(ZoneInfo(zone))
    if NIGHT_UNTIL <= local.time() < NIGHT_FROM:
        return now
    morning = local.date() + timedelta(days=1) if local.time() >= NIGHT_FROM else local.date()
    return datetime.combine(morning, NIGHT_UNTIL, ZoneInfo(zone)).astimezone(now.tzinfo)
