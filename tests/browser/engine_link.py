"""A forwarding engine's process and the control of it, without waiting for each answer."""

import itertools
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from server.media_control import VERSION, Greeting, Hello, Refused, Welcome
from server.media_lines import read_down, write
from tests.browser.engine_room import own_address
from tests.servers import Process, listening_at, until

TURN_S = 0.005


class EngineProcess:
    """It listens on the machine's own address unless told: Firefox calls no loopback. `program` is what Python runs."""

    def __init__(self, folder: Path, program: Sequence[str] = ("-m", "server", "media"), address: str | None = None) -> None:
        folder.mkdir(parents=True)
        control = folder / "control"
        command = [sys.executable, *program, "--listen", f"{address or own_address()}:0", "--control", str(control)]
        self.process = Process(command, folder / "engine.log")
        self.process.until_up(lambda: listening_at(control))
        self.connect(control)

    def connect(self, control: Path) -> None:
        """Open the line to it."""
        self.refused: list[str] = []
        self.alive = True
        self._ids = itertools.count(1)
        self._lines = b""
        self._socket = socket.socket(socket.AF_UNIX)
        until(lambda: self._socket.connect_ex(str(control)) == 0, what="a way to the engine")
        self._socket.sendall(write(Hello(version=VERSION)))

    def command(self, kind: Callable[..., Any], **fields: Any) -> None:
        """Send; a refusal is kept for the test to look at."""
        if self.alive:
            try:
                self._socket.sendall(write(kind(id=next(self._ids), **fields)))
            except OSError:
                self.alive = False

    def take(self) -> list[Any]:
        """Return the events that have come."""
        if not self.alive or not select.select([self._socket], [], [], TURN_S)[0]:
            return []
        received = self._receive()
        self.alive = received != b""
        *lines, self._lines = (self._lines + received).split(b"\n")
        messages = [read_down(line) for line in lines]
        self.refused.extend(message.code for message in messages if isinstance(message, Refused))
        return [message for message in messages if not isinstance(message, Greeting | Welcome | Refused)]

    def kill(self) -> None:
        """As when the machine has no memory left: without a goodbye."""
        self.process.stop(signal.SIGKILL)

    def close(self) -> None:
        self._socket.close()
        if self.alive:
            self.process.stop()
        self.alive = False

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(1 << 16)
        except OSError:
            return b""
