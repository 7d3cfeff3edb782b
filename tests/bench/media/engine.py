"""Our own engine as a contender: the process as it is delivered, driven by its control protocol."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.media_control import LONGEST_LINE, VERSION, AnswerOffer, Command, Hello, Join, Offer, OpenRoom, Refused, Side, Welcome
from server.media_lines import read_down, write
from tests.bench.media import description
from tests.bench.media.network import ADDRESS
from tests.bench.media.seat import Seat
from tests.servers import NotUp, Process, listening_at

ANSWER_S = 10.0


class Engine:
    """A running engine, told one thing at a time."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self._reader, self._writer = reader, writer
        self._peers = self._commands = 0

    async def begin(self) -> None:
        await self._read()
        self._writer.write(write(Hello(version=VERSION)))
        if not isinstance(await self._read(), Welcome):
            raise NotUp("the engine did not say welcome")

    async def publish(self, room: int, cipher: str) -> Seat:
        """Open a room and let a publisher in, who has no simulcast: one camera, one layer."""
        name = f"room{room}"
        self._tell(OpenRoom(id=self._next(), room=name))
        peer = self._new_peer()
        self._tell(Join(id=self._next(), room=name, peer=peer, publishes=["audio", "camera"], subscribes=False, simulcast=False))
        return await self._connect(name, peer, "publish", cipher)

    async def subscribe(self, room: int, cipher: str) -> Seat:
        """Let somebody in who only looks on."""
        name, peer = f"room{room}", self._new_peer()
        self._tell(Join(id=self._next(), room=name, peer=peer, publishes=[]))
        return await self._connect(name, peer, "subscribe", cipher)

    async def _connect(self, room: str, peer: str, side: Side, cipher: str) -> Seat:
        offer = await self._offer(peer)
        theirs = description.read(offer.sdp)
        seat = Seat(publishes=side == "publish")
        seat.meet(theirs)
        answer = description.answer(theirs, seat.ours)
        self._tell(AnswerOffer(id=self._next(), room=room, peer=peer, side=side, offer=offer.number, sdp=answer))
        await seat.call(cipher)
        return seat

    async def _offer(self, peer: str) -> Offer:
        """Return this peer's offer; what else the engine says meanwhile is passed over. Raises `NotUp` for a refusal."""
        async with asyncio.timeout(ANSWER_S):
            while True:
                message = await self._read()
                if isinstance(message, Refused):
                    raise NotUp(f"the engine refused a command: {message.code}")
                if isinstance(message, Offer) and message.peer == peer:
                    return message

    async def _read(self) -> object:
        return read_down(await self._reader.readuntil())

    def _tell(self, command: Command) -> None:
        self._writer.write(write(command))

    def _next(self) -> int:
        self._commands += 1
        return self._commands

    def _new_peer(self) -> str:
        self._peers += 1
        return f"peer{self._peers}"


@asynccontextmanager
async def ours() -> AsyncIterator[Engine]:
    """Start an engine with its control on a unix socket. Raises `NotUp` in the end if one of its tasks had to be started again."""
    with tempfile.TemporaryDirectory(prefix="consilium-media-") as name:
        folder = Path(name)
        control = folder / "control.sock"
        command = [sys.executable, "-m", "server", "media", "--listen", f"{ADDRESS}:0", "--control", str(control)]
        process = Process(command, folder / "media.log")
        try:
            process.until_up(lambda: listening_at(control))
            reader, writer = await asyncio.open_unix_connection(control, limit=LONGEST_LINE)
            contender = Engine(process.pid, reader, writer)
            await contender.begin()
            yield contender
            writer.close()
            if '"failures"' in process.text():
                raise NotUp(f"the engine crashed inside while it was measured:\n{process.text()[-2000:]}")
        finally:
            process.stop()
