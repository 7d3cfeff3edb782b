"""Takes in the files of which no engine has told, because it died, or the server did. What has no end is given one, with its index.

Whoever writes a file holds its lock (server/media/reel.py), so a file that is still being written is left alone, and looked at again.
"""

import asyncio
import fcntl
import os
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import structlog
from sqlalchemy import select

from server.consultation.recorded import Recording, RecordingTrack, Standing
from server.consultation.recording_actions import fail, keep_tracks, key_of, settle
from server.core.db import Database
from server.core.house import House
from server.core.strongbox import Damaged, Found, Reader, Writer
from server.core.webm import SEGMENT_AT
from server.core.webm_index import Index, begun_at, frames_of, index_of
from server.errors import Overloaded
from server.media_control import Recorded, RecordedFile

log = structlog.get_logger(__name__)

GO_ON_WITHIN_S = 120.0  # after a start, for the people of a call that was recorded to be back in it
NAME = re.compile(r"([A-Za-z0-9-]{1,64})\.[0-9]+\.box")


@dataclass
class Finds:
    """What stands in the folders of a recording; `busy` tells that something is still being written."""

    pieces: list[Recorded] = field(default_factory=list)
    busy: bool = False


def take_in_with(house: House) -> Callable[[UUID], Awaitable[None]]:
    """Return the errand that brings an ended recording to its end, whatever died meanwhile; running twice does no harm."""

    async def take_in(recording_id: UUID) -> None:
        """Raises `Overloaded` to be run again later."""
        if await _take_in(house, recording_id):
            raise Overloaded
        async with house.database.write() as tx:
            await settle(tx, recording_id)

    return take_in


async def rescue(house: House, before: datetime) -> None:
    """End every recording that began `before` this process did, and that no room has taken up; take in what is left of it."""
    for recording_id in await _left_over(house.database, before):
        await _take_in(house, recording_id)
        async with house.database.write() as tx:
            await fail(tx, recording_id, house.clock.now())
        log.warning("recording taken in after a stop")


async def _left_over(database: Database, before: datetime) -> list[UUID]:
    untouched = Recording.resumed_at.is_(None) | (Recording.resumed_at < before)
    unfinished = (Recording.state == Standing.RECORDING) & (Recording.began_at < before) & untouched
    async with database.read() as tx:
        return list(await tx.scalars(select(Recording.id).where(unfinished)))


async def _take_in(house: House, recording_id: UUID) -> bool:
    """Store what is whole and not known yet; returns whether there is more to come."""
    async with house.database.read() as tx:
        recording = await tx.get_one(Recording, recording_id)
        known = set(await tx.scalars(select(RecordingTrack.file).where(RecordingTrack.recording_id == recording_id)))
    key = key_of(house.keyring, recording)
    if key is None:
        return False
    finds = await asyncio.to_thread(_find, house.settings.recordings_dir, recording.folder, key, known)
    async with house.database.write() as tx:
        for piece in finds.pieces:
            await keep_tracks(tx, piece, house.clock.now())
    return finds.busy


def _find(root: Path, name: str, key: bytes, known: Collection[str]) -> Finds:
    finds = Finds()
    for folder in (root / name, *sorted(root.glob(f"{name}-*"))):
        tracks = []
        for path in sorted(folder.glob("*.box")):
            if f"{folder.name}/{path.name}" in known or NAME.fullmatch(path.name) is None:
                continue
            try:
                tracks += [_complete(path, key)]
            except BlockingIOError:
                finds.busy = True
            except (Damaged, OSError) as error:
                log.warning("recording file passed over", error=type(error).__name__)
        if tracks:
            finds.pieces.append(Recorded(room="none", folder=folder.name, tracks=tracks))
    return finds


def _complete(path: Path, key: bytes) -> RecordedFile:
    """Return what is whole of a file, with an end. Raises `Damaged` where nothing is, `BlockingIOError` while it is written."""
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        written_at = os.fstat(file.fileno()).st_mtime
        reader = Reader(file, path.name, key)
        found, tour = _verified(reader)
        if found.chunks == 0:
            raise Damaged(0)
        head = found.head
        if not found.finished and tour.index is not None:
            head = _end(file, reader.whole, Writer(path.name, key, found), tour.index)
        size = file.seek(0, os.SEEK_END)
    ended = written_at if tour.begun is None else tour.begun + tour.last_ms / 1000
    begun = ended if tour.begun is None else tour.begun
    stretch = (datetime.fromtimestamp(at, UTC) for at in (begun, ended))
    return RecordedFile(file=path.name, peer=path.name.partition(".")[0], begun=next(stretch), ended=next(stretch), bytes=size, head=head)


def _verified(reader: Reader) -> tuple[Found, "Tour"]:
    """Walk over all pieces. One that is not whole at the end of an unfinished file was not on the disk yet when the power went."""
    tour = Tour()
    try:
        return reader.verify(see=tour.see), tour
    except Damaged as damaged:
        if reader.finished or damaged.number != reader.chunks - 1:
            raise
    reader.leave_out_last()
    tour = Tour()
    return reader.verify(see=tour.see), tour


def _end(file: BinaryIO, whole: int, writer: Writer, index: Index) -> str:
    """Cut off what is no whole piece, and add the last one; returns the head of the chain."""
    file.seek(whole)
    file.truncate()
    file.write(writer.seal(index.cues, last=True))
    file.flush()
    os.fsync(file.fileno())
    return writer.head


@dataclass
class Tour:
    """What a walk over all pieces tells: when the file began and how long it is, and where a player may begin."""

    index: Index | None = None
    begun: float | None = None
    last_ms: int = 0

    def see(self, begins: int, piece: bytes) -> None:
        if begins == 0:
            self.begun = begun_at(piece)
            self.index = None if self.begun is None else index_of(piece)
        if self.index is not None:
            at, frames = frames_of(piece, SEGMENT_AT if begins == 0 else 0)
            self.index.note(begins + at, frames)
            self.last_ms = max([self.last_ms, *(frame.at_ms for frame in frames)])
