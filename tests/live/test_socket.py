"""The bounded JSON connection by itself: hello, beats, limits, errors, goodbyes (bad input 27)."""

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.to_thread
import pytest
import structlog
import uvicorn
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.core.clock import SystemClock
from server.core.supervise import Supervisor
from server.errors import Conflict, NotSignedIn
from server.web.connection import Connection, SocketLimits
from server.web.socket import JsonSocket
from server.web.wire import Frame
from tests.in_process import running
from tests.live.room_client import until

pytestmark = pytest.mark.anyio

HELLO = '{"t":"hello","id":1,"b":{}}'
USUAL = SocketLimits()


@dataclass
class Talk:
    """A conversation that does what the test tells it to, and notes how it went."""

    connection: Connection
    did: list[str]
    on_hello: Callable[[Connection], None]

    async def open(self, hello: Frame) -> None:
        del hello
        self.did.append("open")
        self.on_hello(self.connection)

    async def receive(self, frame: Frame) -> None:
        if frame.t == "bug":
            raise ZeroDivisionError("the patient's name")
        if frame.t == "refuse":
            raise Conflict("Not now.", code="not_now")
        if frame.t == "locked":
            raise OperationalError("statement", {}, Exception("database is locked"))
        if frame.t == "close":
            self.connection.close(4403, "Go away.")
            self.connection.send("never", {})
        self.connection.ok(frame.id)

    def closed(self) -> None:
        self.did.append("closed")


@dataclass
class Bench:
    """A server with one socket path; `did` is what its conversations were told."""

    address: str
    server: uvicorn.Server
    did: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def dial(self, *first: str) -> AsyncIterator[ClientConnection]:
        async with connect(self.address, proxy=None, compression=None, ping_interval=None) as client:
            for text in first:
                await client.send(text)
            yield client


def greet(connection: Connection) -> None:
    connection.ok(1)


@asynccontextmanager
async def serving(limits: SocketLimits, on_hello: Callable[[Connection], None] = greet) -> AsyncIterator[Bench]:
    did: list[str] = []

    def begin(websocket: WebSocket, connection: Connection) -> Talk:
        return Talk(connection, did, on_hello)

    app = Starlette(routes=[WebSocketRoute("/", JsonSocket(begin, limits).serve)])
    app.state.house = SimpleNamespace(clock=SystemClock(), supervisor=Supervisor(), settings=SimpleNamespace(locales_dir=None))
    async with running(app) as here:
        yield Bench(f"{here.address}/", here.server, did)


async def heard(client: ClientConnection) -> list[dict[str, Any]]:
    """Return all frames to the end."""
    frames = []
    try:
        with anyio.fail_after(30):
            while True:
                frames.append(json.loads(await client.recv()))
    except ConnectionClosed:
        return frames


async def code_of(client: ClientConnection) -> int | None:
    """Read to the end; return the close code, which the goodbye before it must name, too."""
    frames = await heard(client)
    assert frames[-1]["t"] == "bye"
    assert frames[-1]["b"]["code"] == client.close_code
    assert [frame["seq"] for frame in frames] == list(range(frames[0]["seq"], frames[0]["seq"] + len(frames)))
    return client.close_code


async def has_ended(bench: Bench) -> bool:
    return bench.did == ["open", "closed"]


def deaf(address: str) -> socket.socket:
    """Return a connection that has said hello and never reads again; blocks."""
    host, port = address.removeprefix("ws://").rstrip("/").split(":")
    upgrade = f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect((host, int(port)))
    raw.sendall(f"{upgrade}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
    assert raw.recv(1000).startswith(b"HTTP/1.1 101")
    raw.sendall(bytes([0x81, 0x80 | len(HELLO), 0, 0, 0, 0]) + HELLO.encode())
    return raw


async def has_no_connection(bench: Bench) -> bool:
    return not bench.server.server_state.connections


async def next_frame(client: ClientConnection) -> dict[str, Any]:
    with anyio.fail_after(30):
        frame: dict[str, Any] = json.loads(await client.recv())
        return frame


@pytest.mark.parametrize(
    "first",
    ["", "{", '{"t":"chat","id":1,"b":{}}', '{"t":"beat","id":1,"b":{}}', '{"t":"hello","id":1,"b":{"x":"' + "x" * 5000 + '"}}'],
    ids=["empty", "broken", "chat", "beat", "too big"],
)
async def test_the_first_frame_must_be_a_small_hello(first: str) -> None:
    async with serving(USUAL) as bench, bench.dial(first) as client:
        assert await code_of(client) == 4400
    assert bench.did == ["closed"]


async def test_hello_has_a_deadline() -> None:
    async with serving(replace(USUAL, hello_s=0.05)) as bench, bench.dial() as client:
        assert await code_of(client) == 4400
    assert bench.did == ["closed"]


async def test_an_error_of_the_tree_at_the_door_is_its_close_code() -> None:
    def refuse(connection: Connection) -> None:
        raise NotSignedIn

    async with serving(USUAL, refuse) as bench, bench.dial(HELLO) as client:
        assert await code_of(client) == 4401
    assert bench.did == ["open", "closed"]


async def test_commands_are_answered_once_and_an_error_ends_nothing() -> None:
    async with serving(USUAL) as bench, bench.dial(HELLO) as client:
        assert await next_frame(client) == {"t": "ok", "seq": 1, "re": 1, "b": {}}
        await client.send('{"t":"refuse","id":2,"b":{}}')
        assert await next_frame(client) == {"t": "error", "seq": 2, "re": 2, "b": {"code": "not_now", "message": "Not now."}}
        await client.send('{"t":"locked","id":3,"b":{}}')
        assert (await next_frame(client))["b"]["code"] == "not_stored"
        await client.send('{"t":"fine","id":4,"b":{}}')
        assert await next_frame(client) == {"t": "ok", "seq": 4, "re": 4, "b": {}}


@pytest.mark.parametrize("frame", ["{", "null", '{"t":"x","id":0,"b":{}}', '{"t":"x","id":2,"b":{"a":NaN}}', b"binary"], ids=str)
async def test_bad_27_a_frame_that_cannot_be_read_ends_the_connection(frame: str | bytes) -> None:
    async with serving(USUAL) as bench, bench.dial(HELLO) as client:
        await next_frame(client)
        await client.send(frame)
        assert await code_of(client) == 4400


async def test_bad_27_a_frame_that_is_too_big_ends_the_connection() -> None:
    async with serving(USUAL) as bench, bench.dial(HELLO) as client:
        await next_frame(client)
        await client.send('{"t":"x","id":2,"b":{"x":"' + "x" * USUAL.frame_size + '"}}')
        assert await code_of(client) == 1009


async def test_bad_27_a_frame_of_twenty_megabytes_is_cut_off_by_the_layer_below() -> None:
    async with serving(USUAL) as bench, bench.dial(HELLO) as client:
        await next_frame(client)
        with suppress(ConnectionClosed):
            await client.send("x" * 20_000_000)
        await heard(client)
        assert client.close_code in {1009, 1006}  # 1006 where our own sending was cut before the goodbye was read
    assert bench.did == ["open", "closed"]


async def test_bad_27_a_flood_ends_the_connection() -> None:
    async with serving(replace(USUAL, frames_burst=20.0)) as bench, bench.dial(HELLO) as client:
        await next_frame(client)
        for number in range(2, 60):
            await client.send(json.dumps({"t": "beat", "id": number, "b": {}}))
        assert await code_of(client) == 4429


async def test_beats_come_regularly_and_count_up() -> None:
    async with serving(replace(USUAL, beat_s=0.03)) as bench, bench.dial(HELLO) as client:
        await next_frame(client)
        beats = [await next_frame(client) for _ in range(3)]
        assert [(frame["t"], frame["b"]["n"]) for frame in beats] == [("beat", 1), ("beat", 2), ("beat", 3)]
        await client.send('{"t":"beat","id":2,"b":{"n":3}}')
        assert (await next_frame(client))["t"] == "beat"


async def test_silence_ends_the_connection() -> None:
    async with serving(replace(USUAL, silence_s=0.05)) as bench, bench.dial(HELLO) as client:
        assert await code_of(client) == 1013
    assert bench.did == ["open", "closed"]


@pytest.mark.parametrize("limits", [replace(USUAL, queued_frames=10), replace(USUAL, queued_size=1000)], ids=["frames", "size"])
async def test_a_reader_who_is_too_slow_is_told_so(limits: SocketLimits) -> None:
    def pour(connection: Connection) -> None:
        for number in range(100):
            connection.send("event", {"n": number, "text": "x" * 20})

    async with serving(limits, pour) as bench, bench.dial(HELLO) as client:
        frames = await heard(client)
        assert client.close_code == 1013
        assert [frame["t"] for frame in frames] == ["bye"]


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": uvloop}) for uvloop in (False, True)], ids=["asyncio", "uvloop"])
async def test_a_reader_who_never_reads_costs_no_more_than_the_bounds() -> None:
    """The peer's window is closed, so not even the goodbye can leave: the connection is cut."""

    def pour(connection: Connection) -> None:
        for _ in range(3):
            connection.send("event", {"text": "x" * 15_000_000})

    limits = replace(USUAL, queued_size=50_000_000, farewell_s=0.1, silence_s=0.3)
    async with serving(limits, pour) as bench:
        with closing(await anyio.to_thread.run_sync(deaf, bench.address)):
            await until(lambda: has_ended(bench))
            await until(lambda: has_no_connection(bench))


async def test_the_longest_waiting_is_put_out_of_a_full_lobby() -> None:
    async with serving(replace(USUAL, pending_hellos=3)) as bench, AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(bench.dial()) for _ in range(5)]
        assert [await code_of(client) for client in idle[:2]] == [1013, 1013]
        async with bench.dial(HELLO) as honest:
            assert (await next_frame(honest))["t"] == "ok"


async def test_whoever_said_hello_waits_in_no_lobby() -> None:
    async with serving(replace(USUAL, pending_hellos=1)) as bench, bench.dial(HELLO) as first:
        await next_frame(first)
        async with bench.dial(HELLO) as second:
            await next_frame(second)
            await first.send('{"t":"fine","id":2,"b":{}}')
            assert (await next_frame(first))["t"] == "ok"


async def test_a_bug_ends_one_connection_and_is_logged_without_its_text() -> None:
    async with serving(USUAL) as bench, bench.dial(HELLO) as client, bench.dial(HELLO) as other:
        await next_frame(client)
        await next_frame(other)
        with structlog.testing.capture_logs() as logs:
            await client.send('{"t":"bug","id":2,"b":{}}')
            assert await code_of(client) == 1011
        await other.send('{"t":"fine","id":2,"b":{}}')
        assert (await next_frame(other))["t"] == "ok"
    assert [(line["event"], line["error"]) for line in logs] == [("socket crashed", "ZeroDivisionError")]
    assert "name" not in str(logs)


async def test_the_first_reason_stands_and_nothing_follows_the_goodbye() -> None:
    async with serving(USUAL) as bench, bench.dial(HELLO) as client:
        await next_frame(client)
        await client.send('{"t":"close","id":2,"b":{}}')
        frames = await heard(client)
        assert [frame["t"] for frame in frames] == ["bye"]
        assert frames[0]["b"] == {"code": 4403, "message": "Go away."}
        assert client.close_code == 4403
