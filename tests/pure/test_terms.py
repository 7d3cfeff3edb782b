"""What a professional may say about a service and about hours, and what is refused with a sentence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.booking.model import Pays
from server.booking.terms import Terms, clock_of, minutes_of, price_of, price_text, stretches_of
from server.errors import Invalid

pytestmark = pytest.mark.row("B2")
GOOD = Terms(
    name="First visit", about="", length_min=20, buffer_before_min=0, buffer_after_min=10, price_minor=4550, currency="GBP",
    pays=Pays.PRACTICE, late_fee_percent=None, no_show_fee_percent=0, grid_min=10, notice_min=60, horizon_days=56, cancel_until_min=1440,
    move_until_min=1440,
)  # fmt: skip


def code_of(terms: Terms) -> str:
    with pytest.raises(Invalid) as refused:
        terms.checked()
    return refused.value.code


@pytest.mark.parametrize(
    "good",
    [
        {}, {"name": "x" * 120}, {"about": "x" * 1000}, {"length_min": 5}, {"length_min": 240}, {"buffer_before_min": 60},
        {"price_minor": 0}, {"price_minor": 1_000_000}, {"late_fee_percent": 50}, {"grid_min": 5},
    ],
)  # fmt: skip
def test_what_is_within_the_limits_stands(good: dict[str, object]) -> None:
    terms = replace(GOOD, **good)  # type: ignore[arg-type]
    assert terms.checked() == terms


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 121), ("about", "x" * 1001), ("length_min", 0), ("length_min", 245), ("length_min", 22),
        ("buffer_before_min", 65), ("buffer_after_min", -5), ("buffer_after_min", 7), ("currency", "SEK"), ("pays", "barter"),
        ("late_fee_percent", 101), ("no_show_fee_percent", None), ("no_show_fee_percent", -1), ("grid_min", 7), ("notice_min", 1),
        ("horizon_days", 3650), ("cancel_until_min", -60), ("move_until_min", 61),
    ],
)  # fmt: skip
def test_what_is_beyond_them_is_refused_by_its_field(field: str, value: object) -> None:
    assert code_of(replace(GOOD, **{field: value})) == field  # type: ignore[arg-type]


@pytest.mark.parametrize("price_minor", [-1, 1_000_001])
def test_a_price_has_limits(price_minor: int) -> None:
    assert code_of(replace(GOOD, price_minor=price_minor)) == "price"


@given(st.integers(0, 9_999_999))
def test_a_price_is_read_as_it_is_written(minor: int) -> None:
    assert price_of(price_text(minor)) == minor


@pytest.mark.parametrize(("text", "minor"), [("", 0), ("0", 0), ("45", 4500), ("45.50", 4550), ("45,50", 4550)])
def test_prices_as_people_write_them(text: str, minor: int) -> None:
    assert price_of(text) == minor


@pytest.mark.parametrize("text", ["-1", "1e3", "45.5", "45.505", "1,000.00", "£45", "123456", " 45", "٤٥ pounds", "NaN"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        price_of(text)


@given(st.integers(0, 288))
def test_a_time_is_read_as_it_is_written(grain: int) -> None:
    assert minutes_of(clock_of(grain * 5)) == grain * 5


@pytest.mark.parametrize("text", ["", "9:00", "24:05", "25:00", "09:03", "09.00", "09:00 ", "-1:00", "noon"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        minutes_of(text)


def test_hours_are_put_in_order_and_may_touch() -> None:
    assert stretches_of([("14:00", "17:30"), ("", ""), ("09:00", "14:00")]) == [(540, 840), (840, 1050)]
    assert stretches_of([("22:00", "24:00")]) == [(1320, 1440)]


@pytest.mark.parametrize(
    "pairs", [[("09:00", "")], [("", "12:00")], [("12:00", "09:00")], [("09:00", "09:00")], [("09:00", "12:00"), ("11:55", "13:00")]]
)
def test_hours_that_cannot_be_are_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid) as refused:
        stretches_of(pairs)
    assert refused.value.code == "hours"
