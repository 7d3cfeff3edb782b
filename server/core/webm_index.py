"""How a player finds its way in a file of webm.py: by Cues, which are served in its head.

The Cues are the last piece of a file, because it is written as it comes. They are served in front, with how long the file is and how large:
no file is written anew. A player that has to fetch them from the end does so at the first move to another place, and Chromium reads all
that comes before the place where their answer is late.
"""

from collections.abc import Iterator
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from server.core.webm import CLUSTER, DURATION_BYTES, EPOCH_S, FLOAT, OPENING, SEEK_BYTES, SEGMENT_AT, UNKNOWN, element, uint, void

CUES = (0x1C53BB6B).to_bytes(4, "big")
APART_MS = 2_000  # between two places that are noted, at first
MOST_PLACES = 2_048  # of one file; with more every second one is dropped, and the next ones stand twice as far apart
HEAD_BYTES = SEGMENT_AT + SEEK_BYTES + 12 + DURATION_BYTES  # at the beginning of a file, all that is laid over
LONGEST_HEAD = 1_024  # with the tracks; a file's first piece holds it all

_DURATION_AT = HEAD_BYTES - DURATION_BYTES
_PICTURE = 1  # TrackType
_BLOCK = Struct("!BhB")
_KEY = 0x80
_POINT = 0xBB


class Seen(NamedTuple):
    """A frame of track `track` at `at_ms`; `key` where it needs none before it."""

    track: int
    at_ms: int
    key: bool


class Index:
    """The places where a player may begin; its memory is bounded, however long the file becomes.

    `track` is the one to begin by, of so many `tracks`. Each place is told for all of them: a player that seeks by its sound, because
    nothing shows the picture yet, would else read everything before the place.
    """

    def __init__(self, track: int, tracks: int = 1) -> None:
        self._track, self._tracks = track, tracks
        self._places: list[tuple[int, int]] = []
        self._apart_ms = APART_MS

    def note(self, position: int, frames: list[Seen]) -> None:
        """Take a cluster that begins at this byte of the file."""
        at_ms = min((frame.at_ms for frame in frames if frame.key and frame.track == self._track), default=None)
        if at_ms is None or (self._places and at_ms - self._places[-1][0] < self._apart_ms):
            return
        if len(self._places) == MOST_PLACES:
            self._places, self._apart_ms = self._places[::2], 2 * self._apart_ms
        self._places.append((at_ms, position - SEGMENT_AT))

    @property
    def cues(self) -> bytes:
        """Return the last piece of the file."""
        return element(int.from_bytes(CUES, "big"), b"".join(self._point(*place) for place in self._places) or void(9))

    def _point(self, at_ms: int, position: int) -> bytes:
        others = (number for number in range(1, self._tracks + 1) if number != self._track)
        positions = (element(0xB7, uint(0xF7, number) + uint(0xF1, position)) for number in (self._track, *others))
        return element(_POINT, uint(0xB3, at_ms) + b"".join(positions))


def laid_over(head: bytes, size: int, seconds: float, cues: bytes = b"") -> bytes:
    """Return what is served for the first `HEAD_BYTES` of a file of `size` bytes, of which the `cues` at its end are left out.

    It is longer by the Cues, which it then has; what is no such head comes back as it is.
    """
    if not (head.startswith(OPENING + UNKNOWN + void(SEEK_BYTES)) and head[_DURATION_AT:] == void(DURATION_BYTES)):
        return head
    moved = _moved(cues) if cues else b""
    seek = _seek_head(SEEK_BYTES) if moved else void(SEEK_BYTES)
    segment = (1 << 56 | size - len(cues) + len(moved) - SEGMENT_AT).to_bytes(8, "big")
    rest = head[SEGMENT_AT + SEEK_BYTES : _DURATION_AT] + element(0x4489, FLOAT.pack(1000 * seconds))
    return OPENING + segment + seek + moved + rest


@lru_cache(maxsize=8)
def _moved(cues: bytes) -> bytes:
    """Return Cues for a file that has them in its head: all that they point at stands farther back by their own length.

    Remembered, because a browser asks for a file piece by piece.
    """
    points = [point for identity, _, point in _elements(_find(cues, 0, int.from_bytes(CUES, "big")) or b"", 0) if identity == _POINT]
    return _pointing(points, len(_pointing(points, 0)))  # whose length does not depend on where they point


def _pointing(points: list[bytes], farther: int) -> bytes:
    return element(int.from_bytes(CUES, "big"), b"".join(element(_POINT, _farther(point, farther)) for point in points) or void(9))


def _farther(point: bytes, by: int) -> bytes:
    places = (
        element(0xB7, uint(0xF7, _number(place, 0xF7)) + element(0xF1, (_number(place, 0xF1) + by).to_bytes(8, "big")))
        for identity, _, place in _elements(point, 0)
        if identity == 0xB7
    )
    return uint(0xB3, _number(point, 0xB3)) + b"".join(places)


def _seek_head(position: int) -> bytes:
    return element(0x114D9B74, element(0x4DBB, element(0x53AB, CUES) + element(0x53AC, position.to_bytes(8, "big"))))


def begun_at(piece: bytes) -> float | None:
    """Return when millisecond 0 of a file was (seconds of Unix), by its first piece; None where that does not tell it."""
    info = _find(piece, SEGMENT_AT, 0x1549A966)
    date = None if info is None else _find(info, 0, 0x4461)
    return None if date is None else int.from_bytes(date, "big", signed=True) / 1e9 + EPOCH_S


def index_of(piece: bytes) -> Index:
    """Return an empty index for the file that begins with this piece: players begin by the picture, where there is one."""
    tracks = _find(piece, SEGMENT_AT, 0x1654AE6B) or b""
    kinds = {_number(entry, 0xD7): _number(entry, 0x83) for identity, _, entry in _elements(tracks, 0) if identity == 0xAE}
    return Index(next((number for number, kind in kinds.items() if kind == _PICTURE), 1), len(kinds))


def frames_of(piece: bytes, begins: int) -> tuple[int, list[Seen]]:
    """Return where in a piece its cluster stands, and the frames in it; `begins` is the piece's first byte that may be one."""
    for identity, at, content in _elements(piece, begins):
        if identity == CLUSTER:
            base = _number(content, 0xE7)
            blocks = [_BLOCK.unpack_from(block) for kind, _, block in _elements(content, 0) if kind == 0xA3]
            return at, [Seen(track & 0x7F, base + after, bool(flags & _KEY)) for track, after, flags in blocks]
    return begins, []


def _find(content: bytes, begins: int, wanted: int) -> bytes | None:
    return next((found for identity, _, found in _elements(content, begins) if identity == wanted), None)


def _number(content: bytes, wanted: int) -> int:
    return int.from_bytes(_find(content, 0, wanted) or b"", "big")


def _elements(content: bytes, begins: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield identity, place and content of each element, as `element` writes them; what is none ends it."""
    at = begins
    while at < len(content) and content[at]:
        length = 9 - content[at].bit_length()
        body = at + length + 8
        size = int.from_bytes(content[at + length : body], "big") ^ 1 << 56
        if length > 4 or size < 0 or body + size > len(content):
            return
        yield int.from_bytes(content[at : at + length], "big"), at, content[body : body + size]
        at = body + size
