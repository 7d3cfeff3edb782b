"""How long data are kept, by tables of days; the longest rule wins, and nothing goes a day early."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.identity.mail_model import UNUSED_DAYS
from server.privacy.retention import (
    FLOORS,
    MOST,
    NOTICE,
    NUMBERS,
    PRESETS,
    Decided,
    Facts,
    Rules,
    account_until,
    add_months,
    add_years,
    age_on,
    faults_of,
    in_force,
    is_noticed_enough,
    longest,
    may_go,
    months_before,
    record_until,
    tax_before,
    tax_until,
)

pytestmark = pytest.mark.row("L5")

PRIVATE, NHS, MENTAL = PRESETS["private"], PRESETS["nhs"], PRESETS["mental"]
DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))


def facts(first: str, last: str, contract: str | None = None, born: str | None = "1970-05-05") -> Facts:
    parsed = [date.fromisoformat(day) if day else None for day in (contract, born)]
    return Facts(date.fromisoformat(first), date.fromisoformat(last), parsed[0], parsed[1], held=False, pending=False)


@pytest.mark.parametrize(
    ("rules", "known", "until"),
    [
        (PRIVATE, facts("2020-01-01", "2020-03-01", "2020-02-01"), "2027-02-01"),  # 7 years after the contract
        (PRIVATE, facts("2020-01-01", "2026-03-01", "2020-02-01"), "2028-03-01"),  # 2 years after the last contact are longer
        (PRIVATE, facts("2020-01-01", "2020-03-01"), "2022-03-01"),  # an enquiry
        (NHS, facts("2020-01-01", "2020-03-01", "2020-02-01"), "2028-02-01"),
        (MENTAL, facts("2020-01-01", "2020-03-01", "2020-02-01"), "2040-02-01"),
        (PRIVATE, facts("2020-01-01", "2020-03-01", "2020-02-01", "2010-06-15"), "2035-06-15"),  # a child: 25th birthday
        (NHS, facts("2020-01-01", "2020-03-01", "2020-02-01", "2002-06-15"), "2028-06-15"),  # 17 at the end: 26th birthday
        (NHS, facts("2020-01-01", "2020-07-01", "2020-06-15", "2002-06-15"), "2028-06-15"),  # 18 on the day: 25th is shorter than 8 years
        (NHS, facts("2002-01-01", "2030-03-01", "2030-02-01", "2000-06-15"), "2038-02-01"),  # came as a child, went on as an adult
        (MENTAL, facts("2020-01-01", "2020-03-01", "2020-02-01", "2010-06-15"), "2040-02-01"),
        (PRIVATE, facts("2020-01-01", "2020-03-01", "2020-02-01", None), "2045-01-01"),  # nobody knows: as if born that day
        (replace(PRIVATE, unknown_as_child=False), facts("2020-01-01", "2020-03-01", "2020-02-01", None), "2027-02-01"),
        (PRIVATE, facts("2020-01-01", "2020-03-01", "2020-02-01", "2099-01-01"), "2045-01-01"),  # a slip of the pen keeps longer
        (PRIVATE, facts("2012-02-29", "2012-02-29", "2012-02-29"), "2019-03-01"),  # 29 February
        (PRIVATE, facts("2020-01-01", "2020-03-01", "2020-02-01", "2004-02-29"), "2029-03-01"),
    ],
)
def test_the_longest_rule_wins(rules: Rules, known: Facts, until: str) -> None:
    last = date.fromisoformat(until)
    assert record_until(rules, known) == last
    assert not may_go(rules, known, last)
    assert may_go(rules, known, last + timedelta(days=1))


def test_a_hold_beats_every_rule_and_what_is_pending_comes_first() -> None:
    known, far = facts("1990-01-01", "1990-03-01", "1990-02-01"), date(2150, 1, 1)
    assert may_go(PRIVATE, known, far)
    assert not may_go(PRIVATE, known._replace(held=True), far)
    assert not may_go(PRIVATE, known._replace(pending=True), far)


@pytest.mark.parametrize(
    ("moved", "until"),
    [("2019-04-05", "2025-04-05"), ("2019-04-06", "2026-04-05"), ("2019-12-31", "2026-04-05"), ("2020-02-29", "2026-04-05")],
)
def test_money_is_kept_six_years_after_its_tax_year(moved: str, until: str) -> None:
    assert tax_until(PRIVATE, date.fromisoformat(moved)) == date.fromisoformat(until)


@given(DAYS, DAYS, st.integers(6, MOST))
def test_what_is_before_the_limit_is_over_and_nothing_else(moved: date, today: date, years: int) -> None:
    rules = Rules(tax_years=years)
    assert (moved < tax_before(rules, today)) == (tax_until(rules, moved) < today)


@given(DAYS, DAYS, st.integers(1, 240))
def test_months_are_counted_back_as_they_are_counted_on(day: date, today: date, months: int) -> None:
    assert (day < months_before(today, months)) == (add_months(day, months) < today)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [("2026-08-31", 6, "2027-03-01"), ("2028-02-29", 12, "2029-03-01"), ("2026-12-15", 1, "2027-01-15"), ("2027-03-31", -1, "2027-03-01")],
)
def test_a_day_that_a_month_lacks_is_the_first_of_the_next(day: str, months: int, then: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(then)


def test_ages_turn_on_the_birthday() -> None:
    assert [age_on(date(2000, 2, 29), day) for day in (date(2017, 2, 28), date(2017, 3, 1), date(2020, 2, 29))] == [16, 17, 20]
    assert age_on(date(2000, 5, 5), date(1999, 1, 1)) < 0


def test_an_account_is_kept_six_months_and_told_of_thirty_days_before() -> None:
    assert account_until(PRIVATE, date(2026, 1, 31)) == date(2026, 7, 31)
    assert not is_noticed_enough(date(2026, 7, 2), date(2026, 7, 31))
    assert is_noticed_enough(date(2026, 7, 1), date(2026, 7, 31))
    assert timedelta(days=UNUSED_DAYS) == NOTICE, "the letter says what is done"


def test_rules_count_after_a_week_and_longer_ones_at_once() -> None:
    assert in_force([], date(2026, 3, 8)) is None
    first, shorter = Decided(date(2026, 3, 1), Rules(contract_years=8)), Decided(date(2026, 4, 1), Rules(contract_years=7, tax_years=9))
    assert in_force([first], date(2026, 3, 7)) is None
    assert in_force([first], date(2026, 3, 8)) == first.rules
    assert in_force([first, shorter], date(2026, 4, 7)) == Rules(contract_years=8, tax_years=9)
    assert in_force([first, shorter], date(2026, 4, 8)) == shorter.rules


@given(DAYS, st.sampled_from([*PRESETS.values()]), st.sampled_from([*PRESETS.values()]))
def test_the_longest_of_two_keeps_as_long_as_either(day: date, one: Rules, other: Rules) -> None:
    known = Facts(day, add_years(day, 1), add_years(day, 1), None, held=False, pending=False)
    assert record_until(longest([one, other]), known) >= max(record_until(one, known), record_until(other, known))


def test_own_values_have_a_floor() -> None:
    values = {name: getattr(FLOORS, name) for name in NUMBERS}
    assert faults_of(values) == {}
    assert faults_of({name: value - 1 for name, value in values.items()}) == dict.fromkeys(NUMBERS, "floor")
    assert faults_of(dict.fromkeys(NUMBERS, MOST + 1)) == dict.fromkeys(NUMBERS, "most")
    assert faults_of(dict.fromkeys(NUMBERS)) == dict.fromkeys(NUMBERS, "number")
    assert all(faults_of({name: getattr(rules, name) for name in NUMBERS}) == {} for rules in PRESETS.values())
