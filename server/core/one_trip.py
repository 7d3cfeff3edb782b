"""The driver of SQLite: aiosqlite's thread, asked once for each statement.

SQLAlchemy's own adapter asks that thread four times: for a cursor, to execute, to fetch, to close. Each question wakes the thread and then
the loop again, which costs more than most statements do. See docs/decisions/0075.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

import aiosqlite
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.util.concurrency import await_

DRIVER = "sqlite+one_trip"
ITER_CHUNK = 64  # aiosqlite's own; nobody iterates here
BEGIN = ("BEGIN", ())
Statement = tuple[str, Any]
Execute = Callable[[sqlite3.Connection, str, Any], sqlite3.Cursor]


class Answer(NamedTuple):
    """What is left of a cursor of SQLite that is closed already."""

    description: Any
    rowcount: int
    lastrowid: int | None
    rows: Sequence[Any]


NOTHING_YET = Answer(None, -1, None, ())


class Line(aiosqlite.Connection):
    """A connection and its thread, which may be asked anything."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, ITER_CHUNK)
        self._thread.daemon = True  # a process ends also while a statement hangs

    def ask(self, before: Sequence[Statement], execute: Execute, operation: str, parameters: Any) -> Coroutine[Any, Any, Answer]:
        asked: Coroutine[Any, Any, Answer] = self._execute(_ask, self._conn, before, execute, operation, parameters)  # type: ignore[no-untyped-call]
        return asked


class Cursor(AsyncAdapt_aiosqlite_cursor):
    """Holds the rows of the last statement; no cursor of SQLite stays open between two calls."""

    __slots__ = ()

    _adapt_connection: "OneTripConnection"

    def __init__(self, adapt_connection: "OneTripConnection") -> None:
        self._adapt_connection = adapt_connection
        self._cursor: Any = NOTHING_YET  # where the base class reads what a statement came to
        self._rows = deque()

    @property
    def description(self) -> Any:
        return self._cursor.description

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        self._rows.clear()

    def execute(self, operation: Any, parameters: Any = None) -> None:
        self._take(self._adapt_connection.ask(sqlite3.Connection.execute, operation, parameters or ()))

    def executemany(self, operation: Any, seq_of_parameters: Any) -> None:
        self._take(self._adapt_connection.ask(sqlite3.Connection.executemany, operation, seq_of_parameters))

    def _take(self, answer: Answer) -> None:
        self._cursor, self._rows = answer, deque(answer.rows)


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ("_asked", "_before", "_line")

    _cursor_cls: Any = Cursor  # which takes no connection but this

    def __init__(self, dbapi: Any, connection: Line) -> None:
        super().__init__(dbapi, cast(Any, connection))
        self._line = connection
        self._before: list[Statement] = []
        self._asked = False

    def begin_later(self) -> None:
        """Begin a transaction that only reads together with its first statement: SQLite sees nothing of it any earlier."""
        self._before = [BEGIN]

    def ask(self, execute: Execute, operation: str, parameters: Any) -> Answer:
        """Execute a statement and fetch all of its rows, in the connection's thread."""
        try:
            return await_(self._asking([], execute, operation, parameters))
        except Exception as error:  # noqa: BLE001 - SQLAlchemy's adapter decides which of them are the database's
            self._handle_exception(error)

    async def ask_together(self, statements: Sequence[Statement]) -> Answer:
        """Execute statements; answers as the last one does."""
        try:
            return await self._asking(statements[:-1], sqlite3.Connection.execute, *statements[-1])
        except Exception as error:  # noqa: BLE001 - as above
            self._handle_exception(error)

    def _asking(self, earlier: Sequence[Statement], execute: Execute, operation: str, parameters: Any) -> Coroutine[Any, Any, Answer]:
        before, self._before, self._asked = [*self._before, *earlier], [], True
        return self._line.ask(before, execute, operation, parameters)

    def commit(self) -> None:
        super().commit()
        self._before, self._asked = [], False

    def rollback(self) -> None:
        """Ask only where something was asked since the last ending: the pool does it once more after each commit.

        What the thread says of a transaction would not do: a statement that was cancelled may still be on its way there.
        """
        self._before = []
        if self._asked:
            super().rollback()
            self._asked = False


class Dbapi(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> OneTripConnection:
        line = Line(partial(sqlite3.connect, *arg, **kw))
        await_(line)
        return OneTripConnection(self, line)


class OneTripDialect(SQLiteDialect_aiosqlite):
    driver = DRIVER.partition("+")[2]
    supports_statement_cache = True
    supports_server_side_cursors = False  # all rows come at once

    @classmethod
    def import_dbapi(cls) -> Dbapi:
        return Dbapi(aiosqlite, sqlite3)


def _ask(connection: sqlite3.Connection, before: Sequence[Statement], execute: Execute, operation: str, parameters: Any) -> Answer:
    for earlier in before:
        connection.execute(*earlier).close()
    cursor = execute(connection, operation, parameters)
    rows = cursor.fetchall() if cursor.description else ()
    answer = Answer(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    cursor.close()
    return answer


registry.register(DRIVER.replace("+", "."), __name__, OneTripDialect.__name__)
