"""The times of frames: one sender's sources together, and all senders by one clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.continuity import Instant
from server.media.instep import FARTHEST_S, SenderClock, SourceClock

pytestmark = pytest.mark.row("V8")
EPOCH = 3_900_000_000.0


def report(theirs: float, timestamp: int) -> Instant:
    return Instant(int(theirs * 2**32), timestamp & 0xFFFFFFFF, 0.0)


@given(st.floats(-1e6, 1e6), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.lists(st.floats(0, 0.4), min_size=30, max_size=30))
def test_sound_and_picture_of_one_sender_are_together(wrong: float, sound0: int, picture0: int, delays: list[float]) -> None:
    sender = SenderClock()
    sound, picture = SourceClock(sender, 48_000), SourceClock(sender, 90_000)
    sound.reported(report(EPOCH + wrong, sound0))
    picture.reported(report(EPOCH + wrong, picture0))
    fastest = 9.0
    for number, delay in enumerate(delays):
        at = number * 0.1
        fastest = min(fastest, delay, delays[0])
        first = sound.time_of(sound0 + number * 4800 & 0xFFFFFFFF, 100 + at + delay)
        second = picture.time_of(picture0 + number * 9000 & 0xFFFFFFFF, 100 + at + delay)
        assert first == pytest.approx(second, abs=1e-4)
        assert first == pytest.approx(100 + at + fastest, abs=0.001)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(0, 10)), max_size=30))
def test_no_report_places_a_frame_in_the_future_or_far_in_the_past(ntp: int, shown: int, frames: list[tuple[int, float]]) -> None:
    for reported in (True, False):
        clock, now = SourceClock(SenderClock(), 90_000), 50.0
        if reported:
            clock.reported(Instant(ntp, shown, 0.0))
        for timestamp, step in frames:
            now += step
            assert now - FARTHEST_S - 0.01 <= clock.time_of(timestamp, now) <= now + 0.01


def test_without_a_report_the_first_to_come_in_time_counts() -> None:
    clock = SourceClock(SenderClock(), 48_000)
    assert clock.time_of(4_294_967_000, 10.3) == 10.3
    assert clock.time_of(4_294_967_000 + 960 & 0xFFFFFFFF, 10.06) == 10.06  # so the first was late
    assert clock.time_of(4_294_967_000 + 1920 & 0xFFFFFFFF, 10.2) == pytest.approx(10.08)


def test_a_clock_that_runs_away_is_followed() -> None:
    """Half a minute in which the sender's clock is 50 millionths slow."""
    clock = SourceClock(SenderClock(), 48_000)
    clock.reported(report(EPOCH, 0))
    for number in range(1500):
        at = number * 0.02
        told = clock.time_of(int(at * 48_000 * (1 - 50e-6)), 7 + at)
    assert told == pytest.approx(7 + at, abs=0.003)
