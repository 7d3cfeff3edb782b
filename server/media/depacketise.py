"""Frames out of packets of RTP: in their order, whole or not at all.

Sound (RFC 7587) is a packet a frame. A picture (VP8: RFC 7741, VP9: RFC 9628) is several packets, and needs the pictures before it: after a
loss nothing is handed on until one comes that needs none, because a decoder would show something that was never there.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import NamedTuple

from server.media.payloads import read_vp8, starts_picture
from server.media.rtp import ahead, read_header

MOST_WAITING = 512  # packets of one source behind a gap; with one more the gap is taken for a loss
SOUND_WAITS_S = 0.08  # for a packet that was overtaken: sound is not asked for again
PICTURE_WAITS_S = 0.7  # as long as a lost packet of a picture is asked for, and a little more
LARGEST_FRAME = 2 << 20  # bytes; a longer one is dropped as if it was lost
LONGEST_SOUND = 1_300  # bytes of one packet of Opus, whose largest has 1,275 for 20 ms

_SIZE = Struct("<HH")


class Frame(NamedTuple):
    """One sound or picture. `timestamp` is its packets', `whole` whether it needs none before it; a picture has a size where `whole`."""

    timestamp: int
    whole: bool
    payload: bytes
    width: int = 0
    height: int = 0


class Piece(NamedTuple):
    """A packet's payload; `gap` tells that something before it is lost."""

    timestamp: int
    marker: bool
    payload: bytes
    gap: bool


class Window:
    """Brings packets into their order. `put` each as it comes, `due` now and then; both return those whose turn it is."""

    def __init__(self, waits_s: float) -> None:
        self._waits_s = waits_s
        self._next: int | None = None
        self._waiting: dict[int, tuple[float, Piece]] = {}
        self._gap = False

    def put(self, packet: bytes, now: float) -> Iterator[Piece]:
        """Take one packet; broken, late and repeated ones are passed over, and so is one without a payload."""
        header = read_header(packet, 0, len(packet))
        if header is None:
            return
        sequence = header.sequence
        if self._next is None:
            self._next = sequence
        if ahead(sequence, self._next) < 0 or sequence in self._waiting:
            return
        self._waiting[sequence] = (now, Piece(header.timestamp, header.marker, packet[header.body : header.end], gap=False))
        if len(self._waiting) > MOST_WAITING or ahead(sequence, self._next) > MOST_WAITING:
            self._skip()
        yield from self._in_order()

    def due(self, now: float) -> Iterator[Piece]:
        """Give up what has been waited for long enough."""
        while self._waiting and now - min(at for at, _ in self._waiting.values()) >= self._waits_s:
            self._skip()
            yield from self._in_order()

    def _skip(self) -> None:
        """Go on with the first packet after the gap."""
        before = self._next or 0
        self._next = min(self._waiting, key=lambda sequence: ahead(sequence, before))
        self._gap = True

    def _in_order(self) -> Iterator[Piece]:
        while self._next in self._waiting:
            _, piece = self._waiting.pop(self._next)
            self._next = self._next + 1 & 0xFFFF
            if piece.payload:
                yield piece._replace(gap=self._gap)
                self._gap = False


class Sound:
    """Frames of Opus."""

    def __init__(self) -> None:
        self._window = Window(SOUND_WAITS_S)
        self.wants_picture = False

    def put(self, packet: bytes, now: float) -> list[Frame]:
        return [_sound(piece) for piece in self._window.put(packet, now) if len(piece.payload) <= LONGEST_SOUND]

    def due(self, now: float) -> list[Frame]:
        return [_sound(piece) for piece in self._window.due(now) if len(piece.payload) <= LONGEST_SOUND]


class Pictures:
    """Frames of a picture's codec. `wants_picture` is set while everything is dropped until one comes that needs no earlier one."""

    def __init__(self, codec: str) -> None:
        """Raises KeyError for a codec that is not in `RECORDABLE`."""
        self._codec, (self._strip, self._size) = codec, _CODECS[codec]
        self._window = Window(PICTURE_WAITS_S)
        self._parts: list[bytes] = []
        self._bytes = self._timestamp = 0
        self._whole = self._open = False
        self.wants_picture = True

    def put(self, packet: bytes, now: float) -> list[Frame]:
        return [frame for piece in self._window.put(packet, now) for frame in self._take(piece)]

    def due(self, now: float) -> list[Frame]:
        return [frame for piece in self._window.due(now) for frame in self._take(piece)]

    def _take(self, piece: Piece) -> list[Frame]:
        stripped = self._strip(piece.payload)
        if piece.gap or stripped is None or (self._open and piece.timestamp != self._timestamp):
            self._lose()
        if stripped is None:
            return []
        begins, data = stripped
        if begins and not self._open:
            self._begin(piece)
        elif not self._open:
            self._lose()
        if self._open:
            self._parts.append(data)
            self._bytes += len(data)
        if self._bytes > LARGEST_FRAME:
            self._lose()
        return self._end() if self._open and piece.marker else []

    def _begin(self, piece: Piece) -> None:
        self._whole = starts_picture(self._codec, piece.payload, 0, len(piece.payload))
        self._open = self._whole or not self.wants_picture
        self._parts, self._bytes, self._timestamp = [], 0, piece.timestamp

    def _lose(self) -> None:
        self._open, self._parts, self._bytes = False, [], 0
        self.wants_picture = True

    def _end(self) -> list[Frame]:
        payload, self._open, self._parts, self._bytes = b"".join(self._parts), False, [], 0
        size = self._size(payload) if self._whole else (0, 0)
        if size is None:
            self._lose()
            return []
        self.wants_picture = False
        return [Frame(self._timestamp, self._whole, payload, *size)]


def _sound(piece: Piece) -> Frame:
    return Frame(piece.timestamp, whole=True, payload=piece.payload)


def _vp8(payload: bytes) -> tuple[bool, bytes] | None:
    """Return whether a frame begins here, and what is left without the descriptor; None where it is cut short."""
    vp8 = read_vp8(payload, 0, len(payload))
    return None if vp8 is None else (payload[0] & 0x17 == 0x10, payload[vp8.payload :])


def _vp8_size(frame: bytes) -> tuple[int, int] | None:
    """Read the size in the head of a whole frame (RFC 6386, section 9.1); None for what is none."""
    if len(frame) < 10 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    width, height = (side & 0x3FFF for side in _SIZE.unpack_from(frame, 6))
    return (width, height) if width and height else None


_CODECS: dict[str, tuple[Callable[[bytes], tuple[bool, bytes] | None], Callable[[bytes], tuple[int, int] | None]]] = {
    "VP8": (_vp8, _vp8_size)
}
RECORDABLE = frozenset((*_CODECS, "opus"))
"""What is recorded: that which needs no description of its own in a file of WebM."""
