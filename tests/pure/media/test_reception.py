"""What came and what is missing of one source."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.reception import AGAIN_S, MOST_MISSING, TRIES, Reception

pytestmark = pytest.mark.row("V5")


@given(st.integers(0, 0xFFFF), st.sets(st.integers(1, 900), max_size=300), st.randoms())
def test_losses_are_counted_and_repairs_count_back(first: int, lost: set[int], dice: Random) -> None:
    reception = Reception(first, 90_000)
    for number in range(1000):
        if number not in lost:
            reception.heard(first + number & 0xFFFF, 3000 * number, number / 30)
    block = reception.block(5, 40.0)
    assert (block.ssrc, block.lost) == (5, len(lost))
    assert block.fraction_lost == len(lost) * 256 // 1000
    assert block.highest == first + 999
    assert block.jitter == 0
    for number in dice.sample(sorted(lost), len(lost)):
        reception.heard(first + number & 0xFFFF, 3000 * number, 50.0)
    again = reception.block(5, 50.0)
    assert (again.lost, again.fraction_lost) == (0, 0)


def test_what_is_missing_is_asked_for_a_few_times() -> None:
    reception, now = Reception(65_534, 90_000), 1.0
    assert not reception.heard(65_534, 0, now)
    assert reception.heard(1, 0, now)
    assert reception.has_missing
    assert reception.ask(now) == [65_535, 0]
    assert reception.ask(now + AGAIN_S / 2) == []
    reception.heard(0, 0, now)
    asked = [reception.ask(now + AGAIN_S * 1.1 * turn) for turn in range(1, 2 * TRIES)]
    assert asked == [[65_535]] * (TRIES - 1) + [[]] * TRIES
    assert not reception.has_missing


def test_gaps_are_bounded() -> None:
    reception = Reception(0, 90_000)
    assert not reception.heard(MOST_MISSING + 1, 0, 1.0), "a pause, not a loss"
    at = MOST_MISSING + 1
    for _ in range(4):
        at += 100
        assert reception.heard(at, 0, 1.0)
    assert len(reception.ask(1.0)) == MOST_MISSING


def test_jitter_is_measured_and_a_pause_is_none() -> None:
    reception = Reception(0, 1000)
    for number in range(200):
        reception.heard(number, 20 * number, 0.02 * number + (0.004 if number % 2 else 0.0))
    assert 3 <= reception.block(1, 5.0).jitter <= 4
    steady = Reception(0, 1000)
    steady.heard(0, 0, 0.0)
    steady.heard(1, 20, 10.0)
    assert steady.block(1, 11.0).jitter == 0


def test_the_last_senders_report_is_named() -> None:
    reception = Reception(0, 1000)
    reception.heard(0, 0, 0.0)
    reception.report_at, reception.report_middle = 1.0, 77
    block = reception.block(1, 1.5)
    assert (block.lsr, block.dlsr) == (77, 32_768)
