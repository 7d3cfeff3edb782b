"""The edge of the note socket: ticket in, then binary frames between one browser tab and the live note."""

import hashlib
from functools import partial
from typing import cast

import structlog
from pydantic import Field
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Receive, Scope, Send

from server.access.actions import person_topic
from server.core.db import STORAGE_ERRORS
from server.core.house import House
from server.core.supervise import where
from server.errors import Conflict, ConsiliumError, Malformed, NotSignedIn, NotStored
from server.notes.actions import open_note, outdated
from server.notes.conn import Conn, Tab
from server.notes.hub import Hub
from server.notes.keeping import keeping_secret
from server.notes.limits import HELLO_WITHIN_S, MAX_CLIENT_ID, MAX_HELLO, SCHEMA_VERSION
from server.notes.live import LiveNote
from server.notes.model import NoteReject
from server.notes.outlet import Outlet, open_outlet
from server.notes.rights import still_viewer
from server.notes.subject import NoteRef, NoteSubject
from server.web.bounded_ws import socket_of
from server.web.endpoint import Strict, parse_model
from server.web.lobby import Lobby

log = structlog.get_logger(__name__)


class Hello(Strict):
    """The first frame; `client_id` is the one that this tab had before, when it comes back."""

    ticket: str
    schema_version: int = Field(alias="schema")
    client_id: int | None = Field(default=None, ge=1, lt=MAX_CLIENT_ID)


class _Gone(Exception):
    """The browser left before it said anything."""


class NoteSocket:
    """A raw ASGI app: Starlette's WebSocket would cost a layer per message."""

    def __init__(self) -> None:
        self._lobby = Lobby()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["app"].state
        await receive()
        await send({"type": "websocket.accept"})
        outlet = open_outlet(receive, send, state.house.supervisor)
        try:
            await _Visit(state.house, state.notes, outlet, receive).run(await self._lobby.wait(_hello(receive), HELLO_WITHIN_S))
        except _Gone:
            pass
        except ConsiliumError as error:
            await outlet.close(error.close_code, error.code)
        except Exception as error:  # noqa: BLE001 - a bug is ours, not the browser's
            log.error("note socket crashed", error=type(error).__name__, where=where(error))  # noqa: TRY400 - a traceback's text may hold a person's data
            await outlet.close(ConsiliumError.close_code, "error")
        finally:
            outlet.drop()


class _Visit:
    """One socket from hello to goodbye."""

    def __init__(self, house: House, hub: Hub, outlet: Outlet, receive: Receive) -> None:
        self._house = house
        self._hub = hub
        self._outlet = outlet
        self._receive = receive

    async def run(self, hello: Hello) -> None:
        subject = self._house.tickets.redeem("note", hello.ticket)
        if not isinstance(subject, NoteSubject):
            raise NotSignedIn(code="ticket")
        if hello.schema_version != SCHEMA_VERSION:
            raise outdated()
        ref, tab = await self._open(subject, hello.client_id)
        del hello
        async with self._hub.use(ref) as live:
            await self._take_part(live, Conn(live, tab, self._outlet, self._house.clock, self._house.supervisor))

    async def _open(self, subject: NoteSubject, client_id: int | None) -> tuple[NoteRef, Tab]:
        try:
            async with self._house.database.write() as tx:
                now = self._house.clock.now()
                viewer = await still_viewer(tx, self._house.settings, subject, now)
                opened = await open_note(tx, viewer, subject.public_id, client_id, now)
                keep = await keeping_secret(tx, self._house.secrets, viewer, subject)
                return opened.ref, Tab(subject, opened.session_id, opened.client_id, opened.writable, keep)
        except STORAGE_ERRORS as error:
            log.error("note not opened", error=type(error).__name__, where=where(error))  # noqa: TRY400 - as above
            raise NotStored from None

    async def _take_part(self, live: LiveNote, conn: Conn) -> None:
        """Join first and then read the right again: what changed since the ticket cannot slip between."""
        older = live.members.get(conn.client_id)
        if older is not None:
            older.end(Conflict(code="replaced"))
            live.leave(older)
        live.join(conn)
        unsubscribe = self._house.bus.subscribe(person_topic(conn.subject.viewer.person_id), lambda: self._hub.recheck(conn))
        try:
            conn.greet()
            self._hub.recheck(conn)
            await self._read(live, conn)
        finally:
            unsubscribe()
            live.leave(conn)

    async def _read(self, live: LiveNote, conn: Conn) -> None:
        """Hand over every frame until the browser leaves or the connection has said goodbye; uvicorn's socket hands over by itself."""
        take = partial(self._take, live, conn)
        socket = socket_of(self._receive)
        if socket is not None:
            socket.divert(take)
        while (message := await self._receive())["type"] == "websocket.receive":
            take(message.get("bytes") or b"")

    def _take(self, live: LiveNote, conn: Conn, data: bytes) -> None:
        """Take one frame; one that is refused ends the connection and is recorded, never its content."""
        try:
            conn.take(data)
        except ConsiliumError as error:
            self._record(live, conn, error.code, data)
            conn.end(error)
        except Exception as error:  # noqa: BLE001 - a bug is ours, not the browser's
            log.error("note socket crashed", error=type(error).__name__, where=where(error))  # noqa: TRY400 - a traceback's text may hold a person's data
            conn.end(ConsiliumError())

    def _record(self, live: LiveNote, conn: Conn, code: str, data: bytes) -> None:
        log.warning("note frame refused", code=code, size=len(data), note=live.note_id, session=conn.session_id)
        self._house.supervisor.spawn(self._keep_reject(live.note_id, conn.session_id, code, data), name="note reject")

    async def _keep_reject(self, note_id: int, session_id: int, code: str, data: bytes) -> None:
        sha256, now = hashlib.sha256(data).digest(), self._house.clock.now()
        async with self._house.database.write() as tx:
            tx.add(NoteReject(note_id=note_id, session_id=session_id, rejected_at=now, code=code, sha256=sha256, size=len(data)))


async def _hello(receive: Receive) -> Hello:
    message = await receive()
    if message["type"] != "websocket.receive":
        raise _Gone
    raw = cast(str, message.get("text") or "").encode()
    if not raw or len(raw) > MAX_HELLO:
        raise Malformed(code="hello")
    return parse_model(raw, Hello)


def routes() -> list[BaseRoute]:
    return [WebSocketRoute("/ws/note", NoteSocket(), name="note_socket")]
