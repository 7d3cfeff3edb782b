"""One browser transport: found by its ufrag, proved by ICE, keyed by DTLS, and from then on RTP both ways.

DTLS is aiortc's RTCDtlsTransport, unmodified, over three methods of our own instead of its ICE; its private names that are used
here are held by tests/contract/test_aiortc_names.py, and aiortc is pinned.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from typing import Any

from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    SRTP_PROFILES,
    X509_DIGEST_ALGORITHMS,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
)
from OpenSSL import SSL

from server.errors import Invalid
from server.media.endpoint import Allowance, RtcpTaker, RtpTaker, RunWork, Work
from server.media.ice import Agent, Credentials
from server.media.limits import FLIGHTS, HANDSHAKE_S, HANDSHAKES, HANDSHAKES_WAITING
from server.media.mmsg import Route
from server.media.srtp import srtp_of
from server.media.udp import UdpMux

PROFILES = [one for one in (SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80) if one in SRTP_PROFILES]
"""In this order, because GCM costs about half of what the other does."""
ROLES = {"active": "server", "passive": "client"}
"""What the browser's `a=setup` makes of us."""


class Certificate(RTCCertificate):
    """Makes one context of OpenSSL for all connections, which differ in nothing of it. It keeps no sessions: nobody resumes one."""

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return self._context


class Identity:
    """What a process shows to every browser: one certificate. It also lets at most five handshakes run at once, in their order.

    `fingerprint` is written as in SDP: "sha-256 AB:CD:…".
    """

    def __init__(self) -> None:
        self.certificate = Certificate.generateCertificate()
        self.fingerprint = next(f"sha-256 {one.value}" for one in self.certificate.getFingerprints() if one.algorithm == "sha-256")
        self.turns = asyncio.Semaphore(HANDSHAKES)
        self._asking: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many handshakes have had no turn yet."""
        return max(0, len(self._asking) - HANDSHAKES)

    @property
    def is_full(self) -> bool:
        return len(self._asking) >= HANDSHAKES + HANDSHAKES_WAITING

    def count(self, handshake: asyncio.Task[None]) -> None:
        """Count a handshake until it is over, whether it has had its turn or not."""
        self._asking.add(handshake)
        handshake.add_done_callback(self._asking.discard)


class Flights:
    """What RTCDtlsTransport needs of an ICE transport, over a bounded queue."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_now = send
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(FLIGHTS + 1)  # one more, for the end

    @property
    def empty(self) -> bool:
        return self._waiting.empty()

    def put(self, packet: bytes) -> None:
        """Keep a datagram until it is read; those over the bound are dropped, and DTLS sends them again."""
        if self._waiting.qsize() < FLIGHTS:
            self._waiting.put_nowait(packet)

    def close(self) -> None:
        self._waiting.put_nowait(None)

    async def _recv(self) -> bytes:
        packet = await self._waiting.get()
        if packet is None:
            raise ConnectionError
        return packet

    async def _send(self, packet: bytes) -> None:
        self._send_now(packet)


class Connection:
    """One RTCPeerConnection of a browser, seen from here. Tell it the browser's `remote` side, and it connects when checks arrive.

    Each callback is called from the loop and must not wait: `on_rtp(data, at, size, now)` with a packet that is decrypted in place
    and valid until it returns; `on_rtcp(packet, now)`; `on_connected()` once; `on_gone(reason)` at most once, and not after `close`.
    Reasons: silent (no checks), closed (DTLS was closed), refused (handshake or fingerprint), late (handshake), overloaded,
    crowded (more SSRCs than one may have), crashed.
    """

    open_rtp: Work
    open_rtcp: Work
    seal_rtp: Work
    seal_rtcp: Work
    seal_run: RunWork
    seal_bytes: Callable[[bytes], bytes]

    def __init__(  # noqa: PLR0913 - the four callbacks are one thing
        self,
        mux: UdpMux,
        identity: Identity,
        *,
        on_rtp: RtpTaker,
        on_rtcp: RtcpTaker,
        on_connected: Callable[[], None],
        on_gone: Callable[[str], None],
    ) -> None:
        self.agent = Agent(mux.clock.monotonic())
        self.known_as: set[str] = set()
        self.addresses: dict[Hashable, Route] = {}
        self.route: Route | None = None
        self.sources: set[int] = set()
        self.allowance = Allowance()
        self.connected = False
        self.on_rtp, self.on_rtcp = on_rtp, on_rtcp
        self._on_connected, self._on_gone = on_connected, on_gone
        self._mux, self._identity = mux, identity
        self.wire = mux.lane.wire() if mux.lane is not None else None
        self._remote: tuple[str, str] | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._ended = False
        self._flights = Flights(self._send_flight)
        self._dtls = RTCDtlsTransport(self._flights, [identity.certificate])  # type: ignore[arg-type]
        self._dtls._srtp_profiles = PROFILES  # noqa: SLF001 - held by the contract test
        self._refuse()
        mux.admit(self)

    @property
    def ufrag(self) -> str:
        return self.agent.newest.ufrag

    @property
    def password(self) -> str:
        return self.agent.newest.password

    @property
    def fingerprint(self) -> str:
        return self._identity.fingerprint

    def remote(self, fingerprint: str, setup: str) -> None:
        """Take the browser's `a=fingerprint` ("sha-256 AB:CD:…") and `a=setup` (active or passive). Raises `Invalid`.

        After an ICE restart the same ones are told again; other ones would be another browser.
        """
        algorithm, _, _ = fingerprint.partition(" ")
        if algorithm.lower() not in X509_DIGEST_ALGORITHMS or setup not in ROLES:
            raise Invalid(code="dtls_unsupported")
        if self._remote not in (None, (fingerprint, setup)):
            raise Invalid(code="dtls_changed")
        self._remote = fingerprint, setup
        self._begin()

    def restart(self) -> Credentials:
        """Return new credentials (ICE restart). The old ones stay valid until a check comes under these; DTLS and keys stay."""
        self.agent.restart()
        if not self._ended:
            self._mux.admit(self)
        return self.agent.newest

    def close(self) -> None:
        """Free everything, saying goodbye in DTLS; nothing is called back any more."""
        if self._ended:
            return
        self._ended, self.connected = True, False
        self._mux.forget(self)
        self._refuse()
        self.on_rtp, self.on_rtcp, self._on_connected, self._on_gone = _ignore, _ignore, _ignore, _ignore
        self._dtls.remove_all_listeners()
        self._flights.close()
        if self._handshake is not None and self._handshake is not asyncio.current_task():
            self._handshake.cancel()
        _finish(self._dtls.stop())

    def end(self, reason: str) -> None:
        """Close for a reason that its owner does not know of yet."""
        on_gone = self._on_gone
        self.close()
        on_gone(reason)

    def checked(self) -> None:
        """Go on with what waited for an address."""
        self._begin()

    def on_dtls(self, packet: bytes) -> None:
        """Take a datagram of DTLS."""
        self._flights.put(packet)
        self._begin()

    def _begin(self) -> None:
        """Start the handshake once everything is there. As server wait for the browser's first word: who is silent takes no turn."""
        if self._ended or self._handshake is not None or self._remote is None or self.route is None:
            return
        if ROLES[self._remote[1]] == "server" and self._flights.empty:
            return
        if self._identity.is_full:
            self.end("overloaded")
            return
        work = self._shake_hands(*self._remote)
        self._handshake = self._mux.supervisor.spawn(work, name="media handshake", on_crash=lambda _: self.end("crashed"))
        self._identity.count(self._handshake)

    async def _shake_hands(self, fingerprint: str, setup: str) -> None:
        try:
            async with self._identity.turns, asyncio.timeout(HANDSHAKE_S):
                algorithm, _, value = fingerprint.partition(" ")
                self._dtls._set_role(ROLES[setup])  # noqa: SLF001 - held by the contract test
                await self._dtls.start(RTCDtlsParameters(fingerprints=[RTCDtlsFingerprint(algorithm, value)]))
        except TimeoutError:
            self.end("late")
        else:
            self._after_handshake()

    def _after_handshake(self) -> None:
        if self._dtls.state != "connected":
            self.end("refused")
            return
        srtp = srtp_of(self._dtls, self._mux.received_slots, self._mux.sending_slots, fast=self._mux.fast)
        self.open_rtp, self.open_rtcp = srtp.open_rtp, srtp.open_rtcp
        self.seal_rtp, self.seal_rtcp, self.seal_run, self.seal_bytes = srtp.seal_rtp, srtp.seal_rtcp, srtp.seal_run, srtp.seal_bytes
        self._give_keys(*srtp.sessions)
        self.connected = True
        self._dtls.on("statechange", self._on_state)
        self._on_connected()

    def _on_state(self) -> None:
        if self._dtls.state == "closed":
            self.end("closed")

    def _send_flight(self, packet: bytes) -> None:
        if self.route is not None:
            self._mux.send_now(self.route, packet)

    def _refuse(self) -> None:
        """Open and seal nothing: there are no keys, or none any more."""
        self._give_keys(0, 0)
        self.open_rtp = self.open_rtcp = self.seal_rtp = self.seal_rtcp = _nothing
        self.seal_run, self.seal_bytes = _no_sizes, _no_bytes

    def _give_keys(self, opener: int, sealer: int) -> None:
        if self._mux.lane is not None:
            self._mux.lane.give_keys(self.wire, opener, sealer)


def _finish(goodbye: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits, because our own `_send` does not: so the goodbye goes out even while the process ends."""
    with suppress(StopIteration):
        goodbye.send(None)
    goodbye.close()


def _nothing(at: int, size: int) -> int:
    del at, size
    return 0


def _no_sizes(at: int, sizes: list[int]) -> list[int]:
    del at
    return [0] * len(sizes)


def _no_bytes(packet: bytes) -> bytes:
    del packet
    return b""


def _ignore(*told: object) -> None:
    """Stand in for the callbacks of a connection that has ended, so that nothing of its owner is kept alive."""
    del told
