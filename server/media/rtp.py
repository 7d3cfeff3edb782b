"""RTP packets in place (RFC 3550) with their header extensions (RFC 8285): read, rewritten, and wrapped for retransmission (RFC 4588).

A packet is `size` bytes at the offset `at` of `data`, which the caller vouches are there; every offset in an answer counts from the
beginning of `data`, so that nothing is copied.
"""

from collections.abc import Collection
from struct import Struct
from typing import NamedTuple

Data = bytes | bytearray | memoryview
Room = bytearray | memoryview  # data that can be written to

VERSION = 2
FIXED_BYTES = 12
PADDED, EXTENDED, SOURCES = 0x20, 0x10, 0x0F  # in the first byte
MARKER = 0x80  # in the second

ONE_BYTE, TWO_BYTE = 0xBEDE, 0x1000  # the profiles of extensions; the last four bits of the second are the application's
ID_1, RESERVED_ID = 0x10, 0xF0  # heads of the one-byte profile: the least that names an id, and the least that must not

_FIXED = Struct("!BBHLL")
read_fixed = _FIXED.unpack_from
"""(flags, marker and type, sequence, timestamp, ssrc) of what is known to have so many bytes."""
_REWRITTEN = Struct("!BHLL")
_PAIR = Struct("!HH")
_SEQUENCE = Struct("!H")


class Header(NamedTuple):
    """The header of one packet. `extensions` is the offset after the head of the extension block, or 0 without one; the payload stands
    from `body` to `end`, which leaves padding out.
    """

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    extensions: int
    body: int
    end: int


def read_header(data: Data, at: int, size: int) -> Header | None:
    """Return the header, or None for what is no whole RTP packet of version 2."""
    if size < FIXED_BYTES:
        return None
    flags, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data, at)
    if flags >> 6 != VERSION:
        return None
    body, end, extensions = at + FIXED_BYTES + 4 * (flags & SOURCES), at + size, 0
    if flags & EXTENDED:
        extensions = body + 4
        if extensions > end:
            return None
        body = extensions + 4 * _PAIR.unpack_from(data, extensions - 4)[1]
    if flags & PADDED:
        padding = data[end - 1]
        end = end - padding if padding else 0  # a packet without the byte that it promises is none
    if body > end:
        return None
    return Header._make((second > 127, second & 127, sequence, timestamp, ssrc, extensions, body, end))  # half the time of `Header(…)`


def find_extensions(data: Data, header: Header) -> dict[int, tuple[int, int]]:
    """Return {id: (offset, length in bytes)}; of an id that comes twice, the last. A broken element ends the walk."""
    if not header.extensions:
        return {}
    profile = _PAIR.unpack_from(data, header.extensions - 4)[0]
    if profile == ONE_BYTE:
        return _one_byte(data, header.extensions, header.body)
    if profile & 0xFFF0 == TWO_BYTE:
        return _two_byte(data, header.extensions, header.body)
    return {}


def _one_byte(data: Data, at: int, end: int) -> dict[int, tuple[int, int]]:
    found = {}
    while at < end:
        head = data[at]
        if not head:
            at += 1
            continue
        following = at + 2 + (head & 15)
        if following > end or not ID_1 <= head < RESERVED_ID:
            break
        found[head >> 4] = (at + 1, following - at - 1)
        at = following
    return found


def _two_byte(data: Data, at: int, end: int) -> dict[int, tuple[int, int]]:
    found = {}
    while at < end:
        number = data[at]
        at += 1
        if not number:
            continue
        if at == end or at + 1 + data[at] > end:
            break
        found[number] = (at + 1, data[at])
        at += 1 + data[at]
    return found


def blank_extensions(data: Room, header: Header, ids: Collection[int]) -> None:
    """Overwrite the elements with these ids by padding; the whole block where one of them comes twice, as no honest sender does."""
    found = [place for number, place in find_extensions(data, header).items() if number in ids]
    if not found:
        return
    head = 1 if _PAIR.unpack_from(data, header.extensions - 4)[0] == ONE_BYTE else 2
    for offset, length in found:
        data[offset - head : offset + length] = bytes(head + length)
    if any(number in ids for number in find_extensions(data, header)):
        data[header.extensions : header.body] = bytes(header.body - header.extensions)


def write_header(data: Room, at: int, marker_and_type: int, sequence: int, timestamp: int, ssrc: int) -> None:  # noqa: PLR0913, PLR0917
    """Rewrite everything of the fixed header but its first byte; the numbers must be in their ranges."""
    _REWRITTEN.pack_into(data, at + 1, marker_and_type, sequence, timestamp, ssrc)


def as_rtx(packet: Data, payload_type: int, ssrc: int, sequence: int, original_sequence: int) -> bytes:
    """Return the packet as a retransmission: as it is, without padding, with the sequence that was missed before its payload.

    Raises ValueError for what `read_header` does not take.
    """
    header = read_header(packet, 0, len(packet))
    if header is None:
        raise ValueError("no RTP packet")
    out = bytearray(packet[: header.body])
    out[0] &= ~PADDED
    write_header(out, 0, header.marker * MARKER | payload_type, sequence, header.timestamp, ssrc)
    return b"".join((out, _SEQUENCE.pack(original_sequence), packet[header.body : header.end]))


def ahead(first: int, second: int) -> int:
    """Return how far sequence `first` is ahead of `second` on the shorter way round: -32,768 to 32,767."""
    return (first - second + 0x8000 & 0xFFFF) - 0x8000


def ahead32(first: int, second: int) -> int:
    """Return how far timestamp `first` is ahead of `second` on the shorter way round."""
    return (first - second + 0x80000000 & 0xFFFFFFFF) - 0x80000000
