"""Bad input 42: the database is gone for a while. Nothing is called saved meanwhile, and all is well when it is back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.cable import Cable
from tests.cast import ALICE, BOB, Staff
from tests.conftest import ORIGIN
from tests.live.notes.client import PATIENCE_S, open_tab
from tests.live.notes.house import Open

pytestmark = [pytest.mark.anyio, pytest.mark.row("N2")]

Ticket = Callable[[Staff], Awaitable[str]]


@pytest.fixture
async def cable(postgres_url: str, anyio_backend: str) -> AsyncIterator[Cable]:
    cable = Cable(port_of(postgres_url))
    async with await cable.lay("127.0.0.1"):
        yield cable


@pytest.fixture
def app_database_url(postgres_url: str, cable: Cable) -> str:
    return postgres_url.replace(f":{cable.far}/", f":{cable.near}/")


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


async def comes_back(ticket: Ticket, person: Staff) -> None:
    """Wait until the server finds its database again, as a page does that tries again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await ticket(person)
            except (SQLAlchemyError, OSError, AssertionError):
                await asyncio.sleep(0.05)
                continue
            return


async def test_bad_42_the_database_is_gone_and_comes_back(open_note: Open, cable: Cable, sockets: str, ticket: Ticket) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("stored. ")
    await alice.until(lambda tab: tab.saved)
    await bob.until(lambda tab: tab.text() == "stored. ")
    held = await ticket(ALICE)
    cable.pull()
    await alice.type("not stored.")
    assert await alice.closed() == 4500
    assert await bob.closed() == 4500
    assert not alice.saved
    assert bob.text() == "stored. "
    async with open_tab(sockets, held, origin=ORIGIN) as tab:
        assert await tab.closed() == 4500
    cable.put_back()
    await comes_back(ticket, ALICE)
    again = await open_note(ALICE, older=alice)
    await again.until(lambda tab: tab.saved)
    assert (await open_note(BOB)).text() == "stored. not stored."
