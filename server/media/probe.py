"""Proves what a browser will be promised: an address of this machine, the one that STUN sees, and a datagram through the relay of TURN.

For the operator's check (`consilium doctor`); no call uses it. It names what is wrong in words that somebody can act on.
"""

import asyncio
import os
import secrets
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, cast

from aioice import stun
from aioice.turn import create_turn_endpoint
from aiortc.rtcicetransport import parse_stun_turn_uri

PATIENCE_S = 5.0  # for one server: a browser that waits longer has shown its user an error by then
REPEAT_S = 0.2  # a datagram may be lost, and the first ones meet no permission yet
UNAUTHORIZED, FORBIDDEN, QUOTA, NO_ROOM = 401, 403, 486, 508
REFUSALS: dict[int | None, str] = {
    UNAUTHORIZED: "it refuses our credentials: its static-auth-secret is another one, or a clock is wrong",
    FORBIDDEN: "it forbids its own relayed addresses: two people who both need the relay will not meet",
    QUOTA: "it has no quota left for us",
    NO_ROOM: "it has no relayed port left",
}

Address = tuple[str, int]


class Unproven(Exception):
    """Why, in a few words without the URL."""


class IceServer(NamedTuple):
    """An RTCIceServer with one URL (RFC 7064, RFC 7065). `username` and `credential` are empty for STUN."""

    url: str
    username: str = ""
    credential: str = ""


async def prove_host(address: str) -> Address:
    """Send a datagram from one socket of this machine to another one at `address`; returns where it arrived. Raises `Unproven`."""
    async with _explained(), _socket((address, 0)) as ours, _socket((address, 0)) as theirs:
        token = secrets.token_bytes(16)
        await _until_heard(lambda: ours.transport.sendto(token, theirs.at), theirs, token)
        return theirs.at


async def prove_reflexive(server: IceServer) -> Address:
    """Return the address from which a STUN server sees this machine (RFC 8489). Raises `Unproven`."""
    host, port = _endpoint(server.url)[:2]
    async with _explained():
        family, _, _, _, where = (await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM))[0]
        async with _socket(("::" if family == socket.AF_INET6 else "0.0.0.0", 0)) as ours:  # noqa: S104 - one question, one answer
            request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
            answer = await ours.ask(request, cast("Address", where[:2]))
            mapped: Address = answer.attributes["XOR-MAPPED-ADDRESS"]
            return mapped


async def prove_relay(server: IceServer) -> Address:
    """Send a datagram between two relayed addresses (RFC 8656), as two people who both need the relay do; returns one of them.

    Two, because a relay that hands out addresses at which it cannot be reached looks like a good one otherwise. Raises `Unproven`.
    """
    async with _explained(), _allocation(server) as ours, _allocation(server) as theirs:
        token = secrets.token_bytes(16)

        def send() -> None:
            theirs.transport.sendto(b"", ours.at)
            ours.transport.sendto(token, theirs.at)

        try:
            await _until_heard(send, theirs, token)
        except TimeoutError:
            raise Unproven("nothing passes between two of its relayed addresses: look at external-ip and at the relay ports") from None
        return theirs.at


class _Receiver(asyncio.DatagramProtocol):
    """Hears tokens, and the answers to STUN requests."""

    transport: Any

    def __init__(self) -> None:
        self.heard = asyncio.Event()
        self.failure: Exception | None = None
        self._token: bytes | None = None
        self._asked: dict[bytes, stun.Transaction] = {}

    @property
    def at(self) -> Address:
        return cast("Address", self.transport.get_extra_info("sockname")[:2])

    def expect(self, token: bytes) -> None:
        self._token = token

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def error_received(self, exc: Exception) -> None:
        self.failure = exc
        self.heard.set()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data == self._token:
            self.heard.set()
            return
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        asked = self._asked.get(message.transaction_id)
        if asked is not None:
            asked.response_received(message, addr)

    async def ask(self, request: stun.Message, server: Address) -> stun.Message:
        asked = self._asked[request.transaction_id] = stun.Transaction(request, server, self)
        return (await asked.run())[0]

    def send_stun(self, message: stun.Message, addr: Address) -> None:
        self.transport.sendto(bytes(message), addr)


async def _until_heard(send: Any, receiver: _Receiver, token: bytes) -> None:
    receiver.expect(token)
    async with asyncio.timeout(PATIENCE_S):
        while not receiver.heard.is_set():
            send()
            try:
                await asyncio.wait_for(receiver.heard.wait(), REPEAT_S)
            except TimeoutError:
                continue
    if receiver.failure is not None:
        raise receiver.failure


@asynccontextmanager
async def _socket(at: Address) -> AsyncIterator[_Receiver]:
    transport, receiver = await asyncio.get_running_loop().create_datagram_endpoint(_Receiver, local_addr=at)
    try:
        yield receiver
    finally:
        transport.close()


@asynccontextmanager
async def _allocation(server: IceServer) -> AsyncIterator[_Receiver]:
    host, port, transport, secure = _endpoint(server.url)
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(PATIENCE_S):
            relayed, receiver = await create_turn_endpoint(
                _Receiver, (host, port), server.username, server.credential, ssl=secure or None, transport=transport
            )
        stack.callback(relayed.close)
        yield receiver


def _endpoint(url: str) -> tuple[str, int, str, bool]:
    """Return host, port, transport and whether TLS is spoken; raises `Unproven` for what is no URL of STUN or TURN."""
    try:
        parts = parse_stun_turn_uri(url)
    except ValueError:
        raise Unproven("it is no stun:, turn: or turns: URL") from None
    return parts["host"], parts["port"], parts.get("transport") or "udp", parts["scheme"] == "turns"


@asynccontextmanager
async def _explained() -> AsyncIterator[None]:
    """Turn what the network says into `Unproven`."""
    try:
        async with asyncio.timeout(2 * PATIENCE_S):
            yield
    except (TimeoutError, stun.TransactionTimeout):
        raise Unproven("no answer: is the port open on the way there?") from None
    except stun.TransactionFailed as refused:
        code = refused.response.error_code
        raise Unproven(REFUSALS.get(code, f"it refuses with {code}")) from None
    except ssl.SSLCertVerificationError as error:
        raise Unproven(f"its certificate is not one that browsers accept: {error.verify_message}") from None
    except ssl.SSLError:
        raise Unproven("it does not speak TLS at that port") from None
    except socket.gaierror:
        raise Unproven("its name is not known here") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise Unproven(f"it cannot be reached: {reason.lower()}") from None
