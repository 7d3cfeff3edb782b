"""Opens notes over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
from starlette.applications import Starlette

from server.core.house import House
from server.notes.chain import Row
from server.notes.hub import Hub
from server.notes.limits import SCHEMA_VERSION
from tests.cast import Meeting, Staff
from tests.conftest import ORIGIN, SignIn
from tests.live.notes.client import Tab, open_tab
from tests.live.notes.house import Open, notes_in, ticket_for


@pytest.fixture
def hub(app: Starlette) -> Hub:
    hub: Hub = app.state.notes
    return hub


@pytest.fixture(params=["by the hint", "without a hint"])
def hints(request: pytest.FixtureRequest, house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether hints arrive."""
    if request.param == "without a hint":
        monkeypatch.setattr(house.bus, "publish", lambda _: None)
    found: str = request.param
    return found


@pytest.fixture
async def ticket(sign_in: SignIn, meeting: Meeting) -> Callable[[Staff], Awaitable[str]]:
    """A function that fetches a note ticket as a signed-in person, and fails where the server gives none."""

    async def ticket(person: Staff) -> str:
        client = await sign_in(person)
        return await ticket_for(client, (await notes_in(client, meeting.consultation_id))["shared"])

    return ticket


@pytest.fixture
async def open_note(sockets: str, ticket: Callable[[Staff], Awaitable[str]]) -> AsyncIterator[Open]:
    async with AsyncExitStack() as tabs:

        async def open_note(person: Staff, *, older: Tab | None = None, until_synced: bool = True, schema: int = SCHEMA_VERSION) -> Tab:
            tab = await tabs.enter_async_context(open_tab(sockets, await ticket(person), origin=ORIGIN, older=older, schema=schema))
            if until_synced:
                await tab.until(lambda tab: tab.synced)
            return tab

        yield open_note


class OpenAt(Protocol):
    """Opens any note by its id as one person, and waits for the text."""

    def __call__(self, person: Staff, note_id: str) -> Awaitable[Tab]: ...


@pytest.fixture
async def open_note_at(sockets: str, sign_in: SignIn) -> AsyncIterator[OpenAt]:
    async with AsyncExitStack() as tabs:

        async def open_note_at(person: Staff, note_id: str) -> Tab:
            ticket = await ticket_for(await sign_in(person), note_id)
            tab = await tabs.enter_async_context(open_tab(sockets, ticket, origin=ORIGIN))
            await tab.until(lambda tab: tab.synced)
            return tab

        yield open_note_at


class Gate(asyncio.Event):
    """Set: rows go through. Cleared: the database takes its time. `error`: it refuses."""

    error: Exception | None = None


@pytest.fixture
def gate(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The way to the disk, in the test's hand."""
    gate = Gate()
    gate.set()
    store = hub._journal._store  # type: ignore[attr-defined]
    real = store.insert

    async def insert(rows: list[Row]) -> None:
        await gate.wait()
        if gate.error is not None:
            raise gate.error
        await real(rows)

    monkeypatch.setattr(store, "insert", insert)
    yield gate
    gate.set()
