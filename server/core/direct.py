"""Statements that are compiled once and given to the driver as they are.

SQLAlchemy looks up what it compiled, and makes a context, a cursor and a result, each time that a statement is executed: for a short one
that is longer than the database takes. It is left out only where nearly every request waits for the same statement. What fails, fails as
it does through SQLAlchemy, which closes and replaces the connection where that is needed. See docs/decisions/0064.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from psycopg import AsyncConnection
from sqlalchemy import Connection, Dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from server.core.one_trip import OneTripConnection, Statement

Process = Callable[[Any], Any]
CURSOR = "direct_cursor"  # a connection of PostgreSQL keeps one, which remembers how values are written
COMPILED = 16  # statements of dialects that are remembered; a server has one dialect


class Direct:
    """A statement as a driver takes it, whose values are all named by `bindparam`."""

    def __init__(self, statement: UpdateBase, dialect: Dialect) -> None:
        compiled: SQLCompiler = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._order = compiled.positiontup
        self._processed = {name: process for bind, name in compiled.bind_names.items() if (process := _process(bind.type, dialect))}

    def with_values(self, named: Mapping[str, Any]) -> Statement:
        """Return it with its values as the driver wants them: by name, or in the order of the text."""
        values = {**named, **{name: process(named[name]) for name, process in self._processed.items()}}
        return self._text, values if self._order is None else tuple(values[name] for name in self._order)


async def execute(tx: AsyncSession, statements: Sequence[UpdateBase], named: Mapping[str, Any]) -> int:
    """Flush, then execute statements that share their values in one round trip; return how many rows the last one changed.

    PostgreSQL's driver takes one of them at a time, SQLite's takes several.
    """
    connection = await tx.run_sync(_flushed)
    ready = [_direct(statement, connection.dialect).with_values(named) for statement in statements]
    try:
        return await _ask(connection.connection, ready)
    except BaseException as error:
        await tx.run_sync(_fail, connection, error, "; ".join(text for text, _ in ready))
        raise


async def _ask(line: PoolProxiedConnection, statements: Sequence[Statement]) -> int:
    driver = line.driver_connection
    if isinstance(driver, AsyncConnection):
        (statement,) = statements
        cursor = line.info.get(CURSOR)
        if cursor is None:
            cursor = line.info[CURSOR] = driver.cursor()
        return (await cursor.execute(*statement)).rowcount
    return (await cast(OneTripConnection, line.dbapi_connection).ask_together(statements)).rowcount


def _flushed(session: Session) -> Connection:
    session.flush()
    return session.connection()


def _fail(_: Session, connection: Connection, error: BaseException, text: str) -> None:
    """Let SQLAlchemy say what an error is, and what it means for the connection, also where somebody was cancelled."""
    of_driver = isinstance(error, connection.dialect.loaded_dbapi.Error)
    try:
        raise error  # noqa: TRY301 - SQLAlchemy asks for the error that is being handled
    except BaseException:  # noqa: BLE001 - it raises what it makes of it
        connection._handle_dbapi_exception(error, text if of_driver else None, None, None, None)  # noqa: SLF001 - held by tests/contract/test_direct.py


@lru_cache(maxsize=COMPILED)
def _direct(statement: UpdateBase, dialect: Dialect) -> Direct:
    return Direct(statement, dialect)


def _process(kind: Any, dialect: Dialect) -> Process | None:
    process: Process | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return process
