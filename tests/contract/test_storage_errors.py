"""What a database in trouble looks like from inside, whatever the driver calls it."""

import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.applications import Starlette

from server.adapters.memory_bus import MemoryBus
from server.core import db
from server.core.db import STORAGE_ERRORS, Database, Events
from server.core.migrate import migrate
from server.identity import gate

pytestmark = [pytest.mark.anyio, pytest.mark.row("O1")]


@pytest.fixture
async def small(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A database whose pool waits only a moment."""
    monkeypatch.setattr(db, "POOL_WAIT_S", 0.01)
    database = Database(database_url, MemoryBus(), Events())
    yield database
    await database.close()


async def test_a_pool_that_is_used_up_is_an_outage(small: Database) -> None:
    async def read_at_once(count: int) -> None:
        async with AsyncExitStack() as held:
            for _ in range(count):
                tx = await held.enter_async_context(small.read())
                await tx.execute(text("SELECT 1"))

    with pytest.raises(STORAGE_ERRORS):
        await read_at_once(100)
    await read_at_once(1)


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A PostgreSQL that takes connections and never says a word."""
    monkeypatch.setattr(db, "CONNECT_WITHIN_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgresql://nobody@127.0.0.1:{listener.getsockname()[1]}/nothing"


async def test_a_server_that_does_not_answer_is_an_outage_soon(silent_server: str) -> None:
    database = Database(silent_server, MemoryBus(), Events())
    began = time.monotonic()
    with pytest.raises(STORAGE_ERRORS):
        async with database.read() as tx:
            await tx.execute(text("SELECT 1"))
    assert time.monotonic() - began < 10
    await database.close()


def test_a_start_does_not_wait_for_it_either(silent_server: str) -> None:
    began = time.monotonic()
    with pytest.raises(SQLAlchemyError):
        migrate(silent_server)
    assert time.monotonic() - began < 10


async def test_a_file_that_cannot_be_opened_is_an_outage(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/nowhere/file.db", MemoryBus(), Events())
    with pytest.raises(STORAGE_ERRORS):
        async with database.read() as tx:
            await tx.execute(text("SELECT 1"))


def test_a_mistake_of_ours_is_none() -> None:
    assert not issubclass(IntegrityError, STORAGE_ERRORS)


@pytest.mark.parametrize("outage", [OperationalError("insert", {}, Exception("full")), PoolTimeout(), ConnectionResetError()], ids=repr)
async def test_a_request_is_told_that_nothing_was_stored(
    app: Starlette, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, outage: Exception
) -> None:
    async def read(*_: object) -> object:
        raise outage

    monkeypatch.setattr(gate, "find_login", read)
    client.cookies.set("sid", "A" * 43)
    answer = await client.get("/api/today")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_stored")
