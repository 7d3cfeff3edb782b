"""Hours by the clock on the wall, on every night on which the clocks of London and New York change from 2026 to 2030, and elsewhere."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.booking.grains import GRAIN, Span, members, moment_of
from server.booking.hours import Closed, Difference, Weekly, day_span, grid, local_day, moment_at, open_grains
from server.booking.model import DayKind

pytestmark = pytest.mark.row("B2")

LONDON, NEW_YORK = "Europe/London", "America/New_York"
FORWARD = {
    LONDON: ("2026-03-29", "2027-03-28", "2028-03-26", "2029-03-25", "2030-03-31"),
    NEW_YORK: ("2026-03-08", "2027-03-14", "2028-03-12", "2029-03-11", "2030-03-10"),
}
BACK = {
    LONDON: ("2026-10-25", "2027-10-31", "2028-10-29", "2029-10-28", "2030-10-27"),
    NEW_YORK: ("2026-11-01", "2027-11-07", "2028-11-05", "2029-11-04", "2030-11-03"),
}
NIGHTS = [(zone, day, hours) for kind, hours in ((FORWARD, 23), (BACK, 25)) for zone, days in kind.items() for day in days]
# Jumps at midnight, of half an hour, back over midnight, and a clock that is 45 minutes off.
ELSEWHERE = ("Africa/Cairo", "Australia/Lord_Howe", "America/Havana", "America/Santiago", "Asia/Kathmandu", "UTC")
ZONES = st.sampled_from((LONDON, NEW_YORK, *ELSEWHERE))
DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31)) | st.sampled_from([date.fromisoformat(day) for _, day, _ in NIGHTS])
MINUTES = st.integers(0, 288).map(lambda grain: grain * 5)
NOBODY = Closed(frozenset(), LONDON)


@cache
def clock(zone: str, day: date) -> tuple[list[datetime], list[datetime]]:
    """Return every minute of UTC around a day, and the latest time that the clock on the wall has shown until then."""
    start = datetime.combine(day - timedelta(days=1), time(6), UTC)
    minutes = [start + timedelta(minutes=minute) for minute in range(3 * 24 * 60)]
    return minutes, list(accumulate((moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in minutes), max))


def watched(zone: str, day: date, minute: int) -> datetime:
    """Return when somebody who watches the clock minute by minute first sees this time of the day or a later one."""
    minutes, shown = clock(zone, day)
    return minutes[bisect_left(shown, datetime.combine(day, time()) + timedelta(minutes=minute))]


@pytest.mark.parametrize(("zone", "day", "hours"), NIGHTS)
def test_every_edge_of_a_night_is_where_the_clock_shows_it(zone: str, day: str, hours: int) -> None:
    night = date.fromisoformat(day)
    for minute in range(0, 1441, 5):
        assert moment_at(night, minute, ZoneInfo(zone)) == watched(zone, night, minute)
    assert len(day_span(night, ZoneInfo(zone))) == hours * 12


@given(ZONES, DAYS, MINUTES)
def test_every_edge_of_any_day_is_where_the_clock_shows_it(zone: str, day: date, minute: int) -> None:
    assert moment_at(day, minute, ZoneInfo(zone)) == watched(zone, day, minute)


@given(ZONES, DAYS, MINUTES, MINUTES)
def test_what_is_later_on_the_wall_is_not_earlier_in_fact(zone: str, day: date, one: int, other: int) -> None:
    assert moment_at(day, min(one, other), ZoneInfo(zone)) <= moment_at(day, max(one, other), ZoneInfo(zone))


@given(ZONES, DAYS)
def test_days_touch_and_do_not_overlap(zone: str, day: date) -> None:
    assert day_span(day, ZoneInfo(zone)).until == day_span(day + timedelta(days=1), ZoneInfo(zone)).first


def weekly(day: date, begins: str, ends: str, zone: str) -> Weekly:
    first, last = (int(clock[:2]) * 60 + int(clock[3:]) for clock in (begins, ends))
    return Weekly(day.weekday(), first, last, day, day, zone)


# The hour that is missing or doubled begins at 01:00 in London, and at 02:00 (missing) or 01:00 (doubled) in New York.
STRETCHES = [
    (LONDON, "00:00", "03:00", 24, 48), (LONDON, "01:00", "02:00", 0, 24), (LONDON, "01:30", "02:00", 0, 18),
    (LONDON, "01:00", "01:30", 0, 6), (LONDON, "00:30", "01:30", 6, 12), (LONDON, "01:30", "03:00", 12, 30),
    (LONDON, "22:00", "24:00", 24, 24), (LONDON, "00:00", "24:00", 276, 300),
    (NEW_YORK, "00:00", "03:00", 24, 48), (NEW_YORK, "02:00", "03:00", 0, 12), (NEW_YORK, "01:00", "02:00", 12, 24),
    (NEW_YORK, "02:30", "04:00", 12, 18), (NEW_YORK, "01:30", "02:30", 6, 24), (NEW_YORK, "00:00", "24:00", 276, 300),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "begins", "ends", "forward", "back"), STRETCHES)
def test_bad_05_a_stretch_is_as_long_as_the_night_really_is(zone: str, begins: str, ends: str, forward: int, back: int) -> None:
    for days, grains in ((FORWARD[zone], forward), (BACK[zone], back)):
        for day in map(date.fromisoformat, days):
            window = Span(day_span(day, ZoneInfo(zone)).first - 100, day_span(day, ZoneInfo(zone)).until + 100)
            assert open_grains([weekly(day, begins, ends, zone)], (), NOBODY, window).bit_count() == grains


def _weekly_on(day: date, edges: list[int], zone: str, valid_days: int) -> Weekly:
    return Weekly(day.weekday(), edges[0], edges[1], day - timedelta(days=valid_days), day if valid_days else None, zone)


@st.composite
def rules(draw: st.DrawFn) -> tuple[list[Weekly], list[Difference], Closed, Span]:
    """Draw hours and days that differ, around a window of up to two days."""
    day = draw(DAYS)
    near = st.integers(-2, 3).map(lambda days: day + timedelta(days=days))
    edges = st.tuples(MINUTES, MINUTES).map(sorted)
    weekly = st.builds(_weekly_on, near, edges, ZONES, st.sampled_from((0, 7, 14)))
    some = st.builds(lambda on, kind, pair, zone: Difference(on, kind, *pair, zone), near, st.sampled_from(DayKind), edges, ZONES)
    whole = st.builds(lambda on, zone: Difference(on, DayKind.CLOSED, None, None, zone), near, ZONES)
    closed = draw(st.builds(Closed, st.frozensets(near, max_size=2), ZONES))
    first = day_span(day, ZoneInfo("UTC")).first + draw(st.integers(-100, 200))
    window = Span(first, first + draw(st.integers(1, 576)))
    return draw(st.lists(weekly, max_size=4)), draw(st.lists(some | whole, max_size=3)), closed, window


def is_open(moment: datetime, weekly: list[Weekly], differences: list[Difference], closed: Closed) -> bool:
    """Decide for one grain by the watched clock, stretch after stretch."""

    def within(day: date, begins: int, ends: int, zone: str) -> bool:
        return watched(zone, day, begins) <= moment and moment + GRAIN <= watched(zone, day, ends)

    def in_week(rule: Weekly) -> bool:
        today = moment.astimezone(ZoneInfo(rule.time_zone)).date()
        valid = rule.valid_from <= today <= (rule.valid_to or date.max)
        return valid and today.weekday() == rule.weekday and within(today, rule.begins_min, rule.ends_min, rule.time_zone)

    def differs(kind: DayKind) -> bool:
        whole = [
            (one.day, one.begins_min or 0, 1440 if one.ends_min is None else one.ends_min, one.time_zone)
            for one in differences
            if one.kind == kind
        ]
        return any(within(*one) for one in whole)

    usual = any(map(in_week, weekly)) and not any(within(day, 0, 1440, closed.time_zone) for day in closed.days)
    return (usual or differs(DayKind.OPEN)) and not differs(DayKind.CLOSED)


@given(rules())
def test_open_grains_are_those_that_the_rules_allow(drawn: tuple[list[Weekly], list[Difference], Closed, Span]) -> None:
    weekly, differences, closed, window = drawn
    found = {window.first + place for place in members(open_grains(weekly, differences, closed, window))}
    assert found == {g for g in range(*window) if is_open(moment_of(g), weekly, differences, closed)}


MONDAY = date(2026, 3, 2)
WEEK = [weekly(MONDAY, "09:00", "12:00", LONDON)]
WINDOW = Span(day_span(MONDAY, ZoneInfo(LONDON)).first, day_span(MONDAY, ZoneInfo(LONDON)).until)
HOLIDAY = Closed(frozenset({MONDAY}), LONDON)
OPENED = Difference(MONDAY, DayKind.OPEN, 600, 660, LONDON)
SHUT = Difference(MONDAY, DayKind.CLOSED, 630, 720, LONDON)
AWAY = Difference(MONDAY, DayKind.CLOSED, None, None, LONDON)


DECIDED = [
    ((), NOBODY, 36), ((), HOLIDAY, 0), ((OPENED,), HOLIDAY, 12), ((OPENED,), NOBODY, 36),
    ((SHUT,), NOBODY, 18), ((SHUT, OPENED), HOLIDAY, 6), ((AWAY, OPENED), NOBODY, 0),
]  # fmt: skip


@pytest.mark.parametrize(("differences", "closed", "grains"), DECIDED)
def test_the_holiday_yields_to_added_hours_and_both_to_what_is_closed(
    differences: tuple[Difference, ...], closed: Closed, grains: int
) -> None:
    assert open_grains(WEEK, differences, closed, WINDOW).bit_count() == grains


def test_hours_count_from_their_first_day_to_their_last() -> None:
    year = Span(day_span(date(2026, 1, 1), ZoneInfo(LONDON)).first, day_span(date(2026, 12, 31), ZoneInfo(LONDON)).until)
    mondays = Weekly(0, 540, 600, date(2026, 3, 2), date(2026, 3, 16), LONDON)
    assert open_grains([mondays], (), NOBODY, year).bit_count() == 3 * 12


@pytest.mark.parametrize("zone", [LONDON, NEW_YORK, "Asia/Kathmandu"])
@given(day=DAYS, step=st.sampled_from((1, 2, 3, 4, 6, 12)))
def test_the_grid_is_on_the_clock_of_the_practice(zone: str, day: date, step: int) -> None:
    local = ZoneInfo(zone)
    span = day_span(day, local)
    for place in members(grid([day], step, local, span)):
        shown = moment_of(span.first + place).astimezone(local)
        assert (shown.hour * 60 + shown.minute) % (step * 5) == 0
        assert local_day(span.first + place, local) == day
