"""Messages that go past uvicorn's queue: the same ones in the same order as by way of it, however the bytes were cut."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.server import ServerState
from websockets.frames import Close, Frame, Opcode

from server.web.bounded_ws import BoundedWebSocket, socket_of

pytestmark = pytest.mark.anyio

HEAD = (
    b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TEXT = b""  # what stands in the place of one
MESSAGES = [b"", b"short", b"x" * 125, b"y" * 126, b"z" * 70_000, b"in pieces", b"again", b"the last"]


class Line(asyncio.Transport):
    """Stands for uvloop's transport, and forgets what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...


class Heard:
    """An application that lets itself be handed the messages, and keeps them and whatever else it receives."""

    def __init__(self) -> None:
        self.binary: list[bytes] = []
        self.other: list[Message] = []
        self.line = Line()
        self.begun, self.go, self.diverted, self.ended = (asyncio.Event() for _ in range(4))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await receive()
        await send({"type": "websocket.accept"})
        self.begun.set()
        await self.go.wait()
        socket = socket_of(receive)
        assert socket is not None
        socket.divert(self.binary.append)
        self.diverted.set()
        while not self.other or self.other[-1]["type"] == "websocket.receive":
            self.other.append(await receive())
        self.ended.set()


@pytest.fixture
async def talk() -> Callable[[Heard], Awaitable[BoundedWebSocket]]:
    async def opened(heard: Heard) -> BoundedWebSocket:
        config: Any = uvicorn.Config(heard, ws=BoundedWebSocket, lifespan="off", ws_ping_interval=None)
        config.load()
        protocol = BoundedWebSocket(config=config, server_state=ServerState(), app_state={}, _loop=asyncio.get_running_loop())
        protocol.connection_made(heard.line)
        protocol.data_received(HEAD)
        await heard.begun.wait()
        return protocol

    return opened


def masked(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


def stream() -> bytes:
    """All `MESSAGES`, one of them in pieces with a pong and a plain-looking content between, and a text among them."""
    whole = [masked(Opcode.BINARY, message) for message in MESSAGES]
    whole[5] = masked(Opcode.BINARY, b"in ", fin=False) + masked(Opcode.PONG, b"\x82\x80") + masked(Opcode.CONT, b"pieces")
    return b"".join([*whole[:6], masked(Opcode.TEXT, b"words"), *whole[6:], masked(Opcode.CLOSE, Close(1000, "").serialize())])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 1000, 1 << 20])
async def test_every_message_comes_once_and_in_order(talk: Callable[[Heard], Awaitable[BoundedWebSocket]], size: int) -> None:
    heard = Heard()
    protocol = await talk(heard)
    heard.go.set()
    await heard.diverted.wait()
    data = stream()
    for start in range(0, len(data), size):
        protocol.data_received(data[start : start + size])
    await asyncio.wait_for(heard.ended.wait(), 30)
    assert heard.binary == [*MESSAGES[:6], TEXT, *MESSAGES[6:]]
    assert [message["type"] for message in heard.other] == ["websocket.disconnect"]


async def test_what_waited_already_comes_first_and_the_line_is_read_again(talk: Callable[[Heard], Awaitable[BoundedWebSocket]]) -> None:
    heard = Heard()
    protocol = await talk(heard)
    protocol.data_received(masked(Opcode.BINARY, b"early") + masked(Opcode.TEXT, b"words") + masked(Opcode.BINARY, b"later"))
    assert not heard.line.reading
    heard.go.set()
    await heard.diverted.wait()
    assert heard.line.reading
    protocol.data_received(masked(Opcode.BINARY, b"at last") + masked(Opcode.CLOSE, Close(1000, "").serialize()))
    await asyncio.wait_for(heard.ended.wait(), 30)
    assert heard.binary == [b"early", TEXT, b"later", b"at last"]
    assert [message["type"] for message in heard.other] == ["websocket.disconnect"]


async def test_a_frame_that_no_client_may_send_still_ends_the_connection(talk: Callable[[Heard], Awaitable[BoundedWebSocket]]) -> None:
    heard = Heard()
    protocol = await talk(heard)
    heard.go.set()
    await heard.diverted.wait()
    protocol.data_received(masked(Opcode.BINARY, b"fine") + Frame(Opcode.BINARY, b"not masked").serialize(mask=False))
    protocol.data_received(masked(Opcode.BINARY, b"too late"))
    await asyncio.wait_for(heard.ended.wait(), 30)
    assert heard.binary == [b"fine"]
    assert heard.other[-1]["code"] == 1002
