"""What a server that stopped in the middle left of a recording: its files are found again, and its row is brought to an end."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from server.consultation.recorded import Recording, Standing
from server.consultation.recording_actions import fail, keep_tracks, key_of
from server.core.house import House
from server.core.strongbox import Damaged, Reader
from server.media_control import Recorded, RecordedFile

log = structlog.get_logger(__name__)

EPOCH = datetime(2001, 1, 1, tzinfo=UTC)  # of the times in a WebM file
BEGUN = re.compile(rb"\x44\x61\x88(.{8})", re.DOTALL)  # DateUTC
HEAD = 4096  # bytes of a file in the clear, in which that stands
NAME = re.compile(r"([A-Za-z0-9-]{1,64})\.[0-9]+\.box")


async def rescue(house: House, before: datetime) -> None:
    """Take in what is left of every recording that began `before` this process did, and was not completed."""
    async with house.database.read() as tx:
        unfinished = (Recording.state == Standing.RECORDING) & (Recording.began_at < before)
        found = list(await tx.scalars(select(Recording).where(unfinished)))
    for recording in found:
        key = key_of(house.keyring, recording)
        pieces = [] if key is None else await asyncio.to_thread(lambda one, key: list(_files(house, one, key)), recording, key)
        async with house.database.write() as tx:
            for piece in pieces:
                await keep_tracks(tx, piece, {}, house.clock.now())
            await fail(tx, recording.id, house.clock.now())
    if found:
        log.warning("recordings taken in after a stop", recordings=len(found))


def _files(house: House, recording: Recording, key: bytes) -> Iterator[Recorded]:
    root = house.settings.recordings_dir
    for folder in (root / recording.folder, *sorted(root.glob(f"{recording.folder}-*"))):
        tracks = [track for path in sorted(folder.glob("*.box")) if (track := _track(path, key)) is not None]
        yield Recorded(room="none", folder=folder.name, tracks=tracks)


def _track(path: Path, key: bytes) -> RecordedFile | None:
    """Return what is whole of a file; None where nothing is."""
    named = NAME.fullmatch(path.name)
    if named is None:
        return None
    try:
        with path.open("rb") as file:
            reader = Reader(file, path.name, key)
            found, head = reader.verify(), reader.read(0, HEAD)
    except (Damaged, OSError):
        return None
    told = path.stat()
    ended = datetime.fromtimestamp(told.st_mtime, UTC)
    date = BEGUN.search(head)
    begun = EPOCH + timedelta(microseconds=int.from_bytes(date[1], "big", signed=True) // 1000) if date else ended
    return RecordedFile(file=path.name, peer=named[1], begun=min(begun, ended), ended=ended, bytes=told.st_size, head=found.head)
