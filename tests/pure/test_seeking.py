"""Which free time suits somebody on a waiting list, by the practice's clock, and how long it is kept by the patient's."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.booking.seeking import FURTHEST_DAYS, Wants, first_that_suits, kept_until, read_wants, suits
from server.booking.slots import Slot

pytestmark = pytest.mark.row("B2")

TODAY = date(2026, 3, 2)
MONDAYS = Wants("0", mornings=True, afternoons=False, until=date(2026, 3, 9))


def at(text: str, zone: str = "Europe/London") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("begins_at", "yes"),
    [
        ("2026-03-02T09:00", True),
        ("2026-03-02T11:59", True),
        ("2026-03-02T12:00", False),
        ("2026-03-03T09:00", False),
        ("2026-03-09T09:00", True),
        ("2026-03-16T09:00", False),
    ],
)
def test_weekday_time_of_day_and_last_day_count_by_the_practices_clock(begins_at: str, yes: bool) -> None:
    for zone in ("Europe/London", "Pacific/Auckland", "America/New_York"):
        assert suits(at(begins_at, zone), MONDAYS, zone) is yes


def test_the_first_that_was_not_offered_before() -> None:
    slots = [Slot(at(f"2026-03-02T{hour:02}:00"), ()) for hour in (9, 10, 11)]
    first, second, third = (slot.begins_at for slot in slots)
    assert first_that_suits(slots, MONDAYS, "Europe/London", set(), first - timedelta(1)) == first
    assert first_that_suits(slots, MONDAYS, "Europe/London", {first}, first - timedelta(1)) == second
    assert first_that_suits(slots, MONDAYS, "Europe/London", set(), second) == third
    assert first_that_suits(slots, MONDAYS, "Europe/London", {third}, second) is None


@pytest.mark.parametrize(
    ("offered", "until"),
    [
        ("2026-03-02T08:00", "2026-03-02T10:00"),
        ("2026-03-02T20:59", "2026-03-02T22:59"),
        ("2026-03-02T21:00", "2026-03-03T10:00"),
        ("2026-03-02T03:00", "2026-03-02T10:00"),
        ("2026-03-28T23:00", "2026-03-29T10:00"),
    ],
)
def test_a_time_is_kept_for_two_hours_and_over_the_night(offered: str, until: str) -> None:
    assert kept_until(at(offered), "Europe/London") == at(until)


def test_a_form_is_read() -> None:
    answer = read_wants({"day0": "yes", "day6": "yes", "afternoons": "yes", "until": "2026-03-20"}, TODAY)
    assert (answer.wants, answer.faults) == (Wants("06", False, True, date(2026, 3, 20)), {})


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({"day0": ""}, {"day0": "days_missing"}),
        ({"mornings": "no"}, {"mornings": "part_missing"}),
        ({"until": ""}, {"until": "until_wrong"}),
        ({"until": "0"}, {"until": "until_wrong"}),
        ({"until": "9999-12-31"}, {"until": "until_far"}),
        ({"until": str(TODAY - timedelta(1))}, {"until": "until_far"}),
        ({"until": str(TODAY + timedelta(FURTHEST_DAYS))}, {}),
        ({"until": str(TODAY + timedelta(FURTHEST_DAYS + 1))}, {"until": "until_far"}),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, str], faults: dict[str, str]) -> None:
    form = {"day0": "yes", "mornings": "yes", "until": str(TODAY), **changed}
    assert read_wants(form, TODAY).faults == faults
