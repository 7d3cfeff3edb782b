"""The packets that are kept to be sent again."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.ring import Ring

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
    ring.put(7, b"short")
    assert ring.get(7) is None
