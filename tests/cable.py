"""A line between a test's two sides that can be pulled out and put back: a TCP relay that knows nothing of what it carries."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from anyio.from_thread import BlockingPortal, start_blocking_portal


class Cable:
    """Leads to a port of 127.0.0.1; whoever calls comes in at `near`."""

    def __init__(self, far: int) -> None:
        self.far = far
        self.near = 0
        self._whole = True
        self._lines: set[asyncio.StreamWriter] = set()

    async def lay(self, host: str) -> asyncio.Server:
        """Open its near end."""
        server = await asyncio.start_server(self._carry, host, 0)
        self.near = server.sockets[0].getsockname()[1]
        return server

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
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.far)
        if not self._whole:  # pulled meanwhile
            for line in (writer, far_writer):
                line.transport.abort()
            return
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


class Plug:
    """A cable in the hand of a test that has no loop of its own."""

    def __init__(self, cable: Cable, portal: BlockingPortal) -> None:
        self.near = cable.near
        self._cable = cable
        self._portal = portal

    def pull(self) -> None:
        self._portal.call(self._cable.pull)

    def put_back(self) -> None:
        self._portal.call(self._cable.put_back)


@contextmanager
def plugged(far: int, host: str = "127.0.0.1") -> Iterator[Plug]:
    """Lay a cable from an address of this machine to a port and carry what goes over it in a thread."""
    with start_blocking_portal() as portal:
        cable = Cable(far)
        server = portal.call(cable.lay, host)
        yield Plug(cable, portal)
        portal.call(server.close)
        portal.call(cable.pull)
