"""The first bytes of a video payload: whether a decoder can begin there, and the numbers of a VP8 picture.

Reads plain descriptors only: VP8 (RFC 7741), VP9 (RFC 9628), H.264 (RFC 6184) and AV1 (the RTP payload format of the Alliance for Open
Media). The payload stands from `body` to `end` of `data`. What is cut short begins nothing.
"""

from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from server.media.rtp import Data, Room

SEQUENCE_PARAMETERS, STAP_A, FU_A = 7, 24, 28  # NAL unit types

LONGEST_DESCRIPTOR = 6  # bytes of VP8's

_LONG = Struct("!H")


class Vp8(NamedTuple):
    """Where a VP8 descriptor holds its picture id (`picture_bits` is 7 or 15) and TL0PICIDX, and their values; offsets are 0 where it
    has none. `payload` is the offset after the descriptor.
    """

    picture_at: int
    picture_bits: int
    picture_id: int
    tl0_at: int
    tl0: int
    payload: int

    @property
    def numbers_at(self) -> int:
        """The offset of both numbers where the picture id has 15 bits and TL0PICIDX follows it, as nearly always; else 0."""
        return self.picture_at if self.picture_bits == 15 and self.tl0_at == self.picture_at + 2 else 0


def read_vp8(data: Data, body: int, end: int) -> Vp8 | None:
    """Return the numbers of a descriptor, or None where it is cut short."""
    at = body + 1
    if at >= end:
        return None
    return _extended(data, at, end) if data[body] & 0x80 else Vp8(0, 0, 0, 0, 0, at)


def _extended(data: Data, at: int, end: int) -> Vp8 | None:
    picture_at = picture_bits = picture_id = tl0_at = tl0 = 0
    fields = data[at]
    at += 1
    if fields & 0x80:
        if at + 1 >= end:
            return None
        picture_at, picture_bits, picture_id = at, 7, data[at]
        at += 1
        if picture_id & 0x80:
            picture_bits, picture_id = 15, (picture_id & 0x7F) << 8 | data[at]
            at += 1
    if fields & 0x40:
        if at >= end:
            return None
        tl0_at, tl0 = at, data[at]
        at += 1
    at += 1 if fields & 0x30 else 0
    return Vp8._make((picture_at, picture_bits, picture_id, tl0_at, tl0, at)) if at < end else None


class Descriptor:
    """Reads the VP8 descriptors of one source. All packets of a picture have the same numbers at the same place, so that most of them
    need no reading: a comparison shows it.
    """

    __slots__ = ("_body", "_bytes", "_extended", "_read")

    def __init__(self) -> None:
        self._body, self._extended, self._bytes = 0, 0, b""
        self._read: tuple[Vp8 | None, int] = None, 0

    def read(self, packet: bytes, body: int, end: int) -> tuple[Vp8 | None, int]:
        """Return what `read_vp8` does, and its `numbers_at`, or 0 without one."""
        if end - body <= LONGEST_DESCRIPTOR:
            vp8 = read_vp8(packet, body, end)
            return vp8, vp8.numbers_at if vp8 is not None else 0
        here, extended = packet[body + 1 : body + LONGEST_DESCRIPTOR], packet[body] & 0x80
        if here != self._bytes or body != self._body or extended != self._extended:
            vp8 = read_vp8(packet, body, end)
            self._body, self._extended, self._bytes = body, extended, here
            self._read = vp8, vp8.numbers_at if vp8 is not None else 0
        return self._read


def write_vp8(data: Room, vp8: Vp8, picture_id: int, tl0: int, moved: int = 0) -> None:
    """Write both numbers, cut to their bits, where the descriptor has room for them. `moved` is how many bytes further the packet
    stands now than where the descriptor was read, so that each copy for a subscriber needs no reading of its own.
    """
    if vp8.picture_bits == 15:
        _LONG.pack_into(data, vp8.picture_at + moved, 0x8000 | picture_id & 0x7FFF)
    elif vp8.picture_bits:
        data[vp8.picture_at + moved] = picture_id & 0x7F
    if vp8.tl0_at:
        data[vp8.tl0_at + moved] = tl0 & 0xFF


def starts_picture(codec: str, data: Data, body: int, end: int) -> bool:
    """Return whether this is the first packet of a picture that needs no earlier one; `codec` is spelt as in SDP.

    For H.264 that is the packet with the sequence parameters: an IDR slice without them is of no use to a decoder that comes from
    another layer. Codecs that are not listed start no picture.
    """
    starts = _STARTS.get(codec)
    return starts is not None and starts(data, body, end)


def _vp8(data: Data, body: int, end: int) -> bool:
    """S bit and partition 0, then the P bit of the frame's first byte unset."""
    if body >= end or data[body] & 0x17 != 0x10:
        return False
    vp8 = read_vp8(data, body, end)
    return vp8 is not None and not data[vp8.payload] & 1


def _vp9(data: Data, body: int, end: int) -> bool:
    """B bit set, P bit unset, and the lowest spatial layer where layers are told."""
    if body >= end or data[body] & 0x48 != 0x08:
        return False
    at = body + 1
    if data[body] & 0x80:
        if at >= end:
            return False
        at += 2 if data[at] & 0x80 else 1
    if not data[body] & 0x20:
        return at < end
    return at < end and not data[at] & 0x0E


def _h264(data: Data, body: int, end: int) -> bool:
    if end - body < 2:
        return False
    kind = data[body] & 31
    if kind == STAP_A:
        return _stap_a(data, body + 1, end)
    if kind == FU_A:
        return data[body + 1] & 0x9F == 0x80 | SEQUENCE_PARAMETERS  # its first fragment
    return kind == SEQUENCE_PARAMETERS


def _stap_a(data: Data, at: int, end: int) -> bool:
    while at + 2 < end:
        if data[at + 2] & 31 == SEQUENCE_PARAMETERS:
            return True
        at += 2 + _LONG.unpack_from(data, at)[0]
    return False


def _av1(data: Data, body: int, end: int) -> bool:
    """N bit set: the first packet of a coded video sequence; Z unset: no rest of an earlier element."""
    return end - body > 1 and data[body] & 0x88 == 0x08


_STARTS: dict[str, Callable[[Data, int, int], bool]] = {"VP8": _vp8, "VP9": _vp9, "H264": _h264, "AV1": _av1}
