"""The note journal: updates of all open notes go to disk in group commits, and only then are they told to anybody."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from server.notes.chain import Chain, Row
from server.notes.limits import BUSY_GROUP_S, BUSY_ROWS, GROUP_S, MAX_BATCH
from server.ports import Clock

log = structlog.get_logger(__name__)


class Taken(Exception):
    """Somebody else wrote a row of the same note and number: we are not the only writer of it."""


class Closed(Exception):
    """A note among these was locked: the database takes no more rows of it."""


class Store(Protocol):
    """Where rows go; two implementations in `journal_stores`."""

    async def open(self) -> None: ...

    async def insert(self, rows: list[Row]) -> None:
        """Store all rows durably in one transaction, or none; raises `Taken` for a row that is there already, and `Closed`."""
        ...

    async def close(self) -> None: ...


class Keeper(Protocol):
    """The live note that an entry belongs to."""

    chain: Chain  # of the rows that are on disk

    @property
    def dead(self) -> bool: ...

    def seal(self, seq: int, payload: bytes) -> bytes:
        """Encrypt what row `seq` will hold."""
        ...

    def settle(self) -> None:
        """Every `on_commit` of a flush has been called."""
        ...

    def close(self) -> None:
        """The note was locked: what it holds in memory beyond the disk is taken no more."""
        ...

    def lose(self) -> None:
        """A write failed: what this note holds in memory is ahead of the disk."""
        ...


@dataclass(slots=True)
class Entry:
    """One accepted update; `on_commit` runs once it is on disk, in the order of acceptance."""

    keeper: Keeper
    session_id: int
    payload: bytes
    on_commit: Callable[[], None]


class Journal(Protocol):
    def append(self, entry: Entry) -> None:
        """Queue an update; never waits. The number of its row is given when it is written."""
        ...

    async def open(self) -> None: ...

    async def run(self) -> None:
        """Write what is queued, for ever."""
        ...

    async def close(self) -> None: ...


class GroupCommit:
    """One writer for all notes. A quiet journal writes at once; a busy one starts a commit every `pause_after` seconds at most.

    The queue is bounded by its senders: every connection has a rate, and a note a number of connections.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._queue: deque[Entry] = deque()
        self._wake = asyncio.Event()
        self._not_before = 0.0

    def append(self, entry: Entry) -> None:
        self._queue.append(entry)
        self._wake.set()

    async def open(self) -> None:
        await self._store.open()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(max(0.0, self._not_before - self._clock.monotonic()))
            self._not_before = self._clock.monotonic() + pause_after(len(self._queue))
            await self._flush()
            if not self._queue:
                self._wake.clear()

    async def close(self) -> None:
        await self._store.close()

    async def _flush(self) -> None:
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), MAX_BATCH))]
        batch = [entry for entry in batch if not entry.keeper.dead]
        if not batch:
            return
        try:
            await self._write(batch)
        except (Taken, Closed):
            await self._write_apart(batch)
        except Exception as error:  # noqa: BLE001 - whatever the database says: it was not stored
            _lose(batch, error)

    async def _write(self, batch: list[Entry]) -> None:
        ts_ms = int(self._clock.now().timestamp() * 1000)
        keepers = _keepers(batch)
        chains = {id(keeper): keeper.chain.fork() for keeper in keepers}
        await self._store.insert([_row(chains[id(entry.keeper)], entry, ts_ms) for entry in batch])
        for keeper in keepers:
            keeper.chain = chains[id(keeper)]
        for entry in batch:
            entry.on_commit()
        for keeper in keepers:
            keeper.settle()

    async def _write_apart(self, batch: list[Entry]) -> None:
        """Write each note by itself, so that the one with another writer, or a locked one, does not take the others with it."""
        for keeper in _keepers(batch):
            own = [entry for entry in batch if entry.keeper is keeper]
            try:
                await self._write(own)
            except Closed:
                keeper.close()
            except Exception as error:  # noqa: BLE001 - contained to this note
                _lose(own, error)


def pause_after(rows: int) -> float:
    """Return how many seconds after the start of a commit of so many rows the next one may start; a full one does not wait longer."""
    return BUSY_GROUP_S if BUSY_ROWS <= rows < MAX_BATCH else GROUP_S


def _row(chain: Chain, entry: Entry, ts_ms: int) -> Row:
    return chain.link(entry.session_id, ts_ms, entry.keeper.seal(chain.seq + 1, entry.payload))


def _keepers(batch: list[Entry]) -> list[Keeper]:
    return list({id(entry.keeper): entry.keeper for entry in batch}.values())


def _lose(batch: list[Entry], error: Exception) -> None:
    log.error("note updates not stored", rows=len(batch), error=type(error).__name__)
    for keeper in _keepers(batch):
        keeper.lose()
