"""Reads the sealed files of a recording: whether they are whole, and any stretch of their bytes. Blocking, so it runs in a thread."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from server.core.strongbox import Damaged, Reader
from server.core.webm_index import CUES, HEAD_BYTES, laid_over
from server.errors import Conflict

MOST_AT_ONCE = 2 << 20  # bytes of one answer; the browser asks on
RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")


@dataclass(frozen=True)
class Film:
    """One sealed file: where it is, under what name and key, and the head of its chain and its length as the database has them."""

    path: Path
    name: str
    key: bytes
    head: bytes
    seconds: float

    @property
    def etag(self) -> str:
        """Of the file as it is served: with its Cues in front."""
        return f'"front-{self.head.hex()[:32]}"'


class Piece(NamedTuple):
    """Bytes from `start` on, of a whole of `size`."""

    start: int
    size: int
    content: bytes


class NotThere(Exception):
    """No byte of the file is in the range that was asked for."""

    def __init__(self, size: int) -> None:
        super().__init__(str(size))
        self.size = size


def is_whole(film: Film) -> bool:
    """Open every piece and follow the chain to the head that was kept apart from the file."""
    try:
        with film.path.open("rb") as file:
            Reader(file, film.name, film.key).verify(film.head.hex())
    except (Damaged, OSError):
        return False
    return True


def read_piece(film: Film, wanted: str | None) -> Piece:
    """Return a stretch by the header `Range`, or the first without one; raises `NotThere`, and `Conflict` for what was tampered with."""
    try:
        with film.path.open("rb") as file:
            reader = Reader(file, film.name, film.key)
            front, cues = _front(reader, film)
            farther = len(front) - HEAD_BYTES if front else 0
            rest = reader.size - cues
            start, end = bounds(wanted, rest + farther)
            end = min(end, start + MOST_AT_ONCE)
            content = front[start:end] + reader.read(max(start, len(front)) - farther, min(end - farther, rest))
            return Piece(start, rest + farther, content)
    except (Damaged, OSError):
        raise Conflict("This part of the recording is damaged or missing.", code="damaged") from None


def _front(reader: Reader, film: Film) -> tuple[bytes, int]:
    """Return what a file is served with instead of its head, and how many bytes of its end stand in there.

    Nothing of a file that is too short to have a head.
    """
    if reader.size < HEAD_BYTES:
        return b"", 0
    last = reader.read(reader.last_begins, reader.size) if reader.finished else b""
    cues = last if last.startswith(CUES) else b""
    front = laid_over(reader.read(0, HEAD_BYTES), reader.size, film.seconds, cues)
    return front, len(cues) if len(front) > HEAD_BYTES else 0


def bounds(wanted: str | None, size: int) -> tuple[int, int]:
    """Return from where up to where, not including; what is no single range counts as none. Raises `NotThere`."""
    found = RANGE.fullmatch(wanted or "")
    if found is None:
        return 0, size
    first, last, suffix = found.groups()
    if suffix is not None:
        start, end = max(size - int(suffix), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if start >= end:
        raise NotThere(size)
    return start, end
