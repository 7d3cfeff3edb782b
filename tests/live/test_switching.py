"""Going to another practice with open sockets: what was open of the one before closes, in that browser and in no other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import httpx2
import pytest

from server.consultation.actions import Plan, schedule
from server.core.house import House
from tests.cast import ALICE, CLINIC, ELSEWHERE, ERIN, Meeting, add_meeting
from tests.conftest import ORIGIN, SignIn, StillClock
from tests.live.notes.client import Tab, open_tab
from tests.live.notes.house import notes_in, ticket_for
from tests.live.room_client import as_patient, dial
from tests.live.test_today_socket import Board
from tests.live.test_today_socket import dial as dial_today
from tests.two_places import ALICE_THERE, THERE, seat_twice, switch_to, work_in

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3"), pytest.mark.row("N3")]


class Tickets(NamedTuple):
    """Of one browser, as its pages of the clinic fetch them."""

    client: httpx2.AsyncClient
    room: str
    note: str
    today: str


class Open(NamedTuple):
    """What one browser has open of the clinic; only the first is in the call, for a person has one place in a room."""

    client: httpx2.AsyncClient
    note: Tab
    board: Board


@pytest.fixture
async def tickets(house: House, meeting: Meeting, sign_in: SignIn) -> list[Tickets]:
    """Two browsers of alice, who has a place on the hill as well, both at work in the clinic."""
    clients = [await sign_in(ALICE), await sign_in(ALICE)]
    async with house.database.write() as tx:
        await seat_twice(tx, house)
    await work_in(house, CLINIC)
    found = []
    for client in clients:
        client.headers["x-at"] = str(CLINIC)
        room = await client.post(f"/api/consultations/{meeting.consultation_id}/tickets", json={"purpose": "room"})
        today = await client.post("/api/tickets", json={"purpose": "today"})
        note = await ticket_for(client, (await notes_in(client, meeting.consultation_id))["shared"])
        found.append(Tickets(client, room.json()["ticket"], note, today.json()["ticket"]))
    return found


@pytest.fixture
async def opened(sockets: str, tickets: list[Tickets]) -> AsyncIterator[list[Open]]:
    async with AsyncExitStack() as stack:
        found = []
        for one in tickets:
            note = await stack.enter_async_context(open_tab(sockets, one.note, origin=ORIGIN))
            await note.until(lambda tab: tab.synced)
            board = await stack.enter_async_context(dial_today(sockets))
            await board.send("hello", ticket=one.today)
            assert await board.next_list() == ["Dana Diaz"]
            found.append(Open(one.client, note, board))
        yield found


async def goes_to_the_hill(client: httpx2.AsyncClient) -> None:
    assert (await switch_to(client, ELSEWHERE)).status_code == 303


async def test_what_is_open_of_the_one_before_closes_in_that_browser_alone(
    sockets: str, house: House, meeting: Meeting, tickets: list[Tickets], opened: list[Open]
) -> None:
    goes, stays = opened
    async with dial(sockets) as room, as_patient(sockets, house, meeting) as dana:
        await room.hello(tickets[0].room)
        await room.command("admit")
        await dana.until(lambda: dana.sees(room.welcome["you"]))
        await goes_to_the_hill(goes.client)
        assert await room.until_closed() == 4403
        assert await goes.note.closed() == 4403
        assert await goes.board.until_closed() == 4403
        assert "another practice" in goes.board.bye["message"]
        await dana.until(lambda: dana.stage(room.welcome["you"]) != "in_call")
    await stays.note.type("Still here")
    await stays.note.until(lambda tab: tab.saved)
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, house.clock.now(), guest=ERIN)
    while stays.board.names != ["Dana Diaz", "Erin Evans"]:
        await stays.board.read()


async def test_a_ticket_of_the_one_before_opens_nothing_any_more(sockets: str, tickets: list[Tickets]) -> None:
    goes, stays = tickets
    await goes_to_the_hill(goes.client)
    async with dial(sockets) as room:
        await room.send("hello", ticket=goes.room, resume=None)
        assert await room.until_closed() in {4403, 4404}
        assert not room.page.participants
    async with open_tab(sockets, goes.note, origin=ORIGIN) as note:
        assert await note.closed() in {4403, 4404}
    async with dial_today(sockets) as board:
        await board.send("hello", ticket=goes.today)
        assert await board.until_closed() == 4403
        assert board.lists == 0
    async with dial(sockets) as room:
        await room.hello(stays.room)


async def test_a_lost_hint_keeps_no_room_open(
    sockets: str, house: House, tickets: list[Tickets], clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dial(sockets) as room:
        await room.hello(tickets[0].room)
        monkeypatch.setattr(house.bus, "publish", lambda _: None)
        await goes_to_the_hill(tickets[0].client)
        clock.advance(31)
        assert await room.until_closed() == 4403


async def test_what_is_open_of_the_new_one_shows_that_one_alone(sockets: str, house: House, tickets: list[Tickets]) -> None:
    client = tickets[0].client
    await goes_to_the_hill(client)
    client.headers["x-at"] = str(ELSEWHERE)
    ticket = (await client.post("/api/tickets", json={"purpose": "today"})).json()["ticket"]
    async with dial_today(sockets) as board:
        await board.send("hello", ticket=ticket)
        assert await board.next_list() == []
        now, on_the_hill = house.clock.now(), replace(ALICE_THERE.viewer, professional_id=THERE)
        async with house.database.write() as tx:
            await add_meeting(tx, house.secrets, now, guest=ERIN)
        async with house.database.write() as tx:
            plan = Plan("Frank Foster", None, "frank@example.org", None, now + timedelta(hours=2), duration_min=20)
            await schedule(tx, house.secrets, on_the_hill, plan, now)
        assert await board.next_list() == ["Frank Foster"]
        assert board.lists == 2, "what moves in the clinic is not even heard"
