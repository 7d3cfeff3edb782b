"""Asks a running engine, as one more application, how it is, and whether a browser's check reaches it where browsers are told that it is.

For the operator's commands (`consilium media --status`, `consilium doctor`). The calls that run there notice nothing of it.
"""

import asyncio
import os
import re
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from aioice import stun

from server.errors import ConsiliumError, Forbidden
from server.media.probe import Address, Unproven
from server.media_control import Join, Load, Offer, OpenRoom, Refused, Told
from server.media_lines import Line, connect, greet, next_down, write

PATIENCE_S = 5.0  # for each word of the engine; its load comes every two seconds
CANDIDATE = r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) "
T = TypeVar("T", bound=Told)

CHECK_S = 3.0  # for a check, which is sent four times by then


class Way(NamedTuple):
    """Where browsers are told that an engine is, and what they prove to it."""

    addresses: list[Address]
    ufrag: str
    password: str


async def ask_load(control: Address | Path, secret: bytes | None) -> Load:
    """Return what the engine has to do. Raises `Unproven`."""
    async with _line(control, secret) as line:
        return await _hear(line, Load)


async def prove_engine(control: Address | Path, secret: bytes | None, nearby: str) -> list[Address]:
    """Check each address that browsers are told, as they do (RFC 8445), in a room of our own; returns those that answered. Raises
    `Unproven`.

    Where an address does not answer the same port is tried at `nearby`, to tell a wrong address from a closed port. Of two addresses one
    may be of a family by which this machine reaches nobody: that is passed over.
    """
    name = f"doctor-{secrets.token_hex(8)}"
    async with _line(control, secret) as line:
        line[1].write(write(OpenRoom(id=1, room=name)) + write(Join(id=2, room=name, peer="doctor", publishes=["audio"])))
        way = _read_way((await _hear(line, Offer)).sdp)
        tried = [address for address in way.addresses if is_on_the_way(address)] or way.addresses
        for address in tried:
            if not await _answers(address, way):
                raise Unproven(await _why(address, nearby, way))
    return tried


def is_on_the_way(address: Address) -> bool:
    """Whether this machine has any way by which it would send to there."""
    with suppress(OSError), socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(address)  # sends nothing
        return True
    return False


@asynccontextmanager
async def _line(control: Address | Path, secret: bytes | None) -> AsyncIterator[Line]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            line = await connect(control)
    except TimeoutError:
        raise Unproven("nobody answers there: is the control port open on the way?") from None
    except OSError as error:
        raise Unproven(f"nobody answers there: {_reason(error)}") from None
    try:
        await _greet(line, secret)
        yield line
    finally:
        line[1].close()


async def _greet(line: Line, secret: bytes | None) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await greet(line, secret)
    except (EOFError, Forbidden, ConnectionError):
        raise Unproven("the secret is wrong" if secret else "it asks for a secret") from None
    except (TimeoutError, ConsiliumError, asyncio.LimitOverrunError):
        raise Unproven("what answers there is no engine of this version") from None


async def _hear(line: Line, kind: type[T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not isinstance(told := await next_down(line[0]), kind):
                if isinstance(told, Refused):
                    raise Unproven(f"it refuses: {told.code}")
            return told
    except (EOFError, TimeoutError, OSError):
        raise Unproven("it says nothing") from None


def _read_way(sdp: str) -> Way:
    found = re.finditer(CANDIDATE, sdp, re.MULTILINE | re.IGNORECASE)
    addresses = [(one[1], int(one[2])) for one in found]
    ufrag, password = (re.search(rf"^a=ice-{name}:(\S+)", sdp, re.MULTILINE) for name in ("ufrag", "pwd"))
    if not addresses or ufrag is None or password is None:
        raise Unproven("it offers no address")
    return Way(addresses, ufrag[1], password[1])


async def _why(address: Address, nearby: str, way: Way) -> str:
    host, port = address
    if nearby != host and (":" in nearby) == (":" in host) and await _answers((nearby, port), way):
        return f"no answer at {host} port {port}, but at {nearby}: the announced address is wrong, or its router does not pass the port on"
    return f"no answer at {host} port {port}: is that UDP port open in every firewall on the way, and the address this engine's?"


async def _answers(address: Address, way: Way) -> bool:
    with suppress(OSError, stun.TransactionFailed, stun.TransactionTimeout):
        transport, asker = await asyncio.get_running_loop().create_datagram_endpoint(_Asker, remote_addr=address)
        try:
            async with asyncio.timeout(CHECK_S):
                await asker.check(address, way)
        finally:
            transport.close()
        return True
    return False


class _Asker(asyncio.DatagramProtocol):
    """Sends one check of a browser and hears the answer, which only the engine can sign."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._asked: stun.Transaction | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        with suppress(ValueError):
            message = stun.parse_message(data)
            if self._asked is not None:
                self._asked.response_received(message, addr)

    async def check(self, address: Address, way: Way) -> None:
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{way.ufrag}:doctor"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
        request.add_message_integrity(way.password.encode())
        self._asked = stun.Transaction(request, address, self, integrity_key=way.password.encode())
        await self._asked.run()

    def send_stun(self, message: stun.Message, addr: Address) -> None:
        del addr
        self._transport.sendto(bytes(message))


def _reason(error: OSError) -> str:
    return (os.strerror(error.errno) if error.errno else type(error).__name__).lower()
