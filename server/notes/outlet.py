"""How a message leaves: straight into uvicorn's transport where that can be reached, else by the ASGI `send`."""

import asyncio
from collections import deque
from typing import Protocol

from starlette.types import Message, Receive, Send

from server.core.supervise import Supervisor
from server.notes.limits import CLOSE_WITHIN_S, MAX_BACKLOG, MAX_QUEUED
from server.web.bounded_ws import socket_of


class Outlet(Protocol):
    """Sending never waits; it tells whether the reader keeps up."""

    def push(self, message: bytes, wire: bytes) -> bool:
        """Send a message (`wire` is the same as a websocket frame); False when too much waits for the reader already."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye after everything that was pushed, or cut the line when the reader does not take it."""
        ...

    def drop(self) -> None:
        """The connection has ended."""
        ...


def open_outlet(receive: Receive, send: Send, supervisor: Supervisor) -> Outlet:
    """Choose the fast way where uvicorn's protocol is in reach."""
    socket = socket_of(receive)
    return QueueOutlet(send, supervisor) if socket is None else RawOutlet(socket.transport, send)


class RawOutlet:
    """Writes ready frames to the transport without packing them again, and whatever one turn of the loop brings in one go.

    A write costs more than all else that is done for a message; after a commit, many readers get several.
    """

    def __init__(self, transport: asyncio.Transport, send: Send) -> None:
        self._transport = transport
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._size = 0

    def push(self, message: bytes, wire: bytes) -> bool:
        del message
        if self._transport.is_closing():
            return True
        if self._size + self._transport.get_write_buffer_size() > MAX_BACKLOG:
            return False
        if not self._held:
            self._loop.call_soon(self._write)
        self._held.append(wire)
        self._size += len(wire)
        return True

    def _write(self) -> None:
        held, self._held, self._size = self._held, [], 0
        if held and not self._transport.is_closing():  # uvloop raises when a closed transport is written to
            self._transport.write(b"".join(held))

    async def close(self, code: int, reason: str) -> None:
        self._write()
        farewell = self._send({"type": "websocket.close", "code": code, "reason": reason})
        try:
            await asyncio.wait_for(farewell, CLOSE_WITHIN_S)
        except TimeoutError:
            self._transport.abort()
        except (OSError, RuntimeError):  # the other side was faster
            return

    def drop(self) -> None:
        return


class QueueOutlet:
    """One task per connection that sends what is queued, and the farewell last."""

    def __init__(self, send: Send, supervisor: Supervisor) -> None:
        self._send = send
        self._queue: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._task = supervisor.spawn(self._write(), name="note writer")

    def push(self, message: bytes, wire: bytes) -> bool:
        del wire
        if len(self._queue) >= MAX_QUEUED:
            return False
        self._enqueue({"type": "websocket.send", "bytes": message})
        return True

    async def close(self, code: int, reason: str) -> None:
        self._enqueue({"type": "websocket.close", "code": code, "reason": reason})
        await asyncio.wait({self._task}, timeout=CLOSE_WITHIN_S)
        self.drop()

    def drop(self) -> None:
        self._task.cancel()

    def _enqueue(self, message: Message) -> None:
        self._queue.append(message)
        self._wake.set()

    async def _write(self) -> None:
        sent = ""
        while sent != "websocket.close":
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                message = self._queue.popleft()
                sent = message["type"]
                try:
                    await self._send(message)
                except (OSError, RuntimeError):  # the other side is gone; its reader ends the connection
                    return
