"""One accepted JSON socket: bounded both ways, with beats, and with a goodbye."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from starlette.websockets import WebSocket, WebSocketDisconnect

from server.errors import ConsiliumError, Malformed
from server.ports import Clock
from server.web.bucket import Bucket
from server.web.lobby import SEATS
from server.web.wire import Body, Frame, encode_body, encode_frame, parse_frame

LEFT, TOO_BIG_FRAME, OUR_FAULT, RESTART, OVERLOADED, TOO_FAST = 1000, 1009, 1011, 1012, 1013, 4429


@dataclass(frozen=True)
class SocketLimits:
    """The bounds of docs/WIRE.md 2.6 and what happens at each."""

    hello_s: float = 10.0  # then closed 4400
    hello_size: int = 4 * 1024  # characters; closed 4400
    pending_hellos: int = SEATS  # one more, and whoever has waited longest is closed 1013
    frame_size: int = 64 * 1024  # characters; closed 1009
    frames_per_s: float = 60.0  # closed 4429
    frames_burst: float = 200.0
    queued_frames: int = 256  # for a slow reader; closed 1013
    queued_size: int = 4 * 1024 * 1024  # the same, in characters
    beat_s: float = 5.0
    silence_s: float = 15.0  # without a frame from the other side; closed 1013
    farewell_s: float = 3.0  # then the connection is cut without one


@dataclass(frozen=True, slots=True)
class _Outgoing:
    kind: str
    body: str
    re: int | None


@dataclass(frozen=True, slots=True)
class _Farewell:
    code: int
    message: str


class Connection:
    """Read by the endpoint's own task, written by one spawned task; `send` and its kin never wait.

    `say` puts a sentence of ours into the language of the other side.
    """

    def __init__(self, websocket: WebSocket, clock: Clock, limits: SocketLimits, say: Callable[[str], str]) -> None:
        self.limits = limits
        self.say = say
        self.heard_at = clock.monotonic()
        self._websocket = websocket
        self._clock = clock
        self._bucket = Bucket.full(limits.frames_per_s, limits.frames_burst, self.heard_at)
        self._outgoing: deque[_Outgoing] = deque()
        self._outgoing_size = 0
        self._woken = asyncio.Event()
        self._farewell: _Farewell | None = None
        self._seq = 0
        self._beats = 0
        self._beat_at = asyncio.get_running_loop().time() + limits.beat_s

    @property
    def beat_s(self) -> float:
        return self.limits.beat_s

    @property
    def closing(self) -> bool:
        return self._farewell is not None

    def send(self, kind: str, body: Body) -> None:
        """Tell an event; a reader who has fallen too far behind is closed 1013 instead."""
        self._push(_Outgoing(kind, encode_body(body), None))

    def reply(self, frame_id: int, kind: str, body: Body) -> None:
        self._push(_Outgoing(kind, encode_body(body), frame_id))

    def ok(self, frame_id: int) -> None:
        self.reply(frame_id, "ok", {})

    def refuse(self, frame_id: int, error: ConsiliumError) -> None:
        self.reply(frame_id, "error", {"code": error.code, "message": self.say(error.message)})

    def close(self, code: int, message: str) -> None:
        """Send what is queued, say `bye`, close; the first reason given stands."""
        if self._farewell is None:
            self._farewell = _Farewell(code, message)
            self._woken.set()

    async def hello(self) -> Frame:
        """Return the first frame, however late; raises `Malformed` when it is too big or something else."""
        text = await self._receive()
        if len(text) <= self.limits.hello_size:
            frame = parse_frame(text)
            if frame.t == "hello":
                return frame
        raise Malformed("The page did not say who it is.", code="hello")

    async def next(self) -> Frame | None:
        """Return the next frame that is not a beat, or None once this side closes; raises `Malformed`."""
        while not self.closing:
            text = await self._receive_within(self.limits.silence_s)
            if text is None:
                self.close(OVERLOADED, "The connection went silent.")
            elif len(text) > self.limits.frame_size:
                self.close(TOO_BIG_FRAME, "This is too big.")
            elif not self._bucket.take(self.heard_at):
                self.close(TOO_FAST, "That was too many in a short time. Please wait a moment.")
            elif (frame := parse_frame(text)).t != "beat":
                return frame
        return None

    async def write(self) -> None:
        """The writer task: ends after the goodbye, or when the other side is gone."""
        try:
            while (outgoing := await self._next_outgoing()) is not None:
                await self._transmit(outgoing)
            await self._say_goodbye()
        except (WebSocketDisconnect, RuntimeError):  # RuntimeError: Starlette's and uvloop's way to say that it was closed meanwhile
            self.close(LEFT, "")

    async def _receive_within(self, silence_s: float) -> str | None:
        """Return a text, or None after a silence."""
        try:
            async with asyncio.timeout(silence_s):
                return await self._receive()
        except TimeoutError:
            return None

    async def _receive(self) -> str:
        """Return a text; raises `WebSocketDisconnect`, and `Malformed` for bytes."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        if message.get("text") is None:
            raise Malformed
        self.heard_at = self._clock.monotonic()
        return cast(str, message["text"])

    def _push(self, outgoing: _Outgoing) -> None:
        if self.closing:
            return
        self._outgoing.append(outgoing)
        self._outgoing_size += len(outgoing.body)
        if len(self._outgoing) > self.limits.queued_frames or self._outgoing_size > self.limits.queued_size:
            self._outgoing.clear()
            self.close(OVERLOADED, "The connection is too slow.")
        self._woken.set()

    async def _next_outgoing(self) -> _Outgoing | None:
        while not self._outgoing:
            if self.closing:
                return None
            await self._wait_or_beat()
        outgoing = self._outgoing.popleft()
        self._outgoing_size -= len(outgoing.body)
        return outgoing

    async def _wait_or_beat(self) -> None:
        """Wait for something to send; a beat comes every `beat_s`, however much else is said."""
        self._woken.clear()
        try:
            async with asyncio.timeout_at(self._beat_at):
                await self._woken.wait()
        except TimeoutError:
            self._beat_at += self.limits.beat_s
            self._beats += 1
            self.send("beat", {"n": self._beats})

    async def _transmit(self, outgoing: _Outgoing) -> None:
        self._seq += 1
        await self._websocket.send_text(encode_frame(outgoing.kind, self._seq, outgoing.body, outgoing.re))

    async def _say_goodbye(self) -> None:
        farewell = self._farewell or _Farewell(LEFT, "")
        await self._transmit(_Outgoing("bye", encode_body({"code": farewell.code, "message": self.say(farewell.message)}), None))
        await self._websocket.close(farewell.code)
