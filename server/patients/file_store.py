"""The sealed files of records in the data folder. Blocking, so it runs in a thread."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from server.core.files import replace_private
from server.core.strongbox import Damaged, Reader, Writer
from server.errors import Conflict

CHUNK = 1 << 20  # bytes


@dataclass(frozen=True)
class Place:
    """Where a file is, and under what key; what it is called there is its id, and nothing of its own name."""

    folder: Path
    file_id: UUID
    key: bytes

    @property
    def path(self) -> Path:
        return self.folder / self.file_id.hex

    @property
    def name(self) -> str:
        return f"document:{self.file_id}"


def put(place: Place, content: bytes) -> bytes:
    """Write the file, whole or not at all; returns the head of its chain."""
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    writer = Writer(place.name, place.key)
    replace_private(place.path, b"".join(_sealed(writer, content)))
    return bytes.fromhex(writer.head)


def read(place: Place, head: bytes, sha256: bytes) -> bytes:
    """Return what was put there; raises `Conflict` for what is gone, or was changed since."""
    try:
        with place.path.open("rb") as file:
            reader = Reader(file, place.name, place.key)
            reader.verify(head.hex())
            content = reader.read(0, reader.size)
    except (Damaged, OSError):
        raise Conflict("This document is damaged or missing.", code="damaged") from None
    if hashlib.sha256(content).digest() != sha256:
        raise Conflict("This document is damaged or missing.", code="damaged")
    return content


def remove(folder: Path, file_id: UUID) -> None:
    (folder / file_id.hex).unlink(missing_ok=True)


def _sealed(writer: Writer, content: bytes) -> Iterator[bytes]:
    ends = range(CHUNK, len(content) + CHUNK, CHUNK)
    for end in ends:
        yield writer.seal(content[end - CHUNK : end], last=end >= len(content))
