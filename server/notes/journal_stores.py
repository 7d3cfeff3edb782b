"""Where the journal's rows go: SQLite in a thread of its own, or PostgreSQL over connections of its own."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

from server.core.db import CONNECT_WITHIN_S, SQLITE_PRAGMAS, Database
from server.notes.chain import Row
from server.notes.journal import Closed, Store, Taken

PG_CONNECTIONS = 2
PG_TIMEOUT_S = 10.0
PG_CLOSED = "CL001"  # of our own trigger
COLUMNS = ", ".join(Row._fields)
PG_ARRAYS = "$1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[]"
PG_INSERT = f"INSERT INTO note_update ({COLUMNS}) SELECT * FROM unnest({PG_ARRAYS})"  # noqa: S608 - no outside text


def store_for(database: Database) -> Store:
    return SqliteStore(database.sqlite_path) if database.is_sqlite else PgStore(database.url)


class SqliteStore:
    """The same file as the rest, by a connection that lives in one thread: a slow disk never stops the loop.

    One INSERT of many rows is one transaction and lets go of the interpreter's lock once; row by row, each row waits for a busy loop.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="note-journal")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        await self._in_thread(self._open)

    async def insert(self, rows: list[Row]) -> None:
        try:
            await self._in_thread(self._insert, rows)
        except sqlite3.IntegrityError as error:
            raise Closed if error.sqlite_errorname == "SQLITE_CONSTRAINT_TRIGGER" else Taken from None

    async def close(self) -> None:
        if self._connection is not None:
            await self._in_thread(self._connection.close)
            self._connection = None

    async def _in_thread(self, work: Any, *arguments: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        for pragma in SQLITE_PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")

    def _insert(self, rows: list[Row]) -> None:
        if self._connection is None:
            raise sqlite3.ProgrammingError("the journal is not open")
        self._connection.execute(_sqlite_insert(len(rows)), [value for row in rows for value in row])


@lru_cache(maxsize=64)
def _sqlite_insert(rows: int) -> str:
    places = f"({', '.join('?' * len(Row._fields))})"
    return f"INSERT INTO note_update ({COLUMNS}) VALUES {', '.join([places] * rows)}"  # noqa: S608 - no outside text


class PgStore:
    """asyncpg with a pool of its own, so that the journal never waits for a page's transaction."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: Any = None
        self._taken: type[Exception]
        self._refused: type[Any]

    async def open(self) -> None:
        import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415 - a start on SQLite must not pay for it

        self._taken, self._refused = asyncpg.IntegrityConstraintViolationError, asyncpg.PostgresError
        self._pool = await asyncpg.create_pool(
            self._url, min_size=1, max_size=PG_CONNECTIONS, timeout=CONNECT_WITHIN_S, command_timeout=PG_TIMEOUT_S
        )

    async def insert(self, rows: list[Row]) -> None:
        columns = [list(column) for column in zip(*rows, strict=True)]
        try:
            await self._pool.execute(PG_INSERT, *columns)
        except self._refused as error:
            if isinstance(error, self._taken):
                raise Taken from None
            if error.sqlstate == PG_CLOSED:
                raise Closed from None
            raise

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
            self._pool = None
