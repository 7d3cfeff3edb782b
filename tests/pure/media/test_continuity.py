"""One stream out of several: nothing that a receiver sees may jump, come twice or go back."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.continuity import KEPT, Continuity, Instant, in_terms_of, next_timestamp
from server.media.payloads import Vp8
from server.media.rtp import ahead, ahead32

pytestmark = pytest.mark.row("V5")

SOURCES = st.lists(
    st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 0x7FFF), st.integers(1, 40)), min_size=1, max_size=20
)  # fmt: skip


def vp8(picture: int, tl0: int = 0) -> Vp8:
    return Vp8(1, 15, picture & 0x7FFF, 3, tl0 & 0xFF, 5)


@given(st.integers(0, 0x7FFF), SOURCES)
def test_numbers_go_on_by_one_over_any_change_of_source(first: int, sources: list[tuple[int, int, int, int]]) -> None:
    continuity: Continuity[int] = Continuity(first, 5)
    out: list[tuple[int, int, int, int]] = []
    for name, (sequence, timestamp, picture, count) in enumerate(sources):
        continuity.begin(name, sequence, timestamp, continuity.last_timestamp + 3000, picture, picture & 0xFF)
        for number in range(count):
            here = vp8(picture + number, picture + number)
            assert continuity.takes(sequence + number & 0xFFFF, timestamp + 3000 * number & 0xFFFFFFFF, here)
            out.append((
                sequence + number + continuity.out.sequence & 0xFFFF,
                timestamp + 3000 * number + continuity.out.timestamp & 0xFFFFFFFF,
                here.picture_id + continuity.out.picture & 0x7FFF,
                here.tl0 + continuity.out.tl0 & 0xFF,
            ))  # fmt: skip
    assert out[0][:2] == (first, 5)
    for before, after in itertools.pairwise(out):
        assert ahead(after[0], before[0]) == 1
        assert ahead32(after[1], before[1]) == 3000
        assert after[2] - before[2] & 0x7FFF == 1
        assert after[3] - before[3] & 0xFF == 1


@given(st.integers(0, 0x7FFF), SOURCES)
def test_what_went_out_is_found_again_by_its_number(first: int, sources: list[tuple[int, int, int, int]]) -> None:
    continuity: Continuity[int] = Continuity(first, 5)
    sent: list[tuple[int, int, int]] = []
    for name, (sequence, timestamp, _, count) in enumerate(sources):
        continuity.begin(name, sequence, timestamp, timestamp)
        for number in range(count):
            continuity.takes(sequence + number & 0xFFFF, timestamp, None)
            sent.append((name, sequence + number & 0xFFFF, sequence + number + continuity.out.sequence & 0xFFFF))
    for name, sequence, outgoing in sent:
        span = continuity.find(outgoing)
        if name >= len(sources) - KEPT:
            assert span is not None
            assert (span.source, outgoing - span.sequence & 0xFFFF) == (name, sequence)
        else:
            assert span is None
    assert continuity.find(first - 1 & 0xFFFF) is None or len(sources) > KEPT


def test_late_packets_pass_only_from_after_the_beginning() -> None:
    continuity: Continuity[str] = Continuity(1, 1)
    continuity.begin("one", 10, 0, 0)
    assert continuity.takes(10, 0, None)
    assert continuity.takes(13, 90, vp8(40))
    assert continuity.takes(11, 30, vp8(38)), "late, but its own"
    assert not continuity.takes(9, 0, None), "from before the beginning"
    continuity.begin("two", 500, 0, 0, 7)
    assert 7 + continuity.out.picture & 0x7FFF == 41, "counted from the newest picture, not from the late one"
    assert not continuity.takes(499, 0, None)


def test_a_late_packet_is_told_from_an_early_one_however_long_it_goes() -> None:
    continuity: Continuity[str] = Continuity(1, 1)
    continuity.begin("one", 0, 0, 0)
    for sequence in range(70_000):
        assert continuity.takes(sequence & 0xFFFF, sequence, None)
    assert continuity.takes(69_000 & 0xFFFF, 69_000, None)


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.integers(-90_000, 90_000))
def test_clocks_are_put_beside_each_other_by_reports(old: int, new: int, later: int) -> None:
    """The new clock's report stands two seconds after the old one's."""
    at, then = Instant(1 << 40, old, 0.0), Instant((1 << 40) + (2 << 32), new, 0.0)
    assert in_terms_of(at, then, new + later & 0xFFFFFFFF, 90_000) == old + 180_000 + later & 0xFFFFFFFF


@given(st.integers(0, 0xFFFFFFFF), st.floats(0, 5), st.one_of(st.none(), st.integers(0, 0xFFFFFFFF)))
def test_time_never_stands_or_goes_back(last: int, elapsed: float, reported: int | None) -> None:
    assert 0 < ahead32(next_timestamp(last, elapsed, 90_000, reported), last) < 900_000


def test_a_believable_report_is_believed() -> None:
    assert next_timestamp(1000, 5.0, 90_000, 4000) == 4000
    assert next_timestamp(1000, 1.0, 90_000, 1000) == 91_000
