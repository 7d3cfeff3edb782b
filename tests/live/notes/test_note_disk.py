"""Bad input 42: the database itself refuses a commit: its disk is full, its file is locked or read-only. Nobody hears that it was saved."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.notes.hub import Hub
from server.notes.journal_stores import SqliteStore
from tests.cast import ALICE, BOB
from tests.live.notes.house import Open

pytestmark = [pytest.mark.anyio, pytest.mark.row("N2")]

UNBOUNDED = 2**32 - 2  # pages, the most that SQLite knows
LONG = "It has hurt since Monday. " * 2_000  # more than fits into the pages that are there
REFUSALS = 2


@pytest.fixture
def app_database_url(sqlite_url: str) -> str:
    """SQLite alone can be told how many pages its file may have."""
    return sqlite_url


@pytest.fixture
def store(hub: Hub) -> SqliteStore:
    store = hub._journal._store  # type: ignore[attr-defined]
    assert isinstance(store, SqliteStore)
    return store


async def tell(store: SqliteStore, pragma: str) -> None:
    """Set a pragma of the journal's own connection, in its thread. Fewer pages than there are mean: not one more."""

    def execute() -> None:
        assert store._connection is not None
        store._connection.execute(f"PRAGMA {pragma}")

    await store._in_thread(execute)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's only write lock, as a backup program may that hangs."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_bad_42_the_disk_is_full_at_commit(open_note: Open, store: SqliteStore) -> None:
    """The text waits in its tab through every attempt, nobody else sees it before it is stored, and it is stored once there is room."""
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("stored. ")
    await alice.until(lambda tab: tab.saved)
    await bob.until(lambda tab: tab.text() == "stored. ")
    await tell(store, "max_page_count=1")
    await alice.type(LONG)
    for _ in range(REFUSALS):
        assert await alice.closed() == 4500
        assert not alice.saved
        alice = await open_note(ALICE, older=alice, until_synced=False)
    assert await alice.closed() == 4500
    assert bob.text() == "stored. "
    assert (await open_note(BOB)).text() == "stored. "
    await tell(store, f"max_page_count={UNBOUNDED}")
    alice = await open_note(ALICE, older=alice)
    await alice.until(lambda tab: tab.saved)
    assert (await open_note(BOB)).text() == "stored. " + LONG


async def test_bad_42_the_file_is_locked_for_longer_than_anybody_waits(open_note: Open, store: SqliteStore) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await tell(store, "busy_timeout=100")
    with locked(store._path):
        await alice.type("typed meanwhile")
        assert await alice.closed() == 4500
        assert not alice.saved
        assert bob.text() == ""
    alice = await open_note(ALICE, older=alice)
    await alice.until(lambda tab: tab.saved)
    assert (await open_note(BOB)).text() == "typed meanwhile"


async def test_bad_42_the_file_may_only_be_read(open_note: Open, store: SqliteStore) -> None:
    """As on a disk that was mounted anew after an error; it may be written again later."""
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await tell(store, "query_only=ON")
    await alice.type("typed meanwhile")
    assert await alice.closed() == 4500
    assert not alice.saved
    assert bob.text() == ""
    await tell(store, "query_only=OFF")
    alice = await open_note(ALICE, older=alice)
    await alice.until(lambda tab: tab.saved)
    assert (await open_note(BOB)).text() == "typed meanwhile"
