"""Slots are the times at which everybody who is needed is free: found in bits as by hand."""

from datetime import date, timedelta
from itertools import combinations, pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.booking.grains import Span, members, moment_of
from server.booking.hours import Closed, Weekly, day_span, grid, open_grains
from server.booking.model import Needs
from server.booking.slots import Diary, Shape, Slot, find_slots, room_around

pytestmark = pytest.mark.row("B1")

A, B, C = (UUID(int=number) for number in (1, 2, 3))
WINDOW = Span(5_000, 5_030)
ALL_DAY = (1 << len(WINDOW)) - 1
SETS = st.integers(0, ALL_DAY)
LEADS = st.sampled_from((None, A, B, UUID(int=9)))
SHAPES = st.builds(Shape, st.integers(1, 6), st.integers(0, 3), st.integers(0, 3), st.sampled_from(Needs), LEADS)
FULL = st.integers(0, ALL_DAY).map(lambda bits: bits | bits << 1 | bits >> 1).map(lambda bits: bits & ALL_DAY)


@st.composite
def diaries(draw: st.DrawFn) -> list[Diary]:
    return [Diary(who, draw(FULL), draw(SETS) & draw(SETS)) for who in draw(st.permutations((A, B, C)))[: draw(st.integers(0, 3))]]


def can(diary: Diary, shape: Shape, start: int) -> bool:
    """Decide by hand whether somebody could begin then."""

    def free(g: int) -> bool:
        return 0 <= g < len(WINDOW) and not diary.taken >> g & 1

    return all(free(g) and diary.open >> g & 1 for g in range(start, start + shape.length)) and all(
        free(g) for g in range(start - shape.before, start + shape.length + shape.after)
    )


def groups(shape: Shape, who: list[UUID]) -> set[frozenset[UUID]]:
    """Return every group of people who together could give the service."""
    if shape.needs in {Needs.ONE, Needs.ALL}:
        return {frozenset(who)} if who else set()
    if shape.needs == Needs.ANY:
        return {frozenset({one}) for one in who}
    return {frozenset(pair) for pair in combinations(who, 2) if shape.lead_id in pair}


@given(SHAPES, diaries(), SETS)
def test_slots_are_the_wanted_times_at_which_a_group_is_free(shape: Shape, those: list[Diary], wanted: int) -> None:
    by_id = {one.professional_id: one for one in those}
    possible = {
        start: {group for group in groups(shape, list(by_id)) if all(can(by_id[who], shape, start) for who in group)}
        for start in members(wanted)
    }
    found = find_slots(shape, those, wanted, WINDOW)
    assert [slot.begins_at for slot in found] == [moment_of(WINDOW.first + start) for start, groups in possible.items() if groups]
    for slot in found:
        start = next(start for start in possible if moment_of(WINDOW.first + start) == slot.begins_at)
        assert frozenset(slot.members) in possible[start]
        assert shape.lead_id not in slot.members or slot.members[0] == shape.lead_id or shape.needs == Needs.ANY


def one(needs: Needs = Needs.ONE, length: int = 4, before: int = 0, after: int = 0, lead_id: UUID | None = None) -> Shape:
    return Shape(length, before, after, needs, lead_id)


def bits(first: int, until: int) -> int:
    return ((1 << (until - first)) - 1) << first


def starts(found: list[Slot]) -> list[int]:
    return [next(place for place in range(len(WINDOW)) if moment_of(WINDOW.first + place) == slot.begins_at) for slot in found]


TOUCHING = [
    (one(), bits(0, 4), [4, 5, 6]), (one(), bits(10, 30), [0, 1, 2, 3, 4, 5, 6]), (one(), bits(4, 5), [0, 5, 6]),
    (one(), 0, [0, 1, 2, 3, 4, 5, 6]), (one(before=2), bits(0, 1), [3, 4, 5, 6]), (one(before=2), 0, [2, 3, 4, 5, 6]),
    (one(after=3), bits(10, 11), [0, 1, 2, 3]),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "taken", "first"), TOUCHING)
def test_bad_02_what_touches_is_free_and_what_overlaps_is_not(shape: Shape, taken: int, first: list[int]) -> None:
    assert starts(find_slots(shape, [Diary(A, bits(0, 10), taken)], ALL_DAY, WINDOW)) == first


def test_buffers_may_lie_outside_of_the_hours() -> None:
    shape = one(before=2, after=2)
    assert starts(find_slots(shape, [Diary(A, bits(10, 14), 0)], ALL_DAY, WINDOW)) == [10]


def test_bad_03_a_team_has_only_what_all_of_them_have() -> None:
    team = [Diary(A, bits(0, 12), 0), Diary(B, bits(4, 20), bits(9, 10)), Diary(C, ALL_DAY, 0)]
    found = find_slots(one(Needs.ALL), team, ALL_DAY, WINDOW)
    assert starts(found) == [4, 5]
    assert {frozenset(slot.members) for slot in found} == {frozenset({A, B, C})}


@pytest.mark.parametrize("needs", Needs)
def test_nobody_gives_nothing(needs: Needs) -> None:
    assert find_slots(one(needs, lead_id=A), [], ALL_DAY, WINDOW) == []


def test_who_has_most_time_left_gives_it() -> None:
    team = [Diary(A, ALL_DAY, bits(20, 30)), Diary(B, ALL_DAY, bits(0, 8)), Diary(C, bits(0, 8), ALL_DAY)]
    found = find_slots(one(Needs.ANY, length=8), team, 1 | 1 << 10, WINDOW)
    assert [(start, slot.members) for start, slot in zip(starts(found), found, strict=True)] == [(0, (A,)), (10, (B,))]


def test_the_lead_is_there_with_any_one_beside() -> None:
    team = [Diary(A, bits(0, 9), 0), Diary(B, bits(0, 4), 0), Diary(C, bits(5, 20), 0)]
    found = find_slots(one(Needs.LEAD_AND_ANY, lead_id=A), team, ALL_DAY, WINDOW)
    assert [(start, slot.members) for start, slot in zip(starts(found), found, strict=True)] == [(0, (A, B)), (5, (A, C))]
    assert find_slots(one(Needs.LEAD_AND_ANY, lead_id=A), team[:1], ALL_DAY, WINDOW) == []


@pytest.mark.parametrize(("day", "slots"), [("2027-03-28", 4), ("2027-10-31", 8), ("2027-11-02", 6)])
def test_bad_05_a_night_has_as_many_slots_as_half_hours(day: str, slots: int) -> None:
    zone, night = ZoneInfo("Europe/London"), date.fromisoformat(day)
    shape = one(length=6)
    window = room_around(shape, day_span(night, zone))
    opened = open_grains([Weekly(night.weekday(), 0, 180, night, None, zone.key)], (), Closed(frozenset(), zone.key), window)
    found = find_slots(shape, [Diary(A, opened, 0)], grid([night], 6, zone, window), window)
    assert len(found) == len({slot.begins_at for slot in found}) == slots
    assert {later.begins_at - earlier.begins_at for earlier, later in pairwise(found)} == {timedelta(minutes=30)}
