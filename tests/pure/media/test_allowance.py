"""How much of one browser is taken."""

from hypothesis import given
from hypothesis import strategies as st

from server.media.endpoint import Allowance
from server.media.limits import AHEAD_S, PACKETS_S

AT_ONCE = int(AHEAD_S * PACKETS_S)


def taken(allowance: Allowance, count: int, now: float) -> int:
    return sum(not allowance.is_spent(now) for _ in range(count))


def test_what_comes_at_the_greatest_speed_is_all_taken() -> None:
    allowance = Allowance()
    assert all(not allowance.is_spent(50 + number / PACKETS_S) for number in range(3 * AT_ONCE))


def test_what_a_network_held_back_is_taken_at_once_and_no_more() -> None:
    allowance = Allowance()
    assert AT_ONCE <= taken(allowance, 3 * AT_ONCE, 50.0) <= AT_ONCE + 1
    assert taken(allowance, AT_ONCE, 50.0) == 0
    assert abs(taken(allowance, AT_ONCE, 51.0) - PACKETS_S) <= 1, "a second later a second's worth"


def test_who_was_silent_has_no_more_than_everybody() -> None:
    allowance = Allowance()
    taken(allowance, 1, 50.0)
    assert taken(allowance, 3 * AT_ONCE, 5_000.0) <= AT_ONCE + 1


@given(st.lists(st.tuples(st.floats(0, 0.5), st.integers(0, 2_000)), max_size=20))
def test_no_pattern_of_floods_gets_more_through(bursts: list[tuple[float, int]]) -> None:
    allowance, now, through = Allowance(), 7.0, 0
    for pause, count in bursts:
        now += pause
        through += taken(allowance, count, now)
    assert through <= AT_ONCE + (now - 7.0) * PACKETS_S + 2
