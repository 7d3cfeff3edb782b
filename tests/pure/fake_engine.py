"""A forwarding engine that keeps its rooms in memory and says what a test has it say."""

from collections.abc import Awaitable, Callable
from typing import Any

from server.media_control import Command, Event, Join, Leave, Record, RecordingBegun

Hear = Callable[[Event | None], None]


class FakeRoom:
    def __init__(self, engine: "FakeEngine", name: str, hear: Hear) -> None:
        self.name, self.hear = name, hear
        self.peers: set[str] = set()
        self.listens: set[str] = set()
        self.joins: list[str] = []
        self.said: list[tuple[type[Command], dict[str, Any]]] = []
        self._engine = engine

    def do(self, kind: type[Command], **fields: Any) -> None:
        kind.model_validate({"id": 1, "room": self.name, **fields})
        if kind is Join:
            assert fields["peer"] not in self.peers
            self.peers.add(fields["peer"])
            self.joins.append(fields["peer"])
            if fields.get("publishes") == []:
                self.listens.add(fields["peer"])
        elif kind is Leave:
            self.peers.remove(fields["peer"])
        else:
            self.said.append((kind, fields))
        if kind is Record:
            self.hear(RecordingBegun(room=self.name, folder=fields["folder"]))

    def close(self) -> None:
        del self._engine.rooms[self.name]

    def lose(self) -> None:
        self.close()
        self.hear(None)


class FakeEngine:
    """`available` says whether it can be reached."""

    tasks: tuple[Callable[[], Awaitable[None]], ...] = ()

    def __init__(self) -> None:
        self.available = True
        self.rooms: dict[str, FakeRoom] = {}

    def open(self, name: str, hear: Hear) -> FakeRoom | None:
        if not self.available:
            return None
        assert name not in self.rooms
        self.rooms[name] = FakeRoom(self, name, hear)
        return self.rooms[name]

    async def close(self) -> None:
        self.rooms.clear()
