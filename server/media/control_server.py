"""The engine's ear: applications on a unix socket or, with a shared secret, on TCP.

Each has rooms of its own, of which the others know nothing. A line that cannot be read ends the connection, a command that cannot be
carried out is answered with an error. Nothing is stored for an application that is gone: when the connection ends, its rooms end with it,
because nobody could let anybody in or out of them any more.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import structlog

from server.core.supervise import Supervisor
from server.errors import ConsiliumError, Forbidden, Malformed, Overloaded, TooFast
from server.media_control import LONGEST_LINE, VERSION, Command, Done, Down, Event, Greeting, Hello, Refused, Welcome
from server.media_lines import is_proof, prove, read_up, write
from server.ports import Clock

log = structlog.get_logger(__name__)

HELLO_S = 5.0  # for the first line
LONGEST_QUEUE = 4 << 20  # bytes that wait to be read by the application; with more it is too slow, and the connection is cut
RATE = 2_000  # commands a second, and as many at once; a faster application is not waited for, its connection is cut
MOST_APPLICATIONS = 16  # at once, with operators who ask how it is; a further one is refused, and told so
UNHEARD_MS = 10_000  # of what was sent over TCP; then the application, or its machine, is taken for gone
SHORTEST_SECRET = 16


class Bucket:
    """Counts commands: `RATE` at once, and as many again each second."""

    def __init__(self, now: float) -> None:
        self._left, self._at = float(RATE), now

    def take(self, now: float) -> None:
        """Count one. Raises `TooFast`."""
        self._left = min(float(RATE), self._left + (now - self._at) * RATE) - 1
        self._at = now
        if self._left < 0:
            raise TooFast(code="control_rate")


class Driven(Protocol):
    """What one application drives."""

    def do(self, command: Command) -> None:
        """Do it at once, or raise an error of the tree."""
        ...

    def close(self) -> None:
        """Forget everything: the application has gone."""
        ...


D = TypeVar("D", bound=Driven)


class ControlServer(Generic[D]):
    """Hands each command of an application to what was made for it: by `drive`, which is given the way to tell it what happens."""

    def __init__(self, supervisor: Supervisor, clock: Clock, secret: bytes | None, drive: Callable[[Callable[[Event], None]], D]) -> None:
        self._supervisor, self._clock, self._secret, self._drive = supervisor, clock, secret, drive
        self._lines: dict[asyncio.StreamWriter, D] = {}
        self._server: asyncio.Server | None = None

    @property
    def driven(self) -> list[D]:
        """What is driven now, by one application each."""
        return list(self._lines.values())

    async def listen_unix(self, path: Path) -> None:
        """Listen on a socket that nobody but this user may open."""
        await self.listen_on(bind_unix(path))

    async def listen_on(self, bound: socket.socket) -> None:
        """Listen on a unix socket that is bound already."""
        self._server = await asyncio.start_unix_server(self._accept, sock=bound, limit=LONGEST_LINE)

    async def listen_tcp(self, host: str, port: int) -> int:
        """Listen on TCP, for which a secret must be shared; returns the port."""
        if self._secret is None or len(self._secret) < SHORTEST_SECRET:
            raise Forbidden(code="control_secret")
        self._server = await asyncio.start_server(self._accept, host, port, limit=LONGEST_LINE)
        return int(self._server.sockets[0].getsockname()[1])

    def tell_all(self, event: Event) -> None:
        """Tell every application."""
        for writer in list(self._lines):
            _send(writer, event)

    async def close(self) -> None:
        """Hang up; what was driven is closed at once."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._lines):
            writer.close()
            self._end(writer)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._supervisor.spawn(self._serve(reader, writer), name="media control", on_crash=lambda _: writer.transport.abort())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._greet(reader, writer)
            await self._listen(reader, writer, self._admit(writer))
        except (ConsiliumError, TimeoutError, OSError, EOFError, asyncio.LimitOverrunError) as error:
            log.info("control ends", error=type(error).__name__)
        finally:
            writer.close()
            self._end(writer)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Exchange versions and, where a secret is shared, proofs. Raises `Malformed`, `Forbidden` or `TimeoutError`."""
        challenge = secrets.token_hex(32) if self._secret is not None else None
        writer.write(write(Greeting(version=VERSION, challenge=challenge)))
        async with asyncio.timeout(HELLO_S):
            hello = read_up(await reader.readuntil())
        if not isinstance(hello, Hello) or hello.version != VERSION:
            raise Malformed(code="control_hello")
        writer.write(write(Welcome(proof=self._check(challenge, hello))))

    def _check(self, challenge: str | None, hello: Hello) -> str | None:
        if self._secret is None or challenge is None:
            return None
        theirs = hello.challenge or ""
        if not theirs or not is_proof(hello.proof, prove(self._secret, "app", challenge, theirs)):
            raise Forbidden(code="control_proof")
        return prove(self._secret, "engine", challenge, theirs)

    def _admit(self, writer: asyncio.StreamWriter) -> D:
        """Raises `Overloaded` when there are as many as may be."""
        if len(self._lines) >= MOST_APPLICATIONS:
            log.warning("control is full")
            _send(writer, Refused(re=0, code="applications"))
            raise Overloaded(code="applications")
        _hear_of_loss(writer)
        driven = self._lines[writer] = self._drive(partial(_send, writer))
        return driven

    def _end(self, writer: asyncio.StreamWriter) -> None:
        driven = self._lines.pop(writer, None)
        if driven is not None:
            driven.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, driven: D) -> None:
        bucket = Bucket(self._clock.monotonic())
        while True:
            command = read_up(await reader.readuntil())
            bucket.take(self._clock.monotonic())
            if isinstance(command, Hello):
                raise Malformed(code="control_hello")
            _send(writer, _answer(driven, command))


def _answer(driven: Driven, command: Command) -> Done | Refused:
    try:
        driven.do(command)
    except ConsiliumError as error:
        return Refused(re=command.id, code=error.code)
    return Done(re=command.id)


def _send(writer: asyncio.StreamWriter, message: Down) -> None:
    """Tell one application; one that does not read is cut off."""
    if writer.is_closing():
        return
    writer.write(write(message))
    if writer.transport.get_write_buffer_size() > LONGEST_QUEUE:
        log.warning("control is too slow")
        writer.transport.abort()


def _hear_of_loss(writer: asyncio.StreamWriter) -> None:
    """Have the kernel end a connection over TCP whose other end is gone without a word: what is told every two seconds tries it."""
    own = writer.get_extra_info("socket")
    if own.family != socket.AF_UNIX:
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)


def bind_unix(path: Path) -> socket.socket:
    """Return a bound socket that nobody else may open, from before it listens; one that a killed engine left there is replaced."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    path.chmod(0o600)
    return bound
