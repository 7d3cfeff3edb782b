"""Who may act for a patient, how far and when: every basis of a refusal, written out."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.acting import Reach, Standing, age_at, last_day, may_act, review_on, standing_of

pytestmark = pytest.mark.row("P5")

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
DORA, DANA, ERIN = UUID(int=1), UUID(int=2), UUID(int=3)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class One:
    person_id: UUID | None = DORA
    patient_id: UUID = DANA
    reach: Reach = Reach.SEE
    expires_at: datetime = NOW + DAY
    sleeps_at: datetime | None = None
    ended_at: datetime | None = None


HOLDS = One()
NOT_NOW = {
    Standing.ASKED: replace(HOLDS, person_id=None),
    Standing.RAN_OUT: replace(HOLDS, expires_at=NOW),
    Standing.SLEEPS: replace(HOLDS, sleeps_at=NOW),
    Standing.ENDED: replace(HOLDS, ended_at=NOW - DAY),
}


@pytest.mark.parametrize(("given_reach", "allowed"), [("book", "book"), ("see", "book see"), ("rights", "book see rights")])
def test_each_reach_includes_those_before_it(given_reach: str, allowed: str) -> None:
    one = replace(HOLDS, reach=Reach(given_reach))
    assert " ".join(reach for reach in Reach if may_act(DORA, DANA, one, reach, NOW)) == allowed


@pytest.mark.parametrize("standing", NOT_NOW)
def test_bad_39_what_does_not_hold_opens_nothing(standing: Standing) -> None:
    one = NOT_NOW[standing]
    assert standing_of(one, NOW) is standing
    assert not any(may_act(DORA, DANA, one, reach, NOW) for reach in Reach)


def test_bad_39_it_is_for_one_person_and_one_patient() -> None:
    assert standing_of(HOLDS, NOW) is Standing.HOLDS
    assert not may_act(ERIN, DANA, HOLDS, Reach.BOOK, NOW)
    assert not may_act(DORA, ERIN, HOLDS, Reach.BOOK, NOW)
    assert may_act(DORA, DANA, replace(HOLDS, sleeps_at=NOW + DAY), Reach.SEE, NOW)


@pytest.mark.parametrize(
    ("born", "today", "review"),
    [
        (None, date(2026, 3, 2), None),
        (date(2015, 5, 1), date(2026, 3, 2), date(2031, 5, 1)),
        (date(2010, 3, 2), date(2026, 3, 1), date(2026, 3, 2)),
        (date(2010, 3, 2), date(2026, 3, 2), date(2028, 3, 2)),
        (date(2008, 3, 2), date(2026, 3, 2), None),
        (date(2012, 2, 29), date(2028, 3, 1), date(2030, 3, 1)),
        (date(1950, 1, 1), date(2026, 3, 2), None),
    ],
)
def test_reviews_come_with_the_birthdays(born: date | None, today: date, review: date | None) -> None:
    assert review_on(born, today) == review


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_review_is_always_ahead_and_at_one_of_the_ages(born: date, today: date) -> None:
    review = review_on(born, today)
    assert review is None or (review > today and review.year - born.year in {16, 18})


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2010, 3, 2), date(2026, 3, 1), 15),
        (date(2010, 3, 2), date(2026, 3, 2), 16),
        (date(2012, 2, 29), date(2027, 2, 28), 14),
        (date(2012, 2, 29), date(2027, 3, 1), 15),
    ],
)
def test_an_age_counts_birthdays(born: date, day: date, age: int) -> None:
    assert age_at(born, day) == age


def test_a_year_reaches_over_a_leap_day() -> None:
    assert last_day(date(2027, 3, 1)) >= date(2028, 3, 1)
