"""The table of what measured attendance comes to: every line is a way in which an appointment can go."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.consultation.model import Outcome
from server.consultation.presence import Finding, Presence, Stretch, joined, measure

pytestmark = pytest.mark.row("B4")
TEN = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # the appointment is from ten to twenty past


def at(minute: float) -> datetime:
    return TEN + timedelta(minutes=minute)


Minutes = tuple[float, float]


@dataclass
class Line:
    """Minutes from the beginning; `began` is when the call did."""

    finding: Finding
    patient: list[Minutes] = field(default_factory=list)
    professionals: list[Minutes] = field(default_factory=list)
    began: float | None = None
    outcome: Outcome | None = None
    length: float = 20

    @property
    def presence(self) -> Presence:
        patient, professionals = ([Stretch(at(one), at(other)) for one, other in each] for each in (self.patient, self.professionals))
        return Presence(TEN, at(self.length), patient, professionals, None if self.began is None else at(self.began), self.outcome)


TABLE = {
    "a usual call": Line(Finding.FULFILLED, [(-3, 18)], [(-1, 19)], began=1),
    "both were early and are done before it begins": Line(Finding.FULFILLED, [(-14, -2)], [(-12, -1)], began=-11),
    "the professional came after the end": Line(Finding.FULFILLED, [(0, 40)], [(22, 40)], began=23),
    "a call over a restart": Line(Finding.FULFILLED, [(0, 5), (6, 18)], [(0, 5), (6.5, 18)], began=4.9),
    "a minute together": Line(Finding.FULFILLED, [(0, 20)], [(5, 6)], began=5),
    "less than a minute together": Line(Finding.UNCLEAR, [(0, 20)], [(5, 5.9)], began=5),
    "a short call that was said to be complete": Line(Finding.FULFILLED, [(0, 6)], [(5, 5.5)], began=5, outcome=Outcome.COMPLETED),
    "let in, but gone by then": Line(Finding.UNCLEAR, [(0, 4)], [(5, 20)], began=5),
    "waited to the end and nobody came": Line(Finding.MISSED, [(-5, 25)]),
    "waited for the named time": Line(Finding.MISSED, [(0, 10)]),
    "waited a little less": Line(Finding.UNCLEAR, [(0, 9.9)]),
    "waited with a gap of a restart": Line(Finding.MISSED, [(0, 5), (6.5, 10)]),
    "waited with a gap that is none of a restart": Line(Finding.UNCLEAR, [(0, 4), (8, 12)], length=40),
    "half of a short appointment": Line(Finding.MISSED, [(0, 5)], length=10),
    "waited only before it began": Line(Finding.NOBODY, [(-30, -1)]),
    "waited, and somebody was at the desk": Line(Finding.UNCLEAR, [(0, 20)], [(10, 11)]),
    "waited, and somebody looked at the desk shortly before": Line(Finding.UNCLEAR, [(0, 20)], [(-15, -15)]),
    "waited, and somebody looked at the desk long before": Line(Finding.MISSED, [(0, 20)], [(-40, -16)]),
    "waited, and somebody came when it was over": Line(Finding.UNCLEAR, [(0, 20)], [(25, 26)]),
    "waited, and somebody looked long after": Line(Finding.MISSED, [(0, 20)], [(26, 30)]),
    "the patient did not come": Line(Finding.ABSENT, [], [(0, 15)]),
    "the patient did not come, and the professional said so": Line(Finding.ABSENT, [], [(0, 15)], outcome=Outcome.ABSENT),
    "the patient came only after it": Line(Finding.ABSENT, [(21, 22)], [(0, 15)]),
    "nobody came": Line(Finding.NOBODY),
    "nobody came while it was, both looked in long before": Line(Finding.NOBODY, [(-90, -80)], [(-90, -85)]),
}


@pytest.mark.parametrize("line", TABLE.values(), ids=TABLE)
def test_the_table(line: Line) -> None:
    assert measure(line.presence).finding == line.finding


def test_it_says_how_long() -> None:
    measured = measure(Line(Finding.FULFILLED, [(-3, 18)], [(-1, 19)], began=2).presence)
    assert (measured.waited, measured.together) == (timedelta(minutes=18), timedelta(minutes=16))


def test_the_clocks_of_two_pages_do_not_count_twice() -> None:
    """Two open pages of one person are one presence."""
    assert measure(Line(Finding.UNCLEAR, [(0, 6), (1, 6)]).presence).waited == timedelta(minutes=6)


minutes = st.tuples(st.integers(-60, 60), st.integers(0, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(minutes, max_size=6))
def test_joined_stretches_are_apart_and_cover_the_same(pairs: list[Minutes]) -> None:
    stretches = [Stretch(at(one), at(other)) for one, other in pairs]
    found = joined(reversed(stretches))
    assert all(later.begins_at - earlier.ends_at > timedelta(minutes=2) for earlier, later in pairwise(found))
    assert all(any(one.begins_at <= each.begins_at and each.ends_at <= one.ends_at for one in found) for each in stretches)


@given(st.lists(minutes, max_size=4), st.lists(minutes, max_size=4), st.none() | st.integers(-60, 60))
def test_nothing_is_decided_by_itself_against_a_patient(patient: list[Minutes], professionals: list[Minutes], began: int | None) -> None:
    """Missed is found only where no professional was measured, and fulfilled only where a call began."""
    measured = measure(Line(Finding.UNCLEAR, patient, professionals, began).presence)
    if measured.finding == Finding.MISSED:
        assert began is None
        assert all(end < -15 or begin > 25 for begin, end in professionals)
    if measured.finding == Finding.FULFILLED:
        assert began is not None
