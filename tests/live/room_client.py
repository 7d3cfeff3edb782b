"""A page of the room socket, as a test drives it: it reads when it is asked to, and keeps what a page would show."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.consultation.model import Role
from server.consultation.subject import RoomSubject
from server.consultation.ticket_http import admit_to_room
from server.core.house import House
from server.identity.actions import begin_login, find_login
from server.identity.gate import SignedIn
from tests.cast import DANA, Meeting, Staff
from tests.conftest import ORIGIN
from tests.pure.room_game import Page

WAIT_S = 30.0
LONGEST_S = 60.0  # beats come all the while: of each frame alone a wait would have no end


async def until(check: Callable[[], Awaitable[object]]) -> None:
    """Ask again until `check` is true; raises `TimeoutError`."""
    with anyio.fail_after(WAIT_S):
        while not await check():  # noqa: ASYNC110 - what is asked is a database or a server, which set no event
            await anyio.sleep(0.02)


class Refused(Exception):
    """A command was answered with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class Client:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.page = Page()
        self.welcome: dict[str, Any] = {}
        self.bye: dict[str, Any] | None = None
        self.seq = 0
        self._last_id = 0

    @property
    def me(self) -> dict[str, Any]:
        return self.other(self.welcome["you"])

    def other(self, participant_id: object) -> dict[str, Any]:
        shown: dict[str, Any] = self.page.participants[str(participant_id)]
        return shown

    def stage(self, participant_id: object) -> str | None:
        """Return the stage that is shown; None for somebody who is not shown at all."""
        return str(self.other(participant_id)["stage"]) if self.sees(participant_id) else None

    def sees(self, participant_id: object) -> bool:
        return str(participant_id) in self.page.participants

    async def send(self, kind: str, **body: Any) -> int:
        self._last_id += 1
        await self.socket.send(json.dumps({"t": kind, "id": self._last_id, "b": body}))
        return self._last_id

    async def hello(self, ticket: str, resume: str | None = None) -> "Client":
        """Say hello and wait for the welcome, before which nothing comes but beats."""
        mine = await self.send("hello", ticket=ticket, resume=resume)
        with anyio.fail_after(LONGEST_S):
            frame = await self.read()
            while frame["t"] == "beat":
                frame = await self.read()
        assert (frame["t"], frame.get("re")) == ("welcome", mine), frame
        self.welcome = frame["b"]
        self.page.start(frame["b"]["snapshot"])
        return self

    async def command(self, kind: str, **body: Any) -> None:
        """Send a command and read until its answer; raises `Refused`."""
        mine = await self.send(kind, **body)
        with anyio.fail_after(LONGEST_S):
            frame = await self.read()
            while frame.get("re") != mine:
                frame = await self.read()
        if frame["t"] == "error":
            raise Refused(frame["b"]["code"], frame["b"]["message"])
        assert frame["t"] == "ok"

    async def until(self, check: Callable[[], object]) -> None:
        """Read until the page shows what is expected; raises `TimeoutError`."""
        with anyio.fail_after(LONGEST_S):
            while not check():
                await self.read()

    async def event(self, kind: str) -> dict[str, Any]:
        """Read until there is an event of this type, and return the newest."""
        await self.until(lambda: self.page.heard(kind))
        body: dict[str, Any] = self.page.heard(kind)[-1]
        return body

    async def read(self) -> dict[str, Any]:
        """Read one frame, answer it if it is a beat, and show it."""
        with anyio.fail_after(WAIT_S):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        self.seq += 1
        assert frame["seq"] == self.seq
        if frame["t"] == "beat":
            await self.send("beat", n=frame["b"]["n"])
        elif frame["t"] == "bye":
            self.bye = frame["b"]
        elif "re" not in frame:
            self.page.send(frame["t"], frame["b"])
        return frame

    async def until_closed(self) -> int:
        """Read to the end and return the close code; 1006 is a connection that was cut without a word."""
        with suppress(ConnectionClosed), anyio.fail_after(LONGEST_S):
            while True:
                await self.read()
        return self.socket.close_code or 1006

    async def vanish(self) -> None:
        """End like a phone in a tunnel: without a close frame."""
        self.socket.transport.abort()
        await self.socket.wait_closed()


@asynccontextmanager
async def dial(address: str, **options: Any) -> AsyncIterator[Client]:
    """Open a socket of our own page, without a word yet."""
    async with connect(f"{address}/ws/room", origin=ORIGIN, proxy=None, compression=None, **options) as socket:  # type: ignore[arg-type]
        yield Client(socket)


def patient_ticket(house: House, meeting: Meeting) -> str:
    subject = RoomSubject(meeting.consultation_id, meeting.participant_id, Role.PATIENT, DANA.name, None, meeting.visit_id)
    return house.tickets.issue("room", subject)


async def staff_ticket(house: House, staff: Staff, meeting: Meeting) -> str:
    """Sign in anew, and take what the page would be given."""
    async with house.database.write() as tx:
        session = await find_login(tx, begin_login(tx, staff.person_id, "Test", house.clock.now()))
        assert session is not None
        subject = await admit_to_room(tx, staff.viewer, SignedIn(staff.person_id, session.id), meeting.consultation_id)
        return house.tickets.issue("room", subject)


@asynccontextmanager
async def as_patient(address: str, house: House, meeting: Meeting, resume: str | None = None) -> AsyncIterator[Client]:
    async with dial(address) as client:
        yield await client.hello(patient_ticket(house, meeting), resume)


@asynccontextmanager
async def as_staff(address: str, house: House, staff: Staff, meeting: Meeting, resume: str | None = None) -> AsyncIterator[Client]:
    async with dial(address) as client:
        yield await client.hello(await staff_ticket(house, staff, meeting), resume)
