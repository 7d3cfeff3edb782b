"""Sets of grains as bits say the same as sets of numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.booking.grains import GRAIN, Span, beginnings, collected, every, members, moment_of, span_around, span_within, union

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
WINDOW = Span(1_000, 1_090)
SPANS = st.builds(Span, st.integers(990, 1_100), st.integers(990, 1_100))
SETS = st.integers(0, (1 << len(WINDOW)) - 1)


def numbers(found: int) -> set[int]:
    return {place for place in range(found.bit_length()) if found >> place & 1}


@given(SETS)
def test_members_are_the_bits_in_order(found: int) -> None:
    assert list(members(found)) == sorted(numbers(found))


@given(st.lists(SPANS, max_size=6))
def test_union_holds_what_one_of_the_spans_holds(spans: list[Span]) -> None:
    covered = {g - WINDOW.first for span in spans for g in range(*span) if g in range(*WINDOW)}
    assert numbers(union(spans, WINDOW)) == covered


@given(st.sets(st.integers(WINDOW.first, WINDOW.until - 1)))
def test_collected_holds_these_grains(grains: set[int]) -> None:
    assert numbers(collected(grains, WINDOW)) == {g - WINDOW.first for g in grains}


def test_nothing_is_collected_where_there_is_no_window() -> None:
    assert collected([], Span(5, 5)) == 0


@given(st.integers(1, 12), SPANS)
def test_every_counts_from_the_beginning_of_its_span(step: int, span: Span) -> None:
    wanted = {g - WINDOW.first for g in range(span.first, span.until, step) if g in range(*WINDOW)}
    assert numbers(every(step, span, WINDOW)) == wanted


@given(SETS, st.integers(1, 30))
def test_beginnings_have_enough_free_grains_behind_them(free: int, length: int) -> None:
    there = numbers(free)
    assert numbers(beginnings(free, length)) == {g for g in there if all(g + more in there for more in range(length))}


@given(st.integers(-3_000_000, 30_000_000))
def test_a_grain_is_five_minutes_that_touch_the_next(grain: int) -> None:
    assert moment_of(grain + 1) - moment_of(grain) == GRAIN
    assert span_around(moment_of(grain), moment_of(grain + 2)) == span_within(moment_of(grain), moment_of(grain + 2)) == (grain, grain + 2)


@pytest.mark.parametrize(
    ("begins_s", "ends_s", "around", "within"), [(0, 300, 1, 1), (1, 300, 1, 0), (0, 301, 2, 1), (-1, 301, 3, 1), (1, 899, 3, 1)]
)
def test_what_is_needed_is_rounded_up_and_what_is_offered_down(begins_s: int, ends_s: int, around: int, within: int) -> None:
    edges = NOON + timedelta(seconds=begins_s), NOON + timedelta(seconds=ends_s)
    assert len(span_around(*edges)) == around
    assert len(span_within(*edges)) == within


def test_a_span_that_ends_before_it_begins_is_empty() -> None:
    assert len(Span(5, 3)) == 0
    assert union([Span(1_005, 1_003)], WINDOW) == every(3, Span(1_005, 1_003), WINDOW) == 0
