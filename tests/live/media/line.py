"""The engine's end of one transport, with everything that it was told, and the port that it stands on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from server.core.clock import SystemClock
from server.core.supervise import Supervisor
from server.media.dtls import Connection, Identity
from server.media.udp import UdpMux
from tests.live.media.caller import CALLING, Caller, until

RTP = bytes([0x80, 96, 0, 7, 0, 0, 0, 1, 0, 0, 0, 42]) + b"picture" * 20
RTCP = bytes([0x80, 201, 0, 1, 0, 0, 0, 42])


def numbered(sequence: int) -> bytes:
    return RTP[:2] + sequence.to_bytes(2, "big") + RTP[4:]


class Line:
    """A connection and what it was told."""

    def __init__(self, mux: UdpMux, identity: Identity) -> None:
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.reasons: list[str] = []
        self.connects = 0
        self.crash = False
        self.mux = mux
        self.connection = Connection(
            mux, identity, on_rtp=self._rtp, on_rtcp=self._rtcp, on_connected=self._connected, on_gone=self.reasons.append
        )

    def _rtp(self, data: memoryview, at: int, size: int, _now: float) -> None:
        if self.crash:
            raise ValueError
        self.rtp.append(bytes(data[at : at + size]))

    def _rtcp(self, packet: bytes, _now: float) -> None:
        self.rtcp.append(packet)

    def _connected(self) -> None:
        self.connects += 1

    def send(self, *packets: bytes) -> list[bool]:
        """Send packets as the router does; says of each whether it went out."""
        went = []
        for packet in packets:
            at = self.mux.slot()
            self.mux.out[at : at + len(packet)] = packet
            went.append(self.mux.send_rtp(self.connection, at, len(packet)))
        self.mux.flush()
        return went

    def caller(self, host: str = "127.0.0.1") -> Caller:
        return Caller((host, self.mux.port), self.connection.ufrag, self.connection.password)


async def dial(mux: UdpMux, identity: Identity, host: str = "127.0.0.1", profiles: list[Any] | None = None) -> tuple[Line, Caller]:
    """Connect a caller to a line of its own."""
    line = Line(mux, identity)
    caller = line.caller(host)
    line.connection.remote(caller.fingerprint, "active")
    await caller.connect(line.connection.fingerprint, profiles)
    await until(lambda: line.connection.connected)
    return line, caller


@asynccontextmanager
async def ground(clock: Any = None, **options: Any) -> AsyncIterator[UdpMux]:
    """Run a port on loopback, and end it with all who called it."""
    supervisor = Supervisor()
    mux = UdpMux(supervisor, clock or SystemClock(), "127.0.0.1", **options)
    mux.start()
    try:
        yield mux
    finally:
        mux.close()
        for caller in list(CALLING):
            caller.vanish()
        await supervisor.close(2)
