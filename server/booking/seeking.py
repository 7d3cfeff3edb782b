"""Which free time suits somebody on a waiting list, and for how long it is kept for them; pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.booking.slots import Slot
from server.core.night import after_night

NOON = time(12)
KEPT_FOR = timedelta(hours=2)
LEAST_AHEAD = timedelta(hours=1)  # between the end of an offer and the time itself
FURTHEST_DAYS = 90
WEEKDAYS = "0123456"


class Wants(NamedTuple):
    """Any of these weekdays, in the morning, the afternoon or both, until a day."""

    weekdays: str
    mornings: bool
    afternoons: bool
    until: date


@dataclass(frozen=True)
class Answer:
    """What a form came to; `faults` has codes by field."""

    wants: Wants
    faults: Mapping[str, str]


def read_wants(form: Mapping[str, str], today: date) -> Answer:
    """Read a form: boxes `day0` to `day6`, `mornings`, `afternoons`, and `until`."""
    weekdays = "".join(day for day in WEEKDAYS if form.get(f"day{day}") == "yes")
    mornings, afternoons = (form.get(part) == "yes" for part in ("mornings", "afternoons"))
    until, fault = _until(form.get("until", ""), today)
    faults = {
        "day0": "" if weekdays else "days_missing",
        "mornings": "" if mornings or afternoons else "part_missing",
        "until": fault,
    }
    return Answer(Wants(weekdays, mornings, afternoons, until), {field: code for field, code in faults.items() if code})


def _until(text: str, today: date) -> tuple[date, str]:
    try:
        until = date.fromisoformat(text)
    except ValueError:
        return today, "until_wrong"
    return until, "" if today <= until <= today + timedelta(days=FURTHEST_DAYS) else "until_far"


def suits(begins_at: datetime, wants: Wants, zone: str) -> bool:
    local = begins_at.astimezone(ZoneInfo(zone))
    part = wants.mornings if local.time() < NOON else wants.afternoons
    return part and str(local.weekday()) in wants.weekdays and local.date() <= wants.until


def kept_until(now: datetime, zone: str) -> datetime:
    """Return until when a time is kept that is offered `now`: at night until the morning, and as long as by day from there."""
    return after_night(now, zone) + KEPT_FOR


def first_that_suits(slots: Iterable[Slot], wants: Wants, zone: str, but: Collection[datetime], after: datetime) -> datetime | None:
    """Return the first time that suits, begins after `after`, and was not offered before."""
    found = (slot.begins_at for slot in slots if slot.begins_at > after and slot.begins_at not in but)
    return next((begins_at for begins_at in found if suits(begins_at, wants, zone)), None)
