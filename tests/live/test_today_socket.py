"""The socket of the Today page: who gets which list, when, and when not (house rule 7: timing tells nothing of others)."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.access.actions import leave_team
from server.access.emergency import Emergency, break_glass, read_notice
from server.consultation import today_ws
from server.consultation.topics import today_topic
from server.core.house import House
from server.identity.actions import begin_login, end_all_logins, find_login
from server.identity.gate import SignedIn
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, ERIN, NORTH, SOUTH, Meeting, Staff, add_meeting
from tests.conftest import ORIGIN, SignIn, StillClock
from tests.live.room_client import LONGEST_S, WAIT_S

pytestmark = [pytest.mark.anyio, pytest.mark.row("V3")]


class Board:
    """A Today page: it keeps the names of the newest list, and counts the lists."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.names: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.lists = 0
        self.bye: dict[str, Any] = {}

    async def send(self, kind: str, number: int = 1, **body: object) -> None:
        await self.socket.send(json.dumps({"t": kind, "id": number, "b": body}))

    async def read(self) -> dict[str, Any]:
        with anyio.fail_after(WAIT_S):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        if frame["t"] == "today":
            self.rows, self.lists = frame["b"]["rows"], self.lists + 1
            self.notices = frame["b"]["notices"]
            self.names = sorted(row["patient_name"] for row in self.rows)
        elif frame["t"] == "bye":
            self.bye = frame["b"]
        elif frame["t"] == "beat":
            await self.send("beat", 2, n=frame["b"]["n"])
        return frame

    async def next_list(self) -> list[str]:
        seen = self.lists
        with anyio.fail_after(LONGEST_S):
            while self.lists == seen:
                await self.read()
        return self.names

    async def until_closed(self) -> int:
        with suppress(ConnectionClosed), anyio.fail_after(LONGEST_S):
            while True:
                await self.read()
        return self.socket.close_code or 1006


async def today_ticket(house: House, staff: Staff) -> str:
    """Sign in anew, and take what the page would be given."""
    async with house.database.write() as tx:
        session = await find_login(tx, begin_login(tx, staff.person_id, "Test", house.clock.now()))
    assert session is not None
    return house.tickets.issue("today", SignedIn(staff.person_id, session.id, staff.viewer.practice_id))


@asynccontextmanager
async def dial(address: str, **options: Any) -> AsyncIterator[Board]:
    async with connect(f"{address}/ws/today", origin=ORIGIN, proxy=None, compression=None, **options) as socket:  # type: ignore[arg-type]
        yield Board(socket)


@asynccontextmanager
async def board_of(address: str, house: House, staff: Staff) -> AsyncIterator[Board]:
    """A page that has its first list."""
    async with dial(address) as board:
        await board.send("hello", ticket=await today_ticket(house, staff))
        await board.next_list()
        yield board


async def book(house: House, owner: Staff, team_id: object) -> None:
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, house.clock.now(), owner=owner, team_id=team_id, guest=ERIN)  # type: ignore[arg-type]


async def test_what_is_booked_while_the_first_list_is_read_comes_at_once(
    sockets: str, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction of the first list has begun, so that it does not see this appointment, and nobody hears of it twice."""
    met = today_ws.login_of

    async def books_meanwhile(*given: Any) -> Any:
        found = await met(*given)
        monkeypatch.setattr(today_ws, "login_of", met)
        async with house.database.write() as tx:
            await add_meeting(tx, house.secrets, house.clock.now(), owner=ALICE, team_id=None, guest=ERIN)
            tx.hint(today_topic(CLINIC))
        return found

    monkeypatch.setattr(today_ws, "login_of", books_meanwhile)
    async with board_of(sockets, house, ALICE) as board:
        with anyio.fail_after(WAIT_S):  # long before it would look again by itself
            while ERIN.name not in board.names:
                await board.next_list()


async def test_a_ticket_by_http_opens_the_list_once(sockets: str, sign_in: SignIn, meeting: Meeting) -> None:
    ticket = (await (await sign_in(ALICE)).post("/api/tickets", json={"purpose": "today"})).json()["ticket"]
    async with dial(sockets) as board:
        await board.send("hello", ticket=ticket)
        assert await board.next_list() == ["Dana Diaz"]
    async with dial(sockets) as again:
        await again.send("hello", ticket=ticket)
        assert await again.until_closed() == 4401


@pytest.mark.parametrize("body", [{}, {"ticket": 5}, {"ticket": "x" * 129}])
async def test_bad_27_a_hello_without_a_ticket_is_refused(sockets: str, house: House, body: dict[str, object]) -> None:
    async with dial(sockets) as board:
        await board.send("hello", **body)
        assert await board.until_closed() == 4400


async def test_the_page_only_listens(sockets: str, house: House, meeting: Meeting) -> None:
    async with board_of(sockets, house, ALICE) as board:
        await board.send("admit", 2)
        frame = await board.read()
        assert (frame["t"], frame["b"]["code"]) == ("error", "unknown_command")


@pytest.mark.row("N3")
async def test_charlie_does_not_even_hear_that_north_moves(sockets: str, house: House, meeting: Meeting) -> None:
    async with board_of(sockets, house, CHARLIE) as charlie, board_of(sockets, house, ALICE) as alice:
        assert charlie.names == []
        await book(house, ALICE, NORTH)
        assert await alice.next_list() == ["Dana Diaz", "Erin Evans"]
        await book(house, CHARLIE, SOUTH)
        assert await charlie.next_list() == ["Erin Evans"], "a list came that had not changed"


async def test_bad_27_signing_out_closes_the_list(sockets: str, house: House, meeting: Meeting) -> None:
    async with board_of(sockets, house, ALICE) as board:
        async with house.database.write() as tx:
            await end_all_logins(tx, ALICE.person_id, house.clock.now())
        assert await board.until_closed() == 4401
        assert board.bye["message"] == "Please sign in again."


@pytest.mark.row("N3")
async def test_whoever_leaves_the_team_sees_less_at_once(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with board_of(sockets, house, BOB) as board:
        assert board.names == ["Dana Diaz"]
        async with house.database.write() as tx:
            await leave_team(tx, NORTH, BOB.professional_id, clock.now())
        assert await board.next_list() == []


@pytest.mark.row("N3")
async def test_an_author_hears_at_once_of_an_emergency(sockets: str, house: House, meeting: Meeting, clock: StillClock) -> None:
    emergency = Emergency(DANA.patient_id, frozenset({ALICE.person_id}), "Collapsed in the corridor")
    async with board_of(sockets, house, ALICE) as alice, board_of(sockets, house, BOB) as bob:
        async with house.database.write() as tx:
            access = await break_glass(tx, CHARLIE.viewer, emergency, clock.now())
        await alice.next_list()
        assert [(notice["name"], notice["reason"]) for notice in alice.notices] == [(CHARLIE.full_name, "Collapsed in the corridor")]
        async with house.database.write() as tx:
            await read_notice(tx, ALICE.viewer, DANA.patient_id, access.id, clock.now())
        await alice.next_list()
        assert alice.notices == []
        await book(house, BOB, NORTH)
        await bob.next_list()
        assert (bob.lists, bob.notices) == (2, []), "a list came that had not changed"


async def test_a_lost_hint_only_delays(sockets: str, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(today_ws, "RECHECK_S", 0.1)
    async with board_of(sockets, house, ALICE) as board:
        async with house.database.write() as tx:
            await add_meeting(tx, house.secrets, house.clock.now(), guest=ERIN)
            tx.hints.clear()
        assert await board.next_list() == ["Dana Diaz", "Erin Evans"]
