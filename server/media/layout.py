"""Where the extensions of a source's packets stand, kept from one packet to the next."""

from struct import Struct

from server.media.codecs import ABS_SEND_TIME, AUDIO_LEVEL, MID, REPAIRED_RID, RID, TRANSPORT_SEQUENCE
from server.media.rtp import FIXED_BYTES, ONE_BYTE, PADDED, SOURCES, Data, Header, Room, blank_extensions, find_extensions

NAMING = (MID, RID, REPAIRED_RID)
"""What names the publisher's own lines, and must not reach a subscriber, whose lines have other names."""

_read_profile = Struct("!H").unpack_from


class Layout:
    """How the packets of one source begin: where their extensions and their payload stand, counted from the beginning of the packet.

    A source sends the same extensions in packet after packet. So they are looked for once, and then one comparison of everything in the
    block but its values tells that they still stand there: whatever `fits` has the places that a walk would find. `places` is
    {id: (offset, length)} as of `find_extensions`; `numbered_at`, `sent_at` and `level_at` are the offsets of the transport-wide number,
    the time of sending and the level of sound, or 0; `names` are the places of what is to be blanked. `flags` is the first byte, and
    `block` what stands behind the fixed header under the bits of `mask`, both as numbers.
    """

    __slots__ = ("block", "body", "extensions", "flags", "level_at", "mask", "names", "numbered_at", "places", "sent_at")

    def __init__(self, data: Data, at: int, header: Header) -> None:
        self.flags = data[at]
        self.body = header.body - at
        self.extensions = header.extensions and header.extensions - at
        self.places = {number: (offset - at, length) for number, (offset, length) in find_extensions(data, header).items()}
        self.numbered_at, self.sent_at = self._place(TRANSPORT_SEQUENCE, 2), self._place(ABS_SEND_TIME, 3)
        self.level_at = self._place(AUDIO_LEVEL, 1)
        self.names = [self.places[number] for number in NAMING if number in self.places]
        if self.names and _read_profile(data, header.extensions - 4)[0] == ONE_BYTE:
            self.names = [(offset - 1, length + 1) for offset, length in self.names]
        elif self.names:
            self.names = [(offset - 2, length + 2) for offset, length in self.names]
        mask = self._compared()
        self.mask = int.from_bytes(mask, "big")
        self.block = int.from_bytes(data[at + FIXED_BYTES : header.body], "big") & self.mask

    def _place(self, number: int, length: int) -> int:
        place = self.places.get(number)
        return place[0] if place is not None and place[1] == length else 0

    def _compared(self) -> bytearray:
        """Return all bits of what must be the same in each packet: everything but contributing sources and values."""
        mask = bytearray(b"\xff" * (self.body - FIXED_BYTES))
        sources = 4 * (self.flags & SOURCES)
        mask[:sources] = bytes(sources)
        for offset, length in self.places.values():
            mask[offset - FIXED_BYTES : offset - FIXED_BYTES + length] = bytes(length)
        return mask

    def fits(self, data: Data, at: int, size: int, flags: int) -> bool:
        """Whether a packet, whose first byte is `flags`, begins in the same way."""
        body = self.body
        return flags == self.flags and size >= body and int.from_bytes(data[at + FIXED_BYTES : at + body], "big") & self.mask == self.block

    def blank(self, data: Room, at: int) -> None:
        """Blank what names lines in a packet that fits."""
        for offset, length in self.names:
            data[at + offset : at + offset + length] = bytes(length)


def blanked(layout: Layout, data: Room, at: int, header: Header) -> tuple[Layout, bool]:
    """Blank what names lines in the packet that the layout was made of. Return the layout by which the packet is to be handed on, and
    whether it may be kept: not where an element comes twice, nor where padding is to be counted from the end of each packet.
    """
    layout.blank(data, at)
    if find_extensions(data, header).keys().isdisjoint(NAMING):
        return layout, not data[at] & PADDED
    blank_extensions(data, header, NAMING)
    return Layout(data, at, header), False
