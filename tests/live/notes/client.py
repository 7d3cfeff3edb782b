"""A browser tab with a note open, as the server sees it: a CRDT document behind the real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc, TransactionEvent, XmlElement, XmlFragment, XmlText
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.notes.limits import SCHEMA_VERSION
from server.notes.yproto import (
    ACK,
    AWARENESS,
    EVENT,
    HELLO,
    REJECT,
    STEP1,
    STEP2,
    SYNC,
    UPDATE,
    awareness_message,
    read_bytes,
    read_varuint,
    sync_message,
)

PATIENCE_S = 25.0
Json = dict[str, Any]


@dataclass
class Tab:
    """Keeps what it was told; `saved` says what a person would be shown."""

    socket: ClientConnection
    doc: Doc[XmlFragment] = field(default_factory=Doc)
    hello: Json = field(default_factory=dict)
    sent: int = 0
    acked: int = 0
    synced: bool = False
    rejects: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    states: dict[int, tuple[int, Json | None]] = field(default_factory=dict)
    clock: int = 0
    on_frame: Callable[[bytes], None] | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _mine: list[bytes] = field(default_factory=list)

    @property
    def saved(self) -> bool:
        return self.synced and self.acked == self.sent

    def text(self, section: str = "plan") -> str:
        return "".join(str(child) for paragraph in self._fragment(section).children for child in getattr(paragraph, "children", ()))

    async def type(self, words: str, section: str = "plan") -> None:
        """Type at the end of a section, one update per call."""
        self.write(words, section)
        await self.flush()

    def write(self, words: str, section: str = "plan") -> None:
        """Change the document and send nothing yet."""
        fragment = self._fragment(section)
        with self.doc.transaction():
            if not len(fragment.children):
                fragment.children.append(XmlElement("paragraph", {}, [XmlText("")]))
            text = fragment.children[0].children[0]
            text.insert(len(str(text).encode()), words)

    async def flush(self) -> None:
        """Send the updates that the document made since the last time."""
        mine, self._mine = self._mine, []
        for update in mine:
            await self.send_update(update)

    async def send_update(self, update: bytes, kind: int = UPDATE) -> None:
        self.sent += 1
        await self.socket.send(sync_message(kind, update))

    async def send_state(self, state: Json | None) -> None:
        self.clock += 1
        await self.socket.send(awareness_message({self.hello["client_id"]: (self.clock, json.dumps(state).encode())}))

    async def ask(self) -> None:
        await self.socket.send(sync_message(STEP1, self.doc.get_state()))

    async def until(self, check: Callable[["Tab"], object]) -> None:
        """Wait until `check` holds; it is asked again after each frame."""
        async with asyncio.timeout(PATIENCE_S):
            while not check(self):
                self._news.clear()
                await self._news.wait()

    async def closed(self) -> int | None:
        """Wait for the end and return the close code."""
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()
        return self.socket.close_code

    def adopt(self, older: "Tab") -> None:
        """Go on with the document of a tab whose line broke."""
        self.doc = older.doc
        self._listen()

    async def read(self) -> None:
        """Handle frames until the socket closes."""
        try:
            async for frame in self.socket:
                assert isinstance(frame, bytes)
                if self.on_frame is not None:
                    self.on_frame(frame)
                await self._handle(frame)
                self._news.set()
        except ConnectionClosed:
            pass
        self._news.set()

    async def _handle(self, frame: bytes) -> None:
        kind = frame[0]
        if kind == SYNC:
            await self._sync(frame[1], read_bytes(frame, 2)[0])
        elif kind == AWARENESS:
            self._aware(read_bytes(frame, 1)[0])
        elif kind == ACK:
            self.acked = read_varuint(frame, 1)[0]
        elif kind == HELLO:
            self._greeted(json.loads(frame[1:]))
            await self.ask()
        elif kind == EVENT:
            self.events.append(json.loads(frame[1:]))
        elif kind == REJECT:
            self.rejects.append(json.loads(frame[1:]))

    def _greeted(self, hello: Json) -> None:
        self.hello = hello
        if self.doc.client_id != hello["client_id"]:
            self.doc = Doc(client_id=hello["client_id"])
            self._listen()

    def _listen(self) -> None:
        self.doc.observe(self._note)

    def _note(self, event: TransactionEvent) -> None:
        if event.transaction.origin() is None:
            self._mine.append(event.update)

    async def _sync(self, kind: int, payload: bytes) -> None:
        if kind == STEP1:
            await self.send_update(self.doc.get_update(payload), STEP2)
            return
        with self.doc.transaction(origin="server"):
            self.doc.apply_update(payload)
        self.synced = self.synced or kind == STEP2

    def _aware(self, entries: bytes) -> None:
        count, at = read_varuint(entries, 0)
        for _ in range(count):
            client, at = read_varuint(entries, at)
            clock, at = read_varuint(entries, at)
            raw, at = read_bytes(entries, at)
            self.states[client] = (clock, json.loads(raw))

    def _fragment(self, section: str) -> XmlFragment:
        return self.doc.get(section, type=XmlFragment)


@asynccontextmanager
async def open_tab(url: str, ticket: str, *, origin: str, older: Tab | None = None, schema: int = SCHEMA_VERSION) -> AsyncIterator[Tab]:
    """Open the note and wait for nothing; `older` is the same tab before its line broke."""
    async with connect(f"{url}/ws/note", origin=origin, compression=None, max_size=None) as socket:  # type: ignore[arg-type]
        tab = Tab(socket)
        resume = {}
        if older is not None:
            tab.adopt(older)
            resume = {"client_id": older.hello["client_id"]}
        await socket.send(json.dumps({"ticket": ticket, "schema": schema, **resume}))
        reader = asyncio.create_task(tab.read())  # noqa: TID251 - this is the other side of the wire
        try:
            yield tab
        finally:
            await socket.close()
            await reader
