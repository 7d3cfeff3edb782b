"""Free times by day and week, and what a form may send back."""

import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.booking.slot_days import FORM, Choice, own_zone, read_day, read_time, read_zone, week_of, zones_by_area
from server.errors import Invalid

pytestmark = [pytest.mark.row("B1")]

LONDON, NEW_YORK = "Europe/London", "America/New_York"
MONDAY = date(2026, 3, 2)
FAR = date(2027, 1, 1)
YEARS = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), datetime(2027, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_times_stand_under_the_day_of_the_practice() -> None:
    late, early = at(2, 23, 30), at(3, 0, 15)
    week = week_of([early, late, late], MONDAY, LONDON, MONDAY, FAR)
    assert week.days == ((Choice(late),), (Choice(early),))
    assert week_of([early, late], MONDAY, NEW_YORK, MONDAY, FAR).days == ((Choice(late), Choice(early)),)


@pytest.mark.row("B2")
def test_the_night_in_which_the_clocks_change_is_one_day() -> None:
    """On 29 March 2026 London goes from 00:59 to 02:00: what is after midnight there is the evening before in UTC only in summer."""
    week = week_of([at(28, 23, 30), at(29, 23, 30)], date(2026, 3, 28), LONDON, MONDAY, FAR)
    assert [[choice.begins_at for choice in day] for day in week.days] == [[at(28, 23, 30)], [at(29, 23, 30)]]
    assert week.first == date(2026, 3, 28)
    assert week_of([at(29, 23, 30)], date(2026, 3, 30), LONDON, MONDAY, FAR).days == ((Choice(at(29, 23, 30)),),)


def test_the_weeks_beside_it_stay_within_what_is_offered() -> None:
    first = week_of([], MONDAY, LONDON, MONDAY, MONDAY + timedelta(days=9))
    assert (first.earlier, first.later) == (None, MONDAY + timedelta(days=7))
    second = week_of([], MONDAY + timedelta(days=7), LONDON, MONDAY, MONDAY + timedelta(days=9))
    assert (second.earlier, second.later) == (MONDAY, None)
    assert week_of([], MONDAY + timedelta(days=3), LONDON, MONDAY, FAR).earlier == MONDAY


@given(st.lists(st.datetimes(*YEARS), max_size=20), st.sampled_from([LONDON, NEW_YORK, "Asia/Kathmandu"]))
def test_every_time_is_on_the_page_of_just_one_week(times: list[datetime], zone: str) -> None:
    moments = {moment.replace(tzinfo=UTC) for moment in times}
    shown: list[datetime] = []
    for begin in range(0, 365 + 14, 7):
        first = date(2025, 12, 29) + timedelta(days=begin)
        week = week_of(moments, first, zone, first, FAR)
        shown += [choice.begins_at for day in week.days for choice in day]
        assert all(week.days)
    assert shown == sorted(moments)


@given(st.datetimes(*YEARS))
def test_what_a_form_sends_is_what_it_was_given(moment: datetime) -> None:
    whole = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    assert read_time(Choice(whole).value) == whole


@pytest.mark.parametrize(
    "text",
    ["", "0", "2026-03-02", "2026-03-02T10:30", "2026-03-02T10:30:00Z", "2026-02-30T10:30Z", "2026-03-02T24:30Z", "9999-12-31T23:59Z",
     "0000-01-01T00:00Z", "٢٠٢٦-03-02T10:30Z", "2026-03-02T10:30Z\n", "2026-03-02T10:30+01:00", "NaN"],
)  # fmt: skip
def test_bad_23_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_time(text)
    assert refused.value.code == "time"


@given(st.text(max_size=24))
def test_bad_23_no_text_breaks_a_reader(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert read_time(text).strftime(FORM) == text
    assert MONDAY <= read_day(text, MONDAY, FAR, MONDAY) <= FAR
    assert read_zone(text) in {None, text}


@pytest.mark.parametrize(
    ("text", "day"),
    [(None, MONDAY), ("", MONDAY), ("2026-03-10", date(2026, 3, 10)), ("2020-01-01", MONDAY), ("9999-12-31", FAR), ("2026-13-01", MONDAY),
     ("tomorrow", MONDAY), ("20260310", MONDAY)],
)  # fmt: skip
def test_a_day_is_one_of_those_that_are_offered(text: str | None, day: date) -> None:
    assert read_day(text, MONDAY, FAR, MONDAY) == day


@pytest.mark.parametrize("text", [None, "", "BST", "europe/london", "../etc/passwd", "/etc/passwd", "UTC\0"])
def test_bad_23_a_zone_is_one_that_there_is(text: str | None) -> None:
    assert read_zone(text) is None


@pytest.mark.row("B2")
def test_the_readers_zone_counts_while_its_clocks_differ() -> None:
    assert own_zone(NEW_YORK, LONDON, at(2, 10)) == NEW_YORK
    assert own_zone("Europe/Lisbon", LONDON, at(2, 10)) is None
    assert own_zone("Africa/Accra", LONDON, at(2, 10)) is None
    assert own_zone("Africa/Accra", LONDON, at(2, 10, month=7)) == "Africa/Accra"
    assert own_zone("BST", LONDON, at(2, 10)) is None


def test_every_zone_with_a_city_can_be_chosen() -> None:
    zones = zones_by_area()
    assert ("America/New_York", "New York") in zones["America"]
    assert ("America/Argentina/Buenos_Aires", "Argentina, Buenos Aires") in zones["America"]
    assert all(read_zone(name) == name for cities in zones.values() for name, _ in cities)
    assert all(cities for cities in zones.values())
