"""Databases with the cast's services and hours, made for one bench and removed after it."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from server.adapters.memory_bus import MemoryBus
from server.booking.model import Service
from server.core.db import Database, Events
from server.core.migrate import migrate
from tests.booking import hours
from tests.cast import Staff, seat_cast
from tests.conftest import MORNING
from tests.servers import Postgres

Answer = TypeVar("Answer")


@contextmanager
def sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="consilium-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate(url)
        yield url


@contextmanager
def postgres() -> Iterator[str]:
    server = Postgres()
    try:
        server.execute("CREATE DATABASE bench TEMPLATE template0")
        migrate(server.url("bench"))
        yield server.url("bench")
    finally:
        server.stop()


def with_database(url: str, act: Callable[[Database], Coroutine[Any, Any, Answer]]) -> Answer:
    """Act on a database in a loop of its own, of the kind that the server runs in."""

    async def run() -> Answer:
        database = Database(url, MemoryBus(), Events())
        try:
            return await act(database)
        finally:
            await database.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


async def seat(database: Database, who: Sequence[Staff], services: Sequence[Service]) -> None:
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        for member in who:
            tx.add_all(hours(member))
        tx.add_all(services)
