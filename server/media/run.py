"""Packets of one layer that came together: made ready once, and then copied for each who is sent them.

The packets of a picture arrive in one batch. Taken together they cost each subscriber one change of its numbers, one walk through its
keys and one look at its route, instead of as many as there are packets.
"""

from array import array
from typing import NamedTuple

from server.media.limits import MOST_CUT_BYTES, MOST_CUTS, MOST_SEALING
from server.media.payloads import Vp8

ALONE = [1]


class Ready(NamedTuple):
    """One packet as its publisher sent it, but for what names the publisher's lines. `second` is the second byte of its header; the
    offsets in `vp8` count from the beginning of the packet. `numbers_at` is that of `vp8`: where it
    is not 0 both numbers are written at once.
    """

    data: bytes
    size: int
    second: int
    sequence: int
    timestamp: int
    payload: int
    vp8: Vp8 | None
    numbers_at: int


class Run:
    """Packets of one layer with their transport-wide number at the same offset `numbered_at` (0 for none): fill `packets`, `close` it, and
    hand it to everybody. `ordered` is to be set false where one is not later than the one before.

    Closed, it knows what would otherwise be found out for each subscriber: the `sizes` of the packets, where there is more than one also
    as `lengths` for the log of what was sent, with the `moments` at which they were; their `payload` together; and how many after each
    other the kernel may take as one message (`alike`).
    """

    __slots__ = ("alike", "lengths", "moments", "numbered_at", "ordered", "packets", "payload", "sizes")

    alike: list[int]
    lengths: "array[int]"
    moments: "array[float]"
    payload: int
    sizes: list[int]

    def __init__(self, numbered_at: int) -> None:
        self.numbered_at = numbered_at
        self.packets: list[Ready] = []
        self.ordered = True

    def close(self, now: float) -> None:
        """No packet is added any more; it has at least one."""
        packets = self.packets
        if len(packets) == 1:
            packet = packets[0]
            self.sizes, self.alike, self.payload = [packet.size], ALONE, packet.payload
            return
        sizes = self.sizes = [packet.size for packet in packets]
        self.lengths, self.moments = array("H", sizes), array("d", (now,)) * len(sizes)
        self.alike = alike(sizes)
        self.payload = sum([packet.payload for packet in packets])

    def only(self, packets: list[Ready], now: float) -> "Run":
        """Return a closed run of some of these packets, at least one."""
        rest = Run(self.numbered_at)
        rest.packets = packets
        rest.close(now)
        return rest


def alike(sizes: list[int]) -> list[int]:
    """Return how many datagrams after each other may be one message: all of one size, but that the last of them may be shorter. All may
    still grow by the same.
    """
    size = sizes[0]
    if sizes.count(size) == len(sizes) <= _most(size):
        return [len(sizes)]
    counts: list[int] = []
    size = 0
    for here in sizes:
        if size and here <= size and counts[-1] < _most(size):
            counts[-1] += 1
            size = size if here == size else 0  # a shorter one is the last
        else:
            counts.append(1)
            size = here
    return counts


def _most(size: int) -> int:
    return min(MOST_CUTS, MOST_CUT_BYTES // (size + MOST_SEALING))
