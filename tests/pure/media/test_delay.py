"""The estimation by delay, beside aiortc's of the same mathematics."""

from random import Random

import pytest
from aiortc.rate import OveruseEstimator, RemoteBitrateEstimator

from server.media.delay import Delay, Rate, Shortest

pytestmark = pytest.mark.row("V6")

TICK_MS = 1000 / (1 << 18)  # of the time of sending that aiortc's is told in 24 bits


@pytest.mark.parametrize("seed", range(12))
def test_estimates_are_those_of_aiortc(seed: int) -> None:
    """Bursts of all sizes over a way that narrows and widens, with jitter. None overtakes another: aiortc's takes that for a long pause."""
    dice, ours, theirs = Random(seed), Delay(), RemoteBitrateEstimator()
    theirs.incoming_bitrate = Rate()  # type: ignore[assignment] # of the same shape
    ticks, free_at, told = 1 << 18, 0.0, []
    for turn in range(4000):
        ticks += dice.choice((200, 900, 1_600, 5_000, 9_000))
        size = dice.choice((120, 1_100, 6_600))
        capacity = (2_000, 300, 5_000)[turn // 500 % 3]  # bit/ms
        free_at = max(free_at, ticks * TICK_MS) + 8 * size / capacity
        at_ms = int(free_at + 20 + dice.random() * 4 * (seed % 3))
        told.append((ours.add(at_ms, ticks * TICK_MS, size), theirs.add(at_ms, ticks & 0xFFFFFF, size, 0)))
        assert ours.trend.offset == pytest.approx(theirs.estimator.offset(), abs=1e-9), turn
        assert ours.detector.usage is theirs.detector.state()
    assert [one for one, _ in told] == [other and other[0] for _, other in told]
    assert len([one for one, _ in told if one is not None]) > 50


def test_a_burst_that_was_overtaken_teaches_little() -> None:
    plain, overtaken = Delay(), Delay()
    for turn in range(400):
        for delay in (plain, overtaken):
            delay.add(20 * turn + 30, 20.0 * turn, 1_000)
        if turn % 20 == 0:
            overtaken.add(20 * turn + 31, 20.0 * turn - 8, 100)
    assert abs(overtaken.trend.offset - plain.trend.offset) < 0.1
    assert overtaken.detector.usage is plain.detector.usage


def test_a_rate_is_measured_over_a_second() -> None:
    rate = Rate()
    assert rate.rate(5) is None
    for at in range(0, 3000, 10):
        rate.add(1000, at)
    assert 790_000 < (rate.rate(3000) or 0) < 810_000
    assert rate.rate(9000) is None


def test_the_shortest_interval_is_the_one_that_aiortc_finds() -> None:
    dice, ours, theirs = Random(7), Shortest(), OveruseEstimator()
    for _ in range(500):
        interval = dice.uniform(0, 50)
        assert ours.add(interval) == theirs.update_min_frame_period(interval)
