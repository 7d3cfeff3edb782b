"""The edge of every JSON socket: accept, hello, frames one by one, and each error of the tree as its close code."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.core.db import STORAGE_ERRORS
from server.core.house import House
from server.core.supervise import where
from server.errors import ConsiliumError
from server.web.connection import LEFT, OUR_FAULT, Connection, SocketLimits
from server.web.endpoint import storage_error
from server.web.lobby import Lobby
from server.web.pages import language_of
from server.web.wire import Frame

log = structlog.get_logger(__name__)


class Conversation(Protocol):
    """What is said on one connection. A `ConsiliumError` from `open` closes it, one from `receive` answers that frame."""

    async def open(self, hello: Frame) -> None: ...

    async def receive(self, frame: Frame) -> None:
        """Called frame by frame, never twice at once: while it waits, so does the sender. Answers with `connection.ok`."""
        ...

    def closed(self) -> None:
        """Called exactly once, when the connection is closing, also when `open` has failed or never came; it never waits."""
        ...


class JsonSocket:
    """A websocket endpoint: `WebSocketRoute(path, JsonSocket(begin).serve)`; `begin` makes the conversation of one connection."""

    def __init__(self, begin: Callable[[WebSocket, Connection], Conversation], limits: SocketLimits | None = None) -> None:
        self._begin = begin
        self._limits = limits or SocketLimits()
        self._lobby = Lobby(self._limits.pending_hellos)

    async def serve(self, websocket: WebSocket) -> None:
        """Hold one connection from its first byte to its last; the reader of house.md 6."""
        house = cast(House, websocket.app.state.house)
        await websocket.accept()
        connection = Connection(websocket, house.clock, self._limits, language_of(websocket).text)
        conversation = self._begin(websocket, connection)
        writer = house.supervisor.spawn(connection.write(), name="socket writer", on_crash=lambda _: _fail(connection))
        try:
            await self._converse(connection, conversation)
        finally:
            connection.close(LEFT, "")
            conversation.closed()
            await self._part(websocket, writer)

    async def _part(self, websocket: WebSocket, writer: asyncio.Task[None]) -> None:
        """Give the goodbye its time, then cut the connection: a closing transport would wait for its slow reader forever."""
        done, _ = await asyncio.wait({writer}, timeout=self._limits.farewell_s)
        if not done:
            writer.cancel()
            _cut(websocket)

    async def _converse(self, connection: Connection, conversation: Conversation) -> None:
        try:
            await conversation.open(await self._lobby.wait(connection.hello(), self._limits.hello_s))
            while (frame := await connection.next()) is not None:
                await _answer(connection, conversation, frame)
        except WebSocketDisconnect:
            return
        except ConsiliumError as error:
            connection.close(error.close_code, error.message)
        except STORAGE_ERRORS as error:
            failure = storage_error(error)
            connection.close(failure.close_code, failure.message)
        except Exception as error:  # noqa: BLE001 - a bug ends one connection, not the process, and is logged here only
            _report(error)
            _fail(connection)


async def _answer(connection: Connection, conversation: Conversation, frame: Frame) -> None:
    try:
        await conversation.receive(frame)
    except ConsiliumError as error:
        connection.refuse(frame.id, error)
    except STORAGE_ERRORS as error:
        connection.refuse(frame.id, storage_error(error))


def _report(error: Exception) -> None:
    """Log a bug by type and place, never by its text, which may hold a person's data."""
    log.error("socket crashed", error=type(error).__name__, where=where(error))


def _cut(websocket: WebSocket) -> None:
    """Reach the transport through uvicorn's own `receive`, which no middleware wraps; ASGI has no word for this."""
    protocol = getattr(websocket._receive, "__self__", None)  # noqa: SLF001 - Starlette keeps it nowhere else
    abort = getattr(getattr(protocol, "transport", None), "abort", None)  # uvloop's transports are no asyncio.Transport
    if abort is not None:
        abort()


def _fail(connection: Connection) -> None:
    connection.close(OUR_FAULT, "Something went wrong on our side. Please try again.")
