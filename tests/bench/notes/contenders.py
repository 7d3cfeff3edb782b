"""The servers that are measured: our own, two others, and the bare fan-out; each starts fresh and says how it wants to be spoken to."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.browsers import running_site
from tests.bench.notes.practice import seats
from tests.servers import Process, free_port, listening, need_program

PEERS = Path(__file__).parent.parent / "peers"


@dataclass(frozen=True)
class Contender:
    """A running server with its `wire` (peers/wires.mjs), and a seat for each editor."""

    wire: str
    url: str
    origin: str
    pid: int
    seats: Sequence[dict[str, Any]]


Start = Callable[[int, int], AbstractContextManager[Contender]]
"""Starts a server for so many rooms with so many editors in each."""


@contextmanager
def ours(rooms: int, editors: int) -> Iterator[Contender]:
    """Our own server on SQLite as it is delivered, started anew once the notes are there."""
    with running_site() as site:
        places = seats(site, rooms, editors)
        site.server.stop()
        site.server.restart()
        yield Contender("note", site.url.replace("http", "ws"), site.url, site.server.pid, places)


@contextmanager
def _peer(wire: str, rooms: int, editors: int) -> Iterator[Contender]:
    with tempfile.TemporaryDirectory(prefix="consilium-peer-") as folder:
        port = free_port()
        process = Process(_command(wire, port), Path(folder) / "peer.log", env={**os.environ, **_settings(port, folder)})
        try:
            process.until_up(lambda: listening(port))
            places = [{"room": f"room-{room}"} for room in range(rooms) for _ in range(editors)]
            yield Contender(wire, f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{port}", process.pid, places)
        finally:
            process.stop()


def _command(wire: str, port: int) -> list[str]:
    if wire == "fan-out":
        return [sys.executable, "-m", "tests.bench.notes.fanout", str(port)]
    script = {"hocuspocus": "hocuspocus.mjs", "y-websocket": "node_modules/y-websocket/bin/server.cjs"}[wire]
    return [need_program("node", "nodejs"), str(PEERS / script)]


def _settings(port: int, folder: str) -> dict[str, str]:
    """Everybody in production dress, and each with a database of its own where it has one."""
    return {"NODE_ENV": "production", "HOST": "127.0.0.1", "PORT": str(port), "DATABASE": f"{folder}/peer.db"}


hocuspocus: Start = partial(_peer, "hocuspocus")
y_websocket: Start = partial(_peer, "y-websocket")
fan_out: Start = partial(_peer, "fan-out")
