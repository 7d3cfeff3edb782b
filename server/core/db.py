"""The database: one declarative base, transactions as context managers, and the differences of SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import DateTime, Dialect, Engine, MetaData, TypeDecorator, Uuid, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from server.core.folding import Folded, fold
from server.core.one_trip import DRIVER, OneTripConnection
from server.ports import Bus

BUSY_TIMEOUT_MS = 10_000
CHECKPOINT_PAGES = 2_000  # SQLite's own is half of it: busy notes are copied from log to file too often, and with more a copy stalls them
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "foreign_keys=ON",
    "synchronous=FULL",
    f"wal_autocheckpoint={CHECKPOINT_PAGES}",
)
POOL_SIZE = 8
TURN_WITHIN_S = 30  # for the one writer of an SQLite file
POOL_WAIT_S = 10  # for a connection while all are taken; then the pool gives up
CONNECT_WITHIN_S = 5
WRITES = "consilium_writes"

# A database that is locked, full, gone, overrun or read-only. A broken rule of the schema (IntegrityError) and a statement that makes no
# sense (ProgrammingError, DataError) are not in it: they are mistakes of ours, and must end as such.
STORAGE_ERRORS = (OperationalError, InterfaceError, InternalError, PoolTimeout, OSError)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on both databases; SQLite forgets the zone, and a naive time is refused instead of guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcTime(), UUID: Uuid()}  # noqa: RUF012 - SQLAlchemy's own attribute


End = tuple[int, bytes]  # number and hash of the newest entry of an audit
Ends = dict[UUID, End]  # by practice
Handler = Callable[["Tx", Any], Awaitable[None]]


class Tx(AsyncSession):
    """One transaction. `emit` runs what other folders subscribed, inside it; `hint` goes to the bus once it is committed.

    `acting` holds for which patient a door let which person act, and by which representation, so that no entry of the audit can miss it.
    `audit_key` is what its entries are chained by, and `audit_ends` where this process left each chain.
    """

    events: "Events"
    hints: list[str]
    acting: dict[tuple[UUID, UUID], UUID]
    audit_key: bytes
    audit_ends: Ends

    async def emit(self, fact: object) -> None:
        """Tell a past-tense fact to its subscribers, before the commit: they see and join this transaction."""
        for handler in self.events.handlers(type(fact)):
            await handler(self, fact)

    def hint(self, topic: str) -> None:
        """Ask whoever looks at `topic` to look again, after the commit; a transaction that fails says nothing."""
        if topic not in self.hints:
            self.hints.append(topic)

    def act_for(self, person_id: UUID, patient_id: UUID, representation_id: UUID) -> None:
        self.acting[person_id, patient_id] = representation_id

    def represents(self, person_id: UUID | None, patient_id: UUID | None) -> UUID | None:
        """Return by which representation a person acts for a patient in this transaction, if they do."""
        return self.acting.get((person_id, patient_id)) if person_id and patient_id else None


class Events:
    """Who listens to which event; filled once by `app.py`, so that lower folders never import higher ones."""

    def __init__(self) -> None:
        self._handlers: dict[type, list[Handler]] = {}

    def subscribe(self, kind: type, handler: Handler) -> None:
        self._handlers.setdefault(kind, []).append(handler)

    def handlers(self, kind: type) -> list[Handler]:
        return self._handlers.get(kind, [])


class Database:
    """Opens transactions; `read()` never writes, `write()` takes SQLite's write lock at its start (BEGIN IMMEDIATE).

    A deferred SQLite transaction that reads and then writes fails with "database is locked" as soon as two do it.
    The server and its chores give the `audit_key` that `server/core/crypto.py` makes; the empty one is for tests.
    """

    def __init__(self, url: str, bus: Bus, events: Events, audit_key: bytes = b"") -> None:
        self.url = url
        self._audit_key = audit_key
        self._audit_ends: Ends = {}
        self._bus = bus
        self._events = events
        self._engine = create_async_engine(driver_url(url), **engine_options(url))
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)
        self._queue = asyncio.Lock()
        self._writer = self._engine.execution_options(**{WRITES: True})

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path:
        """The database file; only on SQLite."""
        return Path(self.url.removeprefix("sqlite:///"))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        async with self._open(self._engine) as tx:
            yield tx

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """Commit at the end, roll back at an exception; hints are published only after the commit."""
        async with self._turn(), self._open(self._writer) as tx:
            yield tx
            await tx.commit()
        for topic in tx.hints:
            self._bus.publish(topic)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """On SQLite the writers of this process wait here, first come, first served, and without a connection.

        The file's own lock knows no order: whoever waits for it asks again now and then, and of many some never meet it free.
        Raises `TimeoutError`, which is an outage, when it is not one's turn in time.
        """
        if not self.is_sqlite:
            yield
            return
        async with asyncio.timeout(TURN_WITHIN_S):
            await self._queue.acquire()
        try:
            yield
        finally:
            self._queue.release()

    @asynccontextmanager
    async def _open(self, engine: Any) -> AsyncIterator[Tx]:
        async with Tx(engine, expire_on_commit=False) as tx:
            tx.events = self._events
            tx.hints = []
            tx.acting = {}
            tx.audit_key = self._audit_key
            tx.audit_ends = self._audit_ends
            yield tx

    async def close(self) -> None:
        await self._engine.dispose()


def locked(*, lock: bool = True) -> dict[str, Any] | None:
    """Return how `with_for_update` locks a row against whoever changes it, and not against whoever only refers to it.

    On PostgreSQL each row that is inserted locks what its foreign keys name (KEY SHARE). Against a plain FOR UPDATE it would wait, out of
    the order in which everybody locks.
    """
    return {"key_share": True} if lock else None


def driver_url(url: str) -> str:
    """Return the URL with the async driver that the server uses (`one_trip.py`, psycopg)."""
    return url.replace("sqlite:", f"{DRIVER}:", 1).replace("postgresql:", "postgresql+psycopg:", 1)


def sync_url(url: str) -> str:
    """Return the URL for migrations, which run before the loop starts."""
    return url.replace("postgresql:", "postgresql+psycopg:", 1)


def engine_options(url: str) -> dict[str, Any]:
    """Return how every engine is made; the text of an error must not repeat the values of its statement."""
    options = {"hide_parameters": True, "pool_size": POOL_SIZE, "pool_timeout": POOL_WAIT_S}
    if url.startswith("sqlite"):
        return options
    return {**options, "pool_pre_ping": True, "connect_args": {"connect_timeout": CONNECT_WITHIN_S}}


def _prepare_sqlite(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None  # the driver must not begin by itself: _begin_sqlite says which kind
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function(Folded.name, 1, fold, deterministic=True)


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        cast(OneTripConnection, connection.connection.dbapi_connection).begin_later()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def prepare_engine(engine: Engine) -> None:
    """Give a synchronous SQLite engine (migrations) the same habits."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
