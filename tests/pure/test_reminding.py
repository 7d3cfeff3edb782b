"""When patients are reminded: never for what is past, never at night by text message, by the clocks of the patient's own zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.consultation.events import News
from server.core.night import NIGHT_FROM, NIGHT_UNTIL
from server.messaging.reminding import dues, is_past, text_message_at

pytestmark = pytest.mark.row("B6")

BEGINS = datetime(2026, 3, 4, 9, 20, tzinfo=UTC)
DAY, SOON = News.REMIND24H, News.REMIND15M
ZONES = ("Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Kiritimati")
MOMENTS = st.integers(0, 5 * 365 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


def test_both_lie_ahead_of_an_early_booking() -> None:
    assert dues(BEGINS, BEGINS - timedelta(days=3)) == [(DAY, BEGINS - timedelta(hours=24)), (SOON, BEGINS - timedelta(minutes=15))]


@pytest.mark.parametrize(
    ("before", "kinds"),
    [
        (timedelta(hours=24, seconds=1), [DAY, SOON]),
        (timedelta(hours=24), [SOON]),
        (timedelta(minutes=15, seconds=1), [SOON]),
        (timedelta(minutes=15), []),
        (timedelta(0), []),
        (timedelta(hours=-1), []),
    ],
)
def test_none_is_planned_for_what_is_past(before: timedelta, kinds: list[News]) -> None:
    assert [kind for kind, _ in dues(BEGINS, BEGINS - before)] == kinds


def test_a_late_one_helps_until_the_next_is_due() -> None:
    soon, second = BEGINS - timedelta(minutes=15), timedelta(seconds=1)
    assert not is_past(DAY, BEGINS, soon - second)
    assert is_past(DAY, BEGINS, soon)
    assert not is_past(SOON, BEGINS, BEGINS - second)
    assert is_past(SOON, BEGINS, BEGINS)


@pytest.mark.parametrize(
    ("due", "sent"),
    [
        ("2026-03-03T20:59", "2026-03-03T20:59"),
        ("2026-03-03T21:00", "2026-03-04T08:00"),
        ("2026-03-03T23:30", "2026-03-04T08:00"),
        ("2026-03-03T00:10", "2026-03-03T08:00"),
        ("2026-03-03T07:59", "2026-03-03T08:00"),
        ("2026-03-03T08:00", "2026-03-03T08:00"),
    ],
)
def test_the_night_is_the_patients_own(due: str, sent: str) -> None:
    for zone in ZONES:
        moment, expected = (datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for text in (due, sent))
        assert text_message_at(DAY, moment, zone) == expected
        assert text_message_at(SOON, moment, zone) == moment


@given(MOMENTS, st.sampled_from(ZONES))
def test_the_days_text_message_comes_by_day_and_in_time(begins_at: datetime, zone: str) -> None:
    due = begins_at - timedelta(hours=24)
    sent = text_message_at(DAY, due, zone)
    assert NIGHT_UNTIL <= sent.astimezone(ZoneInfo(zone)).time() < NIGHT_FROM
    assert due <= sent <= begins_at - timedelta(hours=11)
