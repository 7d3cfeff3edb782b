"""How much work something is, told without a clock's seconds: a host that is slow today fails no test that asks here."""

import sys
import time
from collections.abc import Callable
from types import FrameType

TIMES = 4
TRIES = 3


def growth(work: Callable[[int], object], size: int) -> float:
    """Return how many times as much processor time `TIMES` the size takes: about `TIMES` for what is linear, its square for what is not."""
    return _least(work, size * TIMES) / _least(work, size)


def _least(work: Callable[[int], object], size: int) -> float:
    took = []
    for _ in range(TRIES):
        began = time.process_time()
        work(size)
        took.append(time.process_time() - began)
    return min(took)


def calls_of(work: Callable[[], object]) -> int:
    """Return how many functions are called meanwhile, those written in C among them."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event.endswith("call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls
