"""The archive of a copy: a zip that is sealed while it is written, so that nothing of it is ever on the disk in the clear.

One piece is in memory at a time. Blocking, so it runs in a thread.
"""

import fcntl
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from server.core.strongbox import Damaged, Reader, Writer
from server.errors import Conflict
from server.privacy.parcel import MANIFEST, OLDEST, Manifest

CHUNK = 1 << 20  # bytes


def path_of(folder: Path, copy_id: UUID) -> Path:
    return folder / copy_id.hex


def is_left(folder: Path, copy_id: UUID) -> bool:
    """Whether there is a file that nobody writes any more: the system lets go of the lock of a process that was killed. Blocking."""
    try:
        with path_of(folder, copy_id).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class Box:
    """Begins the file anew, whatever an earlier try left. `close` completes it; without that nobody takes it for whole.

    Its file is locked until then. Raises `OSError` where another process still writes it.
    """

    def __init__(self, folder: Path, copy_id: UUID, key: bytes) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._stream = _Sealing(path_of(folder, copy_id), Writer(_name(copy_id), key))
        self._archive = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED)
        self._manifest = Manifest()

    def add(self, name: str, content: bytes) -> None:
        self._manifest.add(name, content)
        self._put(name, content)

    def close(self, made_at: str, missing: list[str]) -> tuple[int, bytes]:
        """Add the manifest and end the file; returns how many bytes the archive has, and the head of its chain."""
        self._put(MANIFEST, self._manifest.written(made_at, missing))
        self._archive.close()
        return self._stream.end()

    def abandon(self) -> None:
        """Let go of the file, which is not whole unless `close` was there before."""
        self._archive.fp = None  # else the zip would write its end into it when it is collected
        self._stream.close()

    def _put(self, name: str, content: bytes) -> None:
        self._archive.writestr(zipfile.ZipInfo(name, OLDEST), content, zipfile.ZIP_DEFLATED)


def _locked(path: Path) -> BinaryIO:
    """Open an empty file for whoever comes first; raises `OSError` for the others."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    file.truncate()
    return file


class _Sealing:
    """What the zip writes into: it gathers a chunk, seals it and writes it on."""

    def __init__(self, path: Path, writer: Writer) -> None:
        self._file = _locked(path)
        self._writer = writer
        self._waiting = bytearray()
        self._size = 0

    def write(self, data: bytes) -> int:
        self._waiting += data
        self._size += len(data)
        while len(self._waiting) > CHUNK:
            self._file.write(self._writer.seal(bytes(self._waiting[:CHUNK])))
            del self._waiting[:CHUNK]
        return len(data)

    def flush(self) -> None:
        """A chunk is written when it is full."""

    def end(self) -> tuple[int, bytes]:
        self._file.write(self._writer.seal(bytes(self._waiting), last=True))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._size, bytes.fromhex(self._writer.head)

    def close(self) -> None:
        self._file.close()


def pieces(folder: Path, copy_id: UUID, key: bytes, head: bytes) -> Iterator[bytes]:
    """Yield the archive in pieces, once all of it was found to be what was written; raises `Conflict` before the first if it is not."""
    try:
        file = path_of(folder, copy_id).open("rb")
    except OSError:
        raise Conflict(code="damaged") from None
    with file:
        try:
            reader = Reader(file, _name(copy_id), key)
            reader.verify(head.hex())
        except Damaged:
            raise Conflict(code="damaged") from None
        yield b""
        for begin in range(0, reader.size, CHUNK):
            yield reader.read(begin, begin + CHUNK)


def _name(copy_id: UUID) -> str:
    return f"copy:{copy_id}"
