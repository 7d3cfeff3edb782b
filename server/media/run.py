"""Packets of one layer that came together: made ready once, and then copied for each who is sent them.

The packets of a picture arrive in one batch. Taken together they cost each subscriber one change of its numbers, one walk through its
keys and one look at its route, instead of as many as there are packets.
"""

from typing import NamedTuple

from server.media.payloads import Vp8


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
    """Packets of one layer with their transport-wide number at the same offset `numbered_at` (0 for none).

    `sizes` are those of the `packets`, and `payload` their payloads' together; `ordered` tells that each is later than the one before.
    """

    __slots__ = ("numbered_at", "ordered", "packets", "payload", "sizes")

    def __init__(self, numbered_at: int) -> None:
        self.numbered_at = numbered_at
        self.packets: list[Ready] = []
        self.sizes: list[int] = []
        self.payload = 0
        self.ordered = True

    def add(self, packet: Ready) -> None:
        packets = self.packets
        if packets and packet.sequence - packets[-1].sequence - 1 & 0xFFFF >= 0x7FFF:
            self.ordered = False
        packets.append(packet)
        self.sizes.append(packet.size)
        self.payload += packet.payload

    def only(self, packets: list[Ready]) -> "Run":
        """Return a run of some of these packets."""
        rest = Run(self.numbered_at)
        for packet in packets:
            rest.add(packet)
        return rest
