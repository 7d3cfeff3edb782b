"""A note out of the database: its document as it is now or was at any row, and whose letters they are."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

import structlog

from server.access.viewer import names_of
from server.core.house import House
from server.core.keyring import Sealer
from server.errors import Invalid
from server.notes.chain import Broken, Chain
from server.notes.document import Document, Poisoned, Saved, opened, restore, restore_at
from server.notes.doors import practice_of, read_log, sessions_of, version_text, versions_of
from server.notes.model import CLOSING, Note
from server.notes.origins import by_origin, trace_origins
from server.notes.prose import Prose, fingerprint
from server.notes.versions import Fixed
from server.notes.yproto import Bad

log = structlog.get_logger(__name__)


class Loaded(NamedTuple):
    document: Document
    chain: Chain
    sealer: Sealer
    locked: bool


class Text(NamedTuple):
    """What a note says at one row of its log."""

    fixed: Fixed
    prose: Prose


class Authors(NamedTuple):
    """Who wrote: people by client id, and their names in the order in which they came."""

    by_client: Mapping[int, UUID]
    names: Mapping[UUID, str]


async def load_note(house: House, note_id: int) -> Loaded:
    """Build the document in a thread, for a long one takes a second; a snapshot that does not fit its log is only a cache.

    Raises `Broken` where the log does not hold together, and what the database or the key ring raises.
    """
    saved = await _saved(house, note_id, with_snapshot=True)
    try:
        return Loaded(*await asyncio.to_thread(restore, saved), saved.sealer, saved.locked)
    except (Broken, Bad, Poisoned):
        if saved.snapshot is None:
            raise
        log.warning("note snapshot does not fit", note=note_id)
    saved = await _saved(house, note_id, with_snapshot=False)
    return Loaded(*await asyncio.to_thread(restore, saved), saved.sealer, saved.locked)


async def text_now(house: House, note_id: int) -> Text:
    loaded = await load_note(house, note_id)
    prose = await asyncio.to_thread(loaded.document.prose)
    return Text(Fixed(loaded.chain.seq, loaded.chain.head, fingerprint(prose)), prose)


async def text_of(house: House, note: Note) -> Text:
    """Return what a note says: as it was locked, or as it is now."""
    async with house.database.read() as tx:
        locked = [version for version in await versions_of(tx, note.id) if version.kind in CLOSING]
    if not locked:
        return await text_now(house, note.id)
    version = locked[-1]
    return Text(Fixed(version.seq, version.head_hash, version.content_sha256), version_text(house.keyring, note, version))


class Past:
    """The whole log of a note, read once for whatever is asked of it."""

    def __init__(self, saved: Saved) -> None:
        self._saved = saved

    async def at(self, seq: int | None) -> Text:
        """Return the text after row `seq`, or after the last one; raises `Invalid` for a row that there is not."""
        rows = self._saved.rows
        if seq is not None and not 0 < seq <= len(rows):
            raise Invalid("The note has no such version.", code="seq")
        last = len(rows) if seq is None else seq
        prose = (await asyncio.to_thread(restore_at, self._saved, last)).prose()
        head = rows[last - 1].hash if last else Chain(self._saved.note_id).head
        return Text(Fixed(last, head, fingerprint(prose)), prose)

    async def by_first_writers(self, prose: Prose) -> Prose:
        """Return the text with each letter under the client id that wrote it first, whoever broke its paragraph later."""
        origins = await asyncio.to_thread(lambda: trace_origins(opened(self._saved)))
        return by_origin(prose, origins)


async def past_of(house: House, note_id: int) -> Past:
    return Past(await _saved(house, note_id, with_snapshot=False))


async def authors_of(house: House, note_id: int) -> Authors:
    async with house.database.read() as tx:
        by_client = await sessions_of(tx, note_id)
        names = await names_of(tx, set(by_client.values()), practice_of([note_id]))
    return Authors(by_client, {person_id: names[person_id] for person_id in dict.fromkeys(by_client.values())})


async def _saved(house: House, note_id: int, *, with_snapshot: bool) -> Saved:
    async with house.database.read() as tx:
        return await read_log(tx, house.keyring, note_id, with_snapshot=with_snapshot)
