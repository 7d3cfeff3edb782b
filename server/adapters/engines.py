"""Forwarding engines over their control lines (docs/WIRE.md 5): one line to each, and every room on the one with the least to do.

An engine that says nothing for three times its usual pause is taken for dead: its load is its lease. Whoever has a room there hears of it
and opens another one; nothing is kept here for them.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from math import inf
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import structlog

from server.errors import ConsiliumError, Malformed
from server.media_control import (
    LOAD_S,
    CloseRoom,
    Command,
    Done,
    Down,
    Event,
    Greeting,
    Join,
    Load,
    OpenRoom,
    Record,
    RecordingFailed,
    Refused,
    Welcome,
)
from server.media_lines import Line, connect, greet, next_down, write
from server.ports import EngineState, MediaRoom

log = structlog.get_logger(__name__)

SILENT_S = 3 * LOAD_S
GREETING_S = 5.0
MOST_UNSENT = 4 << 20  # bytes; an engine that takes no more is cut off, and its rooms go elsewhere
STOOD_S = 1.0  # a line that broke sooner is tried again after a pause
ANSWER_S = 5.0  # for a command; an engine that leaves one unanswered for longer is cut off
MOST_EARLY = 1_000  # commands that wait for an engine to start; with more their rooms are lost
FATAL = {(OpenRoom, "rooms"), (OpenRoom, "room"), (Join, "peer"), (Join, "room_full")}
"""Refusals of a room that is not what we think it is, beside any that says that there is no such room. That a peer is gone may cross
with what is said to it, and is heard as an event."""

LOST = (ConsiliumError, TimeoutError, OSError, EOFError, asyncio.LimitOverrunError)
"""What ends a line."""

Hear = Callable[[Event | None], None]


class Place(Protocol):
    """Where an engine is to be found; an engine of our own is started at the first asking."""

    name: str
    secret: bytes | None

    @property
    def there(self) -> bool:
        """Whether it may be counted on before a line to it stands."""
        ...

    async def reach(self) -> Line:
        """Connect; raises `OSError`."""
        ...

    async def give_up(self) -> None:
        """The engine cannot be talked to: end it at once, if it was started here, so that the next one can begin."""
        ...

    async def close(self) -> None:
        """End the engine, if it was started here."""
        ...


class Remote:
    """An engine on another machine, or one that somebody else started on this one."""

    there = False

    def __init__(self, address: tuple[str, int] | Path, secret: bytes | None) -> None:
        self.name = str(address) if isinstance(address, Path) else f"{address[0]}:{address[1]}"
        self.secret = secret
        self._address = address

    async def reach(self) -> Line:
        return await connect(self._address)

    async def give_up(self) -> None:
        """It is not ours to end."""

    async def close(self) -> None:
        """Nor is it at our own end."""


class Room:
    """What `Engines.open` gives."""

    def __init__(self, node: "Node", name: str, hear: Hear) -> None:
        self.name, self.hear = name, hear
        self._node = node

    def do(self, kind: type[Command], **fields: Any) -> None:
        self._node.send(self, kind, fields)

    def close(self) -> None:
        self._node.forget(self)

    def lose(self) -> None:
        self._node.forget(self)
        self.hear(None)


class Asked(NamedTuple):
    """A command that is not answered yet; `folder` of one to record."""

    room: Room
    kind: type[Command]
    at: float
    folder: str = ""


class Node:
    """The line to one engine. `run` is its task; commands of rooms that are opened before the line stands wait for it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.load: Load | None = None
        self._ids = itertools.count(1)
        self._rooms: dict[str, Room] = {}
        self._asked: dict[int, Asked] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._early: list[bytes] = []
        self._wanted = asyncio.Event()
        self._failing = False

    @property
    def available(self) -> bool:
        return self._writer is not None or (self.place.there and not self._failing)

    @property
    def weight(self) -> tuple[float, int]:
        """What this engine has to do: by its own word, and by what it has been given since."""
        return (round(self.load.cpu, 1) if self.load else 0.0, len(self._rooms))

    def open(self, name: str, hear: Hear) -> Room:
        self._wanted.set()
        room = self._rooms[name] = Room(self, name, hear)
        room.do(OpenRoom)
        return room

    def send(self, room: Room, kind: type[Command], fields: dict[str, Any]) -> None:
        if self._rooms.get(room.name) is not room:
            return
        number = next(self._ids)
        line = write(kind(id=number, room=room.name, **fields))
        self._asked[number] = Asked(room, kind, _now(), fields.get("folder", ""))
        self._write(line)

    def forget(self, room: Room) -> None:
        if self._rooms.get(room.name) is room:
            self.send(room, CloseRoom, {})
            del self._rooms[room.name]

    async def run(self) -> None:
        """Keep a line for as long as it holds; the rooms that stood on it are lost with it. Raises `OSError` where there is no engine.

        Where one has stood for a while the next is tried without a pause: the calls of those rooms stand still.
        """
        if self.place.there:
            await self._wanted.wait()
        began = -inf
        while _now() - began >= STOOD_S:
            line = await self._reach()
            began = _now()
            try:
                await self._hold(line)
            except LOST as error:
                log.warning("engine is lost", node=self.place.name, error=type(error).__name__)
                await self.place.give_up()
            finally:
                line[1].close()
                self._lose_all()

    async def _reach(self) -> Line:
        try:
            return await self.place.reach()
        except OSError:
            self._failing = True
            self._lose_all()
            raise

    async def _hold(self, line: Line) -> None:
        try:
            async with asyncio.timeout(GREETING_S):
                await greet(line, self.place.secret)
        except LOST:
            self._failing = True
            raise
        await self._listen(*line)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer, self._failing = writer, False
        self._asked = {number: asked._replace(at=_now()) for number, asked in self._asked.items()}
        early, self._early = self._early, []
        for line in early:
            self._write(line)
        log.info("engine is there", node=self.place.name)
        while True:
            async with asyncio.timeout(SILENT_S):
                message = await next_down(reader)
            self._hear(message)

    def _write(self, line: bytes) -> None:
        if self._writer is None:
            self._early.append(line)
            if len(self._early) > MOST_EARLY:
                self._lose_all()
            return
        self._writer.write(line)
        if self._writer.transport.get_write_buffer_size() > MOST_UNSENT:
            self._writer.transport.abort()

    def _hear(self, message: Down) -> None:
        match message:
            case Done():
                self._asked.pop(message.re, None)
            case Refused():
                self._refused(self._asked.pop(message.re, None), message.code)
            case Load():
                self.load = message
                self._check_answers()
            case Greeting() | Welcome():
                raise Malformed(code="control_order")
            case _:
                room = self._rooms.get(message.room)
                if room is not None:
                    room.hear(message)

    def _check_answers(self) -> None:
        """Raises `TimeoutError` for the oldest command, if it is overdue."""
        oldest = next(iter(self._asked.values()), None)
        if oldest is not None and _now() - oldest.at >= ANSWER_S:
            raise TimeoutError

    def _refused(self, asked: Asked | None, code: str) -> None:
        log.info("engine refuses", node=self.place.name, code=code)
        if asked is not None and asked.kind is Record:
            asked.room.hear(RecordingFailed(room=asked.room.name, folder=asked.folder, reason=code[:32]))
        if asked is not None and ((asked.kind, code) in FATAL or (code == "room" and asked.kind is not CloseRoom)):
            asked.room.lose()

    def _lose_all(self) -> None:
        self._writer, self.load = None, None
        self._asked.clear()
        self._early.clear()
        rooms, self._rooms = list(self._rooms.values()), {}
        for room in rooms:
            room.hear(None)


class Engines:
    """All that this server can reach. `tasks` are to be kept running by the application."""

    def __init__(self, places: list[Place]) -> None:
        self.nodes = [Node(place) for place in places]

    @property
    def tasks(self) -> list[Callable[[], Awaitable[None]]]:
        return [node.run for node in self.nodes]

    @property
    def available(self) -> bool:
        return any(node.available for node in self.nodes)

    async def close(self) -> None:
        for node in self.nodes:
            await node.place.close()

    def states(self) -> list[EngineState]:
        return [EngineState(node.place.name, node.available, node.load) for node in self.nodes]

    def open(self, name: str, hear: Hear) -> MediaRoom | None:
        there = [node for node in self.nodes if node.available]
        return min(there, key=lambda node: node.weight).open(name, hear) if there else None


def _now() -> float:
    return asyncio.get_running_loop().time()
