"""SQLite asked once for each statement answers as SQLAlchemy's own adapter of it does."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from server.adapters.memory_bus import MemoryBus
from server.core import db
from server.core.db import Database, Events
from server.core.one_trip import Line

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shelf(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Database]:
    """A database of one table, `book (id, title)`, with two in it."""
    database = Database(f"sqlite:///{tmp_path / 'shelf.db'}", MemoryBus(), Events())
    async with database.write() as tx:
        await tx.execute(text("CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE)"))
        await tx.execute(text("INSERT INTO book (title) VALUES (:title)"), [{"title": "Emma"}, {"title": "Persuasion"}])
    yield database
    await database.close()


async def titles(database: Database) -> list[str]:
    async with database.read() as tx:
        return list(await tx.scalars(text("SELECT title FROM book ORDER BY id")))


async def test_a_statement_of_many_rows_counts_them(shelf: Database) -> None:
    async with shelf.write() as tx:
        changed = await tx.execute(text("UPDATE book SET title = title || '!'"))
    assert changed.rowcount == 2  # type: ignore[attr-defined]
    assert await titles(shelf) == ["Emma!", "Persuasion!"]


async def test_what_is_inserted_comes_back_by_its_number(shelf: Database) -> None:
    async with shelf.write() as tx:
        one = await tx.execute(text("INSERT INTO book (title) VALUES ('Sanditon')"))
        returned = await tx.scalar(text("INSERT INTO book (title) VALUES ('Lady Susan') RETURNING id"))
    assert (one.lastrowid, returned) == (3, 4)  # type: ignore[attr-defined]


async def test_no_row_is_a_list_of_none(shelf: Database) -> None:
    async with shelf.read() as tx:
        nothing = await tx.execute(text("SELECT id, title FROM book WHERE id = 9"))
    assert (list(nothing.keys()), nothing.all()) == (["id", "title"], [])


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("INSERT INTO book (title) VALUES ('Persuasion')", IntegrityError),
        ("SELECT title FROM shelf", OperationalError),
        ("SELECT title FROM book WHERE id = ?", ProgrammingError),
    ],
)
async def test_an_error_has_the_databases_name_and_leaves_nothing(shelf: Database, statement: str, error: type[Exception]) -> None:
    async def write() -> None:
        async with shelf.write() as tx:
            await tx.execute(text("DELETE FROM book WHERE id = 1"))
            await (await tx.connection()).exec_driver_sql(statement)

    with pytest.raises(error):
        await write()
    assert await titles(shelf) == ["Emma", "Persuasion"]


async def test_a_reading_transaction_sees_one_state(shelf: Database) -> None:
    async with shelf.read() as tx:
        before = await tx.scalar(text("SELECT count(*) FROM book"))
        async with shelf.write() as other:
            await other.execute(text("DELETE FROM book"))
        assert await tx.scalar(text("SELECT count(*) FROM book")) == before == 2
    assert await titles(shelf) == []


async def test_a_transaction_that_asks_nothing_leaves_the_next_one_alone(shelf: Database) -> None:
    for opened in (shelf.read, shelf.write):
        async with opened() as tx:
            await tx.connection()
        async with shelf.write() as tx:
            await tx.execute(text("UPDATE book SET title = title || '.' WHERE id = 1"))
    assert await titles(shelf) == ["Emma..", "Persuasion"]


async def test_a_statement_that_is_cancelled_on_its_way_keeps_no_lock(
    shelf: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 50)
    asked = asyncio.Event()
    ask = Line.ask

    def noted(self: Line, *question: object) -> object:
        asked.set()
        return ask(self, *question)  # type: ignore[arg-type]

    async def write() -> None:
        async with shelf.write() as tx:
            await tx.execute(text("DELETE FROM book"))

    monkeypatch.setattr(Line, "ask", noted)
    for _ in range(20):
        asked.clear()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            await asked.wait()
            tasks.cancel_scope.cancel()
    with closing(sqlite3.connect(tmp_path / "shelf.db", timeout=5)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
    assert await titles(shelf) == ["Emma", "Persuasion"]


async def test_the_thread_is_asked_once_for_a_statement(shelf: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    execute = Line._execute

    def counted(self: Line, fn: object, *arguments: object, **named: object) -> object:
        asked.append(fn)
        return execute(self, fn, *arguments, **named)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(Line, "_execute", counted)
    async with shelf.read() as tx:
        await tx.execute(text("SELECT 1"))
        await tx.execute(text("SELECT 2"))
    assert len(asked) == 3, "two statements, of which the first begins, and the end"
    asked.clear()
    async with shelf.write() as tx:
        await tx.execute(text("UPDATE book SET title = 'Emma' WHERE id = 1"))
    assert len(asked) == 3, "begin, statement, commit"
