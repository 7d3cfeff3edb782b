"""One peer's file while it is written: frames are gathered into clusters, each cluster is one sealed piece on the disk.

A file names its tracks at its beginning. So it begins when sound and picture are both there, or one has been alone for a moment; what
comes to it later begins another file. Its last piece tells a player where it may begin.

Whoever writes a file holds its lock: a file without an end that nobody holds has lost its writer.
"""

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from server.core.strongbox import Writer
from server.core.webm import LONGEST_S, Block, Coding, Entry, cluster, head
from server.core.webm_index import Index, Seen
from server.media.depacketise import Frame
from server.media_control import RecordedFile

CLUSTER_S = 1.0  # after which what was gathered is written, with the file's name and its length, down to the disk
CLUSTER_BYTES = 1 << 20  # or as soon as there is so much of it
LONGEST_MS = 1000 * LONGEST_S
TOGETHER_S = 0.5  # that sound waits for a picture at the beginning of a file, and the other way round


class Gathered(NamedTuple):
    """A frame, and when it was by our clock (seconds of Unix)."""

    codec: Coding
    at: float
    frame: Frame


class SealedFile:
    """A file that is there under its name, and in it what was appended, even if the machine loses its power. Raises `OSError`."""

    def __init__(self, folder: Path, name: str, key: bytes) -> None:
        self.written = 0
        self._writer = Writer(name, key)
        self._file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _sync_folder(folder)

    @property
    def head(self) -> str:
        return self._writer.head

    def append(self, clear: bytes, *, last: bool) -> None:
        """Write a piece down; the last one completes the file and closes it."""
        sealed = self._writer.seal(clear, last=last)
        view = memoryview(sealed)
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)
        self.written += len(sealed)
        if last:
            os.close(self._file)


class Reel:
    """One file. Raises `OSError` wherever it writes."""

    def __init__(self, folder: Path, name: str, peer: str, key: bytes, *, alone: bool) -> None:
        """`alone` tells that only one track can come: nothing else is waited for."""
        self._folder, self._name, self._peer, self._key, self._alone = folder, name, peer, key, alone
        self._file: SealedFile | None = None
        self._gathered: list[Gathered] = []
        self._bytes = 0
        self._since: float | None = None
        self._tracks: dict[Coding, int] = {}
        self._last_ms: dict[Coding, int] = {}
        self._begun = self._ended = 0.0
        self._cluster_ms = 0
        self._index = Index(1)
        self._clear = 0

    def takes(self, codec: Coding) -> bool:
        """Whether frames of this kind may go into this file."""
        return self._file is None or codec in self._tracks

    def put(self, codec: Coding, at: float, frame: Frame, now: float) -> None:
        """Take a frame that was at `at`; `now` is the time of day."""
        if self._since is None:
            self._since = now
        self._gathered.append(Gathered(codec, at, frame))
        self._bytes += len(frame.payload)
        if self._bytes >= CLUSTER_BYTES:
            self._write()
        else:
            self.due(now)

    def due(self, now: float) -> None:
        """Begin the file, or write a cluster, if it is time."""
        if self._since is None:
            return
        both = self._alone or len({one.codec for one in self._gathered}) == 2
        waits = CLUSTER_S if self._file is not None else 0.0 if both else TOGETHER_S
        if not 0 <= now - self._since < waits:
            self._write()

    def finish(self) -> RecordedFile | None:
        """Write the rest and complete the file; None if there never was anything to write."""
        if self._file is None and not self._gathered:
            return None
        file = self._write()
        file.append(self._index.cues, last=True)
        begun, ended = (datetime.fromtimestamp(at, UTC) for at in (self._begun, self._ended))
        return RecordedFile(file=self._name, peer=self._peer, begun=begun, ended=ended, bytes=file.written, head=file.head)

    def _write(self) -> SealedFile:
        """Write what was gathered as one piece: a cluster, behind the head of the file if it is the first."""
        clear = self._head() if self._file is None else b""
        file = self._file = self._file or SealedFile(self._folder, self._name, self._key)
        blocks = [self._block(one) for one in self._gathered]
        if blocks:
            self._cluster_ms = max(self._cluster_ms, min(block.at_ms for block in blocks))
            blocks = [block for block in blocks if abs(block.at_ms - self._cluster_ms) <= LONGEST_MS]
            self._index.note(self._clear + len(clear), [Seen(block.track, block.at_ms, block.key) for block in blocks])
            clear += cluster(blocks, self._cluster_ms)
            file.append(clear, last=False)
        self._gathered, self._bytes, self._since = [], 0, None
        self._clear += len(clear)
        return file

    def _head(self) -> bytes:
        self._begun = self._ended = min(one.at for one in self._gathered)
        first = {one.codec: one.frame for one in reversed(self._gathered)}
        self._tracks = {codec: number for number, codec in enumerate(sorted(first), 1)}  # a picture comes first: players begin by it
        self._index = Index(1, len(self._tracks))
        return head([Entry(number, codec, first[codec].width, first[codec].height) for codec, number in self._tracks.items()], self._begun)

    def _block(self, one: Gathered) -> Block:
        """Times of a track only grow: a frame that a new report would place before the last comes right after it.

        Somebody who sends more frames than milliseconds runs ahead by that. What has no place in a cluster beside the rest is left out.
        """
        at_ms = max(round(1000 * (one.at - self._begun)), self._last_ms.get(one.codec, -1) + 1)
        self._last_ms[one.codec] = at_ms
        self._ended = max(self._ended, one.at)
        return Block(self._tracks[one.codec], at_ms, one.frame.whole, one.frame.payload)


def _sync_folder(folder: Path) -> None:
    """Make a new name in the folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
