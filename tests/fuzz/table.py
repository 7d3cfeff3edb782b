"""A live note without a loop, a socket or a disk: frames go through the product's own connection into its own document."""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from server.errors import ConsiliumError
from server.notes.conn import Conn, Tab
from server.notes.journal import Entry
from server.notes.live import LiveNote, State
from server.notes.subject import NoteRef, NoteSubject
from server.notes.yproto import ACK, EMPTY_UPDATE, REJECT, STEP2, sync_message
from tests.cast import ALICE
from tests.conftest import StillClock

PAUSE_S = 30.0  # between two frames: rates are tested by themselves


class _Shelf:
    """A journal whose disk is never late."""

    def append(self, entry: Entry) -> None:
        entry.on_commit()
        entry.keeper.settle()

    async def open(self) -> None: ...

    async def run(self) -> None: ...

    async def close(self) -> None: ...


class _Owner:
    def forget(self, live: LiveNote) -> None: ...

    def stored(self, live: LiveNote) -> None: ...


class _Ended:
    """Takes the place of the supervisor: all that a connection spawns is its farewell."""

    def __init__(self) -> None:
        self.farewells = 0

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str, on_crash: Callable[[BaseException], None] | None = None) -> None:
        del name, on_crash
        work.close()
        self.farewells += 1


class _Ear:
    """An outlet that keeps what was said."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def push(self, message: bytes, wire: bytes) -> bool:
        del wire
        self.heard.append(message)
        return True

    async def close(self, code: int, reason: str) -> None: ...

    def drop(self) -> None: ...


class Table:
    """One note and the tabs that sit at it, by client id."""

    def __init__(self) -> None:
        self.live = LiveNote(NoteRef(1, *(UUID(int=number) for number in (1, 2, 3))), _Shelf(), _Owner())
        self.live.state = State.LIVE
        self.supervisor = _Ended()
        self._clock = StillClock()
        self._conns: dict[int, Conn] = {}
        self._ears: dict[int, _Ear] = {}

    def seat(self, client: int) -> None:
        """Open a connection under a client id, in the place of an older one."""
        if client in self._conns:
            self.live.leave(self._conns[client])
        ear = self._ears[client] = _Ear()
        conn = self._conns[client] = Conn(
            self.live, Tab(NoteSubject(UUID(int=1), ALICE.viewer, UUID(int=2)), 1, client, writable=True), ear, self._clock, self.supervisor
        )  # type: ignore[arg-type]
        self.live.join(conn)
        conn.greet()
        ear.heard.clear()

    def take(self, client: int, frame: bytes) -> ConsiliumError | None:
        """Hand a frame over; returns what would close the socket. Anything else that is raised is a finding."""
        self._clock.advance(PAUSE_S)
        for ear in self._ears.values():
            ear.heard.clear()
        try:
            self._conns[client].take(frame)
        except ConsiliumError as error:
            return error
        return None

    def heard(self, client: int) -> list[bytes]:
        """Return what this tab was told since the last frame."""
        return self._ears[client].heard

    def told_no(self, client: int) -> bool:
        """Whether the last frame was refused with a message, not with the end of the connection."""
        return any(message[0] == REJECT for message in self.heard(client))

    def answers_still(self, client: int) -> bool:
        """Whether a connection that was told no listens again after step 2."""
        error = self.take(client, sync_message(STEP2, EMPTY_UPDATE))
        return error is None and any(message[0] == ACK for message in self.heard(client))
