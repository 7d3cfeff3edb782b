"""A browser's side of one transport, small: its own UDP socket, checks of ICE, DTLS as client, real SRTP."""

import asyncio
import secrets
import socket
from collections.abc import Callable
from typing import Any

import pylibsrtp
from aioice import stun
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

Address = tuple[str, int]
CERTIFICATE = RTCCertificate.generateCertificate()  # one for all callers: making one costs more than a whole call
FINGERPRINT = f"sha-256 {CERTIFICATE.getFingerprints()[0].value}"
CHECK_AGAIN_S = 0.2
MOST_CHECKS = 50
CALLING: set["Caller"] = set()
"""Those whose sockets are open; a test's port ends them with itself."""


class Caller:
    """Calls one transport of the engine. `rtp` and `rtcp` hold what arrived and could be decrypted, `refused` counts the rest.

    A test may send anything through `throw`, and look at every STUN answer in `answers`.
    """

    role = "controlling"  # together with _recv and _send all that RTCDtlsTransport asks of its ICE transport

    def __init__(self, server: Address, ufrag: str, password: str, *, at: str | None = None) -> None:
        self.server = server
        self.ufrag, self.password = ufrag, password
        self.own_ufrag = secrets.token_hex(4)
        self.fingerprint = FINGERPRINT
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.refused = 0
        self.answers: list[stun.Message] = []
        self.lose: Callable[[bytes], bool] | None = None
        self.dtls: RTCDtlsTransport | None = None
        self._at = at or ("::1" if ":" in server[0] else "127.0.0.1")
        self._tie = secrets.randbits(64)
        self._checks: dict[bytes, asyncio.Future[stun.Message]] = {}
        self._flights: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self.socket = self._bind()
        CALLING.add(self)

    async def connect(self, fingerprint: str, profiles: list[Any] | None = None) -> None:
        """Check, nominate, shake hands; `fingerprint` is the server's, as in SDP ("sha-256 AB:…"). Raises ConnectionError."""
        await self.nominate()
        await self.shake_hands(fingerprint, profiles)

    async def nominate(self) -> None:
        """Send checks with USE-CANDIDATE until one is answered."""
        for _ in range(MOST_CHECKS):
            try:
                answer = await asyncio.wait_for(self.check(), CHECK_AGAIN_S)
            except TimeoutError:
                continue
            if answer.message_class == stun.Class.RESPONSE:
                return
        raise ConnectionError("no check was answered")

    async def check(self, **changes: Any) -> stun.Message:
        """Send one check and return its answer (wait for it with a timeout); `changes` as for `request`."""
        sent = self.request(**changes)
        self._checks[sent.transaction_id] = self._loop.create_future()
        self.throw(bytes(sent))
        return await self._checks[sent.transaction_id]

    def request(
        self, *, nominate: bool = True, role: str = "ICE-CONTROLLING", ufrag: str | None = None, password: str | None = None
    ) -> stun.Message:
        """Return a check with integrity and fingerprint, as a browser makes it."""
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{ufrag or self.ufrag}:{self.own_ufrag}"
        message.attributes["PRIORITY"] = 1845501695
        message.attributes[role] = self._tie
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity((password or self.password).encode())
        return message

    async def shake_hands(self, fingerprint: str, profiles: list[Any] | None = None, *, role: str = "client") -> None:
        """Complete the DTLS handshake; afterwards media flows."""
        algorithm, value = fingerprint.split()
        self.dtls = RTCDtlsTransport(self, [CERTIFICATE])  # type: ignore[arg-type]
        self.dtls._srtp_profiles = profiles or [SRTP_AEAD_AES_128_GCM]
        self.dtls._set_role(role)
        await self.dtls.start(RTCDtlsParameters(fingerprints=[RTCDtlsFingerprint(algorithm, value)]))
        if self.dtls.state != "connected":
            raise ConnectionError(self.dtls.state)

    def send_rtp(self, packet: bytes) -> None:
        self.throw(self.seal(packet))

    def send_rtcp(self, packet: bytes) -> None:
        assert self.dtls is not None
        self.throw(self.dtls._tx_srtp.protect_rtcp(packet))

    def seal(self, packet: bytes) -> bytes:
        """Return the packet of RTP as it goes over the network."""
        assert self.dtls is not None
        return self.dtls._tx_srtp.protect(packet)

    def throw(self, packet: bytes) -> None:
        """Send these bytes as they are."""
        self.socket.sendto(packet, self.server)

    def move(self) -> None:
        """Go on from another port, as after a change of network; the old one is closed."""
        self._unbind()
        self.socket = self._bind()

    async def hang_up(self) -> None:
        """Say goodbye in DTLS and close the socket."""
        if self.dtls is not None:
            await self.dtls.stop()
        self.vanish()

    def vanish(self) -> None:
        """Close the socket without a word."""
        CALLING.discard(self)
        self._unbind()
        self._flights.put_nowait(None)

    def fall_silent(self) -> None:
        """Keep the socket and read nothing from it any more."""
        self._loop.remove_reader(self.socket.fileno())

    async def _recv(self) -> bytes:
        packet = await self._flights.get()
        if packet is None:
            raise ConnectionError
        return packet

    async def _send(self, packet: bytes) -> None:
        if self.socket.fileno() >= 0 and not (self.lose and self.lose(packet)):
            self.throw(packet)

    def _bind(self) -> socket.socket:
        bound = socket.socket(socket.AF_INET6 if ":" in self._at else socket.AF_INET, socket.SOCK_DGRAM)
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        bound.bind((self._at, 0))
        self._loop.add_reader(bound.fileno(), self._read)
        return bound

    def _unbind(self) -> None:
        if self.socket.fileno() >= 0:
            self._loop.remove_reader(self.socket.fileno())
            self.socket.close()

    def _read(self) -> None:
        while True:
            try:
                packet = self.socket.recv(2048)
            except OSError:
                return
            self._take(packet)

    def _take(self, packet: bytes) -> None:
        if packet[0] < 4:
            self._hear(stun.parse_message(packet))
        elif packet[0] < 64:
            self._flights.put_nowait(packet)
        elif self.dtls is not None and self.dtls._rx_srtp is not None:
            self._decrypt(packet, self.dtls._rx_srtp)

    def _hear(self, answer: stun.Message) -> None:
        self.answers.append(answer)
        asked = self._checks.pop(answer.transaction_id, None)
        if asked is not None and not asked.done():
            asked.set_result(answer)

    def _decrypt(self, packet: bytes, session: pylibsrtp.Session) -> None:
        try:
            if 192 <= packet[1] <= 223:
                self.rtcp.append(session.unprotect_rtcp(packet))
            else:
                self.rtp.append(session.unprotect(packet))
        except pylibsrtp.Error:
            self.refused += 1


async def until(met: Callable[[], bool], seconds: float = 30.0) -> None:
    """Let the loop run until the condition is met; raises TimeoutError otherwise."""

    async def wait() -> None:
        while not met():  # noqa: ASYNC110 - what is waited for is in the engine, which sets no event for tests
            await asyncio.sleep(0.002)

    await asyncio.wait_for(wait(), seconds)
