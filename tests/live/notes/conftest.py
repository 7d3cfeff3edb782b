"""Opens notes over real sockets."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import anyio
import pytest
import uvicorn
from starlette.applications import Starlette

from server.notes.chain import Row
from server.notes.hub import Hub
from server.notes.limits import SCHEMA_VERSION
from server.serve import WS_MAX_FRAME
from tests.cast import Meeting, Staff
from tests.conftest import ORIGIN, SignIn
from tests.live.notes.client import Tab, open_tab
from tests.live.notes.house import Open


@pytest.fixture
def hub(app: Starlette) -> Hub:
    hub: Hub = app.state.notes
    return hub


class _Uvicorn(uvicorn.Server):
    """uvicorn in the test's own loop: it leaves the signals of the test run alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture
async def note_url(app: Starlette) -> AsyncIterator[str]:
    """The address of the application behind uvicorn, with the frame limit of the real server."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        ws="websockets-sansio",
        ws_max_size=WS_MAX_FRAME,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
    )
    server = _Uvicorn(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True


@pytest.fixture
async def ticket(sign_in: SignIn, meeting: Meeting) -> Callable[[Staff], Awaitable[str]]:
    """A function that fetches a note ticket as a signed-in person, and fails where the server gives none."""

    async def ticket(person: Staff) -> str:
        client = await sign_in(person)
        answer = await client.post(f"/api/consultations/{meeting.consultation_id}/tickets", json={"purpose": "note"})
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["ticket"]
        return found

    return ticket


@pytest.fixture
async def open_note(note_url: str, ticket: Callable[[Staff], Awaitable[str]]) -> AsyncIterator[Open]:
    async with AsyncExitStack() as tabs:

        async def open_note(person: Staff, *, older: Tab | None = None, until_synced: bool = True, schema: int = SCHEMA_VERSION) -> Tab:
            tab = await tabs.enter_async_context(open_tab(note_url, await ticket(person), origin=ORIGIN, older=older, schema=schema))
            if until_synced:
                await tab.until(lambda tab: tab.synced)
            return tab

        yield open_note


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
