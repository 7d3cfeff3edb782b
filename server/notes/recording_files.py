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
        return f'"{self.head.hex()[:32]}"'


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
            start, end = bounds(wanted, reader.size)
            return Piece(start, reader.size, _read(reader, film, start, min(end, start + MOST_AT_ONCE)))
    except (Damaged, OSError):
        raise Conflict("This part of the recording is damaged or missing.", code="damaged") from None


def _read(reader: Reader, film: Film, start: int, end: int) -> bytes:
    """Return these bytes; where the head is among them, with what it tells a player of the end of the file."""
    content = reader.read(start, end)
    if start >= HEAD_BYTES or reader.size < HEAD_BYTES:
        return content
    at = reader.last_begins
    cues_at = at if reader.finished and reader.read(at, at + len(CUES)) == CUES else None
    head = laid_over(reader.read(0, HEAD_BYTES), reader.size, film.seconds, cues_at)
    return head[start:end] + content[HEAD_BYTES - start :]


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
