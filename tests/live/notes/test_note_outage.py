"""Bad input 42: the database is gone for a while. Nothing is called saved meanwhile, and all is well when it is back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.cast import ALICE, BOB, Staff
from tests.conftest import ORIGIN
from tests.live.notes.client import PATIENCE_S, open_tab
from tests.live.notes.house import Open

pytestmark = [pytest.mark.anyio, pytest.mark.row("N2")]

Ticket = Callable[[Staff], Awaitable[str]]


class Cable:
    """The line between the server and its PostgreSQL, which can be pulled out and put back."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._port = urlsplit(url).port
        self._whole = True
        self._lines: set[asyncio.StreamWriter] = set()

    async def lay(self) -> asyncio.Server:
        """Open its near end, which is at `url` from now on."""
        near = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.url = self.url.replace(f":{self._port}/", f":{near.sockets[0].getsockname()[1]}/")
        return near

    def pull(self) -> None:
        """Cut every line, and each new one as soon as it comes."""
        self._whole = False
        for line in self._lines:
            line.transport.abort()

    def put_back(self) -> None:
        self._whole = True

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._lines |= {writer, far_writer}
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        self._lines -= {writer, far_writer}


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    except ConnectionError:
        pass
    target.close()


@pytest.fixture
async def cable(postgres_url: str, anyio_backend: str) -> AsyncIterator[Cable]:
    cable = Cable(postgres_url)
    async with await cable.lay():
        yield cable


@pytest.fixture
def app_database_url(cable: Cable) -> str:
    return cable.url


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
