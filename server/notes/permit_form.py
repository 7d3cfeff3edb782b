"""The form by which an author permits somebody, for one patient or for all, and the days that it offers."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from server.access.permissions import LONGEST_PERMISSION, Wish
from server.errors import Invalid

FIELDS = ("person", "until", "reason")


def read_wish(given: dict[str, str], patient_id: UUID | None, zone: str) -> Wish:
    """Read the form; a permission holds to the end of its last day where the practice is. Raises `Invalid` with the field as its code."""
    try:
        person_id = UUID(given["person"])
    except ValueError:
        raise Invalid(code="person_missing") from None
    try:
        last_day = date.fromisoformat(given["until"])
    except ValueError:
        raise Invalid(code="until_missing") from None
    if last_day == date.max:
        raise Invalid(code="until_far")
    expires_at = datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo(zone))
    return Wish(patient_id, person_id, given["reason"], expires_at)


def offered_days(now: datetime, zone: str) -> dict[str, str]:
    """Return the first and the last day that the form takes, as `today` and `last_day`."""
    last_day = _local_day(now + LONGEST_PERMISSION, zone) - timedelta(days=1)
    return {"today": _local_day(now, zone).isoformat(), "last_day": last_day.isoformat()}


def _local_day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()
