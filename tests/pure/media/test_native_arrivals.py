"""The compiled arrivals, beside those of Python."""

from random import Random

import pytest

from server.media import native
from server.media.native_arrivals import NativeArrivals
from server.media.twcc import KEPT, MAX_HEARD, MAX_STATUSES, Arrivals
from tests.servers import missing

pytestmark = pytest.mark.row("V5")

STEPS = (1, 1, 1, 1, 2, 9, 40, 600, MAX_STATUSES - 1, MAX_STATUSES, 0x8000, 0, -1, -3, -KEPT, -KEPT - 1, -MAX_STATUSES)
WAITS = (0.0, 0.0, 0.0002, 0.002, 0.07, 0.3, 9.0)


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if not native.available():
        missing("the engine's native part", "try: make native")


@pytest.mark.parametrize("seed", range(40))
def test_reports_are_those_of_python_byte_by_byte(seed: int) -> None:
    dice, plain, compiled = Random(seed), Arrivals(), NativeArrivals()
    steps, waits = STEPS[: dice.choice((4, 6, 8, len(STEPS)))], WAITS[: dice.randint(1, len(WAITS))]
    sequence, now, told = dice.randrange(0x10000), 1000.0 * dice.random(), 0
    for _ in range(60):
        for _ in range(dice.choice((0, 1, 20, 300))):
            sequence, now = sequence + dice.choice(steps) & 0xFFFF, now + dice.choice(waits)
            plain.heard(sequence, now)
            compiled.heard(sequence, now)
        assert [compiled.due(now, wait) for wait in waits] == [plain.due(now, wait) for wait in waits]
        expected = plain.take(7, seed)
        assert compiled.take(7, seed) == expected
        told += len(expected)
    assert told > 25


def test_a_flood_has_the_same_bound() -> None:
    plain, compiled = Arrivals(), NativeArrivals()
    for number in range(2 * MAX_HEARD):
        plain.heard(number & 0xFFFF, number / 1e5)
        compiled.heard(number & 0xFFFF, number / 1e5)
    assert compiled.take(1, 2) == plain.take(1, 2)
