"""The application behind uvicorn in the test's own loop, with the options of the real server."""

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import uvicorn
from starlette.applications import Starlette

from server.serve import configure

GRACEFUL_S = 2  # deaf clients are part of the tests


@dataclass(frozen=True)
class Running:
    address: str
    server: uvicorn.Server


class _Server(uvicorn.Server):
    """Leaves the signals of the test run alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running(app: Starlette) -> AsyncIterator[Running]:
    """Serve an application that was started already; the address begins with `ws://`."""
    config = configure(app, None)
    config.lifespan, config.timeout_graceful_shutdown = "off", GRACEFUL_S
    listener = socket.create_server(("127.0.0.1", 0))
    server = _Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        yield Running(f"ws://127.0.0.1:{listener.getsockname()[1]}", server)
        server.should_exit = True
