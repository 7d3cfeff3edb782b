"""Group commit: in order, all or none, one note's trouble is its own, and nothing is confirmed before its rows are down."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from server.core.clock import SystemClock
from server.core.db import Database
from server.core.supervise import Supervisor
from server.notes.chain import Chain, Row
from server.notes.journal import Entry, GroupCommit, Taken
from server.notes.journal_stores import store_for
from server.notes.limits import MAX_BATCH

pytestmark = [pytest.mark.anyio, pytest.mark.row("N2")]


@dataclass
class Paper:
    """A store that keeps each commit, waits for the gate, and refuses what it is told to."""

    commits: list[list[Row]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    taken: set[int] = field(default_factory=set)
    error: Exception | None = None
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        self.gate.set()

    async def insert(self, rows: list[Row]) -> None:
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        if any(row.note_id in self.taken for row in rows):
            raise Taken
        self.commits.append(rows)

    async def close(self) -> None:
        self.gate.clear()

    @property
    def payloads(self) -> list[list[bytes]]:
        return [[row.payload for row in rows] for rows in self.commits]


@dataclass
class Sheet:
    """A note as the journal sees it."""

    chain: Chain
    dead: bool = False
    confirmed: list[bytes] = field(default_factory=list)
    settled: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def seal(self, seq: int, payload: bytes) -> bytes:
        """Leave it in plain sight: this is about order."""
        del seq
        return payload

    def settle(self) -> None:
        self.settled += 1
        self.news.set()

    def lose(self) -> None:
        self.dead = True
        self.news.set()

    def entry(self, payload: bytes) -> Entry:
        return Entry(self, 1, payload, lambda: self.confirmed.append(payload))

    async def until(self, check: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not check():
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def running(paper: Paper) -> AsyncIterator[GroupCommit]:
    journal, supervisor = GroupCommit(paper, SystemClock()), Supervisor()
    await journal.open()
    supervisor.spawn(journal.run(), name="journal")
    yield journal
    await supervisor.close(1)
    await journal.close()


async def test_what_comes_during_a_commit_goes_into_the_next_one_in_order() -> None:
    paper, one, two = Paper(), Sheet(Chain(1)), Sheet(Chain(2))
    async with running(paper) as journal:
        journal.append(one.entry(b"a"))
        await one.until(lambda: one.confirmed)
        paper.gate.clear()
        journal.append(one.entry(b"b"))
        await asyncio.sleep(0)
        for entry in (two.entry(b"x"), one.entry(b"c"), two.entry(b"y")):
            journal.append(entry)
        assert one.confirmed == [b"a"]
        assert two.confirmed == []
        paper.gate.set()
        await two.until(lambda: two.confirmed == [b"x", b"y"] and one.confirmed == [b"a", b"b", b"c"])
    assert [payload for commit in paper.payloads for payload in commit] == [b"a", b"b", b"x", b"c", b"y"]
    assert len(paper.commits) < 5
    Chain(1).follow(row for commit in paper.commits for row in commit if row.note_id == 1)
    Chain(2).follow(row for commit in paper.commits for row in commit if row.note_id == 2)
    assert (one.chain.seq, two.chain.seq) == (3, 2)


async def test_a_flood_is_cut_into_commits_of_bounded_size() -> None:
    paper, sheet = Paper(), Sheet(Chain(1))
    async with running(paper) as journal:
        for number in range(MAX_BATCH + 1):
            journal.append(sheet.entry(number.to_bytes(2, "big")))
        await sheet.until(lambda: len(sheet.confirmed) == MAX_BATCH + 1)
    assert [len(commit) for commit in paper.commits] == [MAX_BATCH, 1]


async def test_a_note_with_another_writer_does_not_take_the_others_with_it() -> None:
    paper, good, other = Paper(taken={2}), Sheet(Chain(1)), Sheet(Chain(2))
    async with running(paper) as journal:
        for entry in (good.entry(b"a"), other.entry(b"x"), good.entry(b"b")):
            journal.append(entry)
        await good.until(lambda: good.confirmed == [b"a", b"b"])
        await other.until(lambda: other.dead)
    assert not good.dead
    assert other.confirmed == []
    assert other.chain == Chain(2)
    Chain(1).follow(paper.commits[0])


async def test_a_database_in_trouble_loses_every_note_of_the_commit_and_none_after() -> None:
    paper, sheet, later = Paper(error=OSError()), Sheet(Chain(1)), Sheet(Chain(2))
    async with running(paper) as journal:
        paper.gate.clear()
        journal.append(sheet.entry(b"a"))
        await asyncio.sleep(0)
        journal.append(sheet.entry(b"b"))
        paper.gate.set()
        await sheet.until(lambda: sheet.dead)
        paper.error = None
        journal.append(later.entry(b"x"))
        await later.until(lambda: later.confirmed)
    assert sheet.confirmed == []
    assert paper.payloads == [[b"x"]]


async def test_a_row_is_stored_once(database: Database) -> None:
    """On both databases a number that is taken is told apart from every other trouble."""
    store = store_for(database)
    await store.open()
    await store.close()
    await store.close()
    await store.open()
    with pytest.raises(Taken):
        await store.insert([Chain(1).link(1, 1, b"no such note")])
    await store.close()
