"""The packets that are kept to be sent again."""

from struct import pack

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.media import native
from server.media.lane import NativeRing
from server.media.ring import KEPT_TURNS, SIZE, Ring
from tests.servers import missing

pytestmark = pytest.mark.row("V5")


def packet(sequence: int) -> bytes:
    return pack("!BBHLL", 0x80, 96, sequence, 1, 2)


@given(st.integers(0, 0xFFFF), st.integers(1, 200))
def test_the_last_ones_are_kept_and_no_others(first: int, count: int) -> None:
    ring = Ring(64)
    sequences = [first + number & 0xFFFF for number in range(count)]
    for sequence in sequences:
        ring.put(sequence, packet(sequence))
    assert all(ring.get(sequence) == packet(sequence) for sequence in sequences[-64:])
    assert all(ring.get(sequence) is None for sequence in sequences[:-64])


def test_nothing_is_found_that_was_not_put() -> None:
    ring = Ring(64)
    assert ring.get(7) is None
    assert not ring.came(7)
    ring.put(7, packet(7))
    assert ring.get(7 + 64) is None
    assert not ring.came(7 + 64)


def test_what_nobody_will_ask_for_is_remembered_and_not_kept() -> None:
    ring = Ring(64)
    ring.put(7, None)
    assert ring.came(7)
    assert ring.get(7) is None


@given(st.integers(0, 0xFFFF), st.lists(st.integers(0, 100), min_size=KEPT_TURNS + 1, max_size=40))
@example(0, [0, 2, *[0] * 9])
def test_packets_are_let_go_when_their_time_has_passed(first: int, counts: list[int]) -> None:
    """So many come in each turn. Those of the last turns are kept, but for what later ones have taken the place of."""
    ring, sequences = Ring(64, first), [[first]]
    ring.put(first, packet(first))
    for count in counts:
        ring.turn()
        sequences.append([])
        for _ in range(count):
            first = first + 1 & 0xFFFF
            sequences[-1].append(first)
            ring.put(first, packet(first))
    ring.turn()
    recent = [one for turn in sequences[-KEPT_TURNS:] for one in turn][-64:]
    assert all(ring.get(one) == packet(one) and ring.came(one) for one in recent)
    old = [one for turn in sequences[: -KEPT_TURNS - 1] for one in turn]
    assert all(ring.get(one) is None for one in old)


@given(st.integers(0, 0xFFFF), st.lists(st.tuples(st.integers(-3, 600), st.sampled_from(["put", "pass", "turn"]), st.integers(12, 1500))))
def test_the_compiled_one_keeps_the_same(first: int, steps: list[tuple[int, str, int]]) -> None:
    if not native.available():
        missing("the engine's native part", "try: make native")
    plain, compiled, at, seen = Ring(SIZE, first), NativeRing(first), first, [first]
    for step, what, size in steps:
        at = at + step & 0xFFFF
        seen.append(at)
        for ring in (plain, compiled):
            if what == "turn":
                ring.turn()
            else:
                ring.put(at, bytes([at & 0xFF]) * size if what == "put" else None)
    for sequence in {other & 0xFFFF for one in seen for other in (one, one + 1, one - SIZE)}:
        assert compiled.came(sequence) == plain.came(sequence)
        assert compiled.get(sequence) == plain.get(sequence)
