"""What uvicorn needs of two of asyncio's classes, without the deques that those keep while nobody waits: a tenth of an open socket."""

import asyncio
from collections import deque

from uvicorn._types import ASGIReceiveEvent


class Mailbox:
    """Stands in for an `asyncio.Queue` without a bound, for one reader."""

    __slots__ = ("_messages", "_reader")

    def __init__(self) -> None:
        self._messages: deque[ASGIReceiveEvent] | None = None
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, message: ASGIReceiveEvent) -> None:
        self._messages = self._messages or deque()
        self._messages.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> ASGIReceiveEvent:
        while self._messages is None:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self.get_nowait()

    def get_nowait(self) -> ASGIReceiveEvent:
        if self._messages is None:
            raise asyncio.QueueEmpty
        message = self._messages.popleft()
        self._messages = self._messages or None
        return message

    def qsize(self) -> int:
        return len(self._messages or ())

    def empty(self) -> bool:
        return self._messages is None


class Gate:
    """Stands in for an `asyncio.Event` that is nearly always set."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened: asyncio.Future[None] | None = None

    def set(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.set_result(None)

    def clear(self) -> None:
        self._opened = self._opened or asyncio.get_running_loop().create_future()

    async def wait(self) -> None:
        """Wait until it is set; whoever gives up does not take the others' future with them."""
        while self._opened is not None:
            await asyncio.wait({self._opened})
