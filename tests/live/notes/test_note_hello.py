"""Before anybody is let in: old tabs, first frames that are no hello, tickets that are no good, silence (bad inputs 27 and 41)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect

from server.core.house import House
from server.notes.limits import MAX_HELLO
from server.web.lobby import Lobby
from tests.cast import ALICE, Meeting, Staff
from tests.conftest import ORIGIN
from tests.live.notes.client import PATIENCE_S
from tests.live.notes.house import Open

pytestmark = [pytest.mark.anyio, pytest.mark.row("N1")]

Ticket = Callable[[Staff], Awaitable[str]]


async def test_a_browser_that_leaves_before_hello(sockets: str, open_note: Open, meeting: Meeting) -> None:
    async with connect(f"{sockets}/ws/note", origin=ORIGIN):  # type: ignore[arg-type]
        pass
    await open_note(ALICE)


@pytest.mark.parametrize("schema", [0, 2, -1])
async def test_bad_41_an_old_tab_is_told_to_reload(open_note: Open, schema: int) -> None:
    tab = await open_note(ALICE, schema=schema, until_synced=False)
    assert await tab.closed() == 4409
    assert tab.socket.close_reason == "outdated"


HELLOS: dict[str, tuple[str | bytes, int]] = {
    "not JSON": ("hello", 4400),
    "a list": ("[]", 4400),
    "no ticket": ('{"schema":1}', 4400),
    "a number for a ticket": ('{"ticket":5,"schema":1}', 4400),
    "a field too many": ('{"ticket":"x","schema":1,"more":1}', 4400),
    "a client id beyond all": ('{"ticket":"x","schema":1,"client_id":' + "9" * 30 + "}", 4400),
    "too long": (json.dumps({"ticket": "x" * MAX_HELLO, "schema": 1}), 4400),
    "binary": (b'{"ticket":"x","schema":1}', 4400),
    "no such ticket": ('{"ticket":"x","schema":1}', 4401),
}


@pytest.mark.parametrize(("hello", "code"), HELLOS.values(), ids=HELLOS.keys())
async def test_bad_41_hellos(sockets: str, meeting: Meeting, hello: str | bytes, code: int) -> None:
    async with connect(f"{sockets}/ws/note", origin=ORIGIN) as socket:  # type: ignore[arg-type]
        await socket.send(hello)
        async with asyncio.timeout(PATIENCE_S):
            await socket.wait_closed()
        assert socket.close_code == code


async def test_bad_27_a_ticket_is_good_once_and_for_its_purpose(sockets: str, house: House, ticket: Ticket, meeting: Meeting) -> None:
    used = await ticket(ALICE)
    house.tickets.redeem("note", used)
    for spoilt in (used, house.tickets.issue("room", "x"), house.tickets.issue("note", "not a subject")):
        async with connect(f"{sockets}/ws/note", origin=ORIGIN) as socket:  # type: ignore[arg-type]
            await socket.send(json.dumps({"ticket": spoilt, "schema": 1}))
            await socket.wait_closed()
            assert socket.close_code == 4401


async def test_bad_27_silence_before_hello_is_ended(sockets: str, meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.notes.ws.HELLO_WITHIN_S", 0.05)
    async with connect(f"{sockets}/ws/note", origin=ORIGIN) as socket:  # type: ignore[arg-type]
        async with asyncio.timeout(PATIENCE_S):
            await socket.wait_closed()
        assert socket.close_code == 4400


async def test_bad_27_more_who_say_nothing_than_there_are_seats(sockets: str, app: Starlette, open_note: Open) -> None:
    """The longest waiting is put out; whoever says hello is let in, however many sit there."""
    (endpoint,) = [route.endpoint for route in app.routes if isinstance(route, WebSocketRoute) and route.name == "note_socket"]
    endpoint._lobby = Lobby(2)
    async with AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(connect(f"{sockets}/ws/note", origin=ORIGIN)) for _ in range(4)]  # type: ignore[arg-type]
        for socket in idle[:2]:
            async with asyncio.timeout(PATIENCE_S):
                await socket.wait_closed()
            assert socket.close_code == 1013
        await open_note(ALICE)
        assert idle[3].close_code is None


async def test_bad_27_another_site_gets_no_socket(sockets: str, meeting: Meeting) -> None:
    with pytest.raises(Exception, match="403"):
        await connect(f"{sockets}/ws/note", origin="https://evil.example")  # type: ignore[arg-type]
