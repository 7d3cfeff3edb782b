"""Attempts are counted one key at a time; a success forgets them, and time gives them back."""

import pytest

from server.errors import TooFast
from server.web import ratelimit
from server.web.ratelimit import RULES, MemoryLimiter
from tests.conftest import StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

TIMES, WITHIN_S = RULES["sign_in_name"]


async def allowed(limiter: MemoryLimiter, key: str) -> int:
    """Return how many attempts pass before one is refused."""
    for number in range(10_000):
        try:
            await limiter.hit("sign_in_name", key)
        except TooFast:
            return number
    raise AssertionError("there is no limit")


async def test_every_name_has_its_own_attempts(clock: StillClock) -> None:
    limiter = MemoryLimiter(clock)
    assert [await allowed(limiter, name) for name in ("alice", "bob", "alice")] == [TIMES, TIMES, 0]


async def test_they_come_back_over_time_and_no_more_than_all(clock: StillClock) -> None:
    limiter = MemoryLimiter(clock)
    assert await allowed(limiter, "alice") == TIMES
    clock.advance(WITHIN_S / 2)
    assert await allowed(limiter, "alice") == TIMES // 2
    clock.advance(WITHIN_S * 10)
    assert await allowed(limiter, "alice") == TIMES


async def test_a_success_gives_them_back_at_once(clock: StillClock) -> None:
    limiter = MemoryLimiter(clock)
    assert await allowed(limiter, "alice") == TIMES
    await limiter.forget("sign_in_name", "alice")
    await limiter.forget("sign_in_name", "nobody")
    assert await allowed(limiter, "alice") == TIMES


async def test_one_attempt_can_be_taken_back(clock: StillClock) -> None:
    limiter = MemoryLimiter(clock)
    assert await allowed(limiter, "alice") == TIMES
    await limiter.take_back("sign_in_name", "alice")
    assert await allowed(limiter, "alice") == 1
    for _ in range(50):
        await limiter.take_back("sign_in_name", "alice")
    assert await allowed(limiter, "alice") == TIMES


async def test_its_memory_is_bounded_and_keeps_who_still_tries(clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "MAX_KEYS", 5)
    limiter = MemoryLimiter(clock)
    assert await allowed(limiter, "alice") == TIMES
    for number in range(50):
        await limiter.hit("sign_in_name", f"dr_{number}")
        assert await allowed(limiter, "alice") == 0
    assert len(limiter._buckets) == 5
