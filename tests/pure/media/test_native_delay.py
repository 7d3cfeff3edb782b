"""The compiled estimation by delay, beside that of Python."""

from random import Random

import pytest

from server.media import native
from server.media.delay import Delay, Told
from server.media.native_delay import NativeDelay
from tests.servers import missing

pytestmark = pytest.mark.row("V6")


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if not native.available():
        missing("the engine's native part", "try: make native")


def reports(seed: int) -> list[Told]:
    """Feedback about a way that narrows and widens: bursts, losses, what was told before, packets that overtake, and long pauses."""
    dice, now, free_at, made = Random(seed), 100.0, 0.0, []
    for turn in range(300):
        arrivals: list[float | None] = []
        sent, sizes = [], []
        for _ in range(dice.choice((0, 1, 7, 40))):
            now += dice.choice((0.0, 0.0, 0.0002, 0.004, 0.02, 0.1 if turn % 50 else 1.5))
            size = dice.choice((0, 120, 1_100, 1_200))
            free_at = max(free_at, now) + 8 * size / (2e6, 3e5, 5e6)[turn // 100]
            arrivals.append(None if dice.random() < 0.1 else free_at + 0.02 + dice.random() * 0.004 * (seed % 3))
            sent.append(now - (0.01 if dice.random() < 0.02 else 0.0))
            sizes.append(size)
        made.append(Told(arrivals, sent, sizes, dice.choice((0.0, 0.25, -3.5))))
    return made


@pytest.mark.parametrize("seed", range(9))
def test_estimates_are_those_of_python_to_the_last_bit(seed: int) -> None:
    plain, compiled, estimates = Delay(), NativeDelay(), 0
    for told in reports(seed):
        expected = list(plain.learn(told))
        assert list(compiled.learn(told)) == expected
        estimates += len(expected)
    assert estimates > 50


def test_more_bursts_than_are_counted_still_have_their_rate() -> None:
    """Over 256 bursts within a second the newest ones count as one, and nothing is lost of the sum."""
    plain, compiled, expected, found = Delay(), NativeDelay(), [], []
    for first in range(0, 6_000, 100):
        numbers = range(first, first + 100)
        told = Told([0.002 * number for number in numbers], [100 + 0.002 * number * 2.6 for number in numbers], [100] * 100, 0.0)
        expected += plain.learn(told)
        found += compiled.learn(told)
    assert len(found) > 3
    assert abs(found[-1][0] - expected[-1][0]) < expected[-1][0] / 10
