"""How busy an engine is, and where it does not keep up."""

import socket
import struct
import time
from collections.abc import Collection
from contextlib import suppress
from typing import NamedTuple

from server.media.engine import Engine
from server.media.udp import UdpMux
from server.media_control import Load
from server.ports import Clock

SO_MEMINFO = 55  # of Linux; Python has no name for it
MEMINFO = struct.Struct("9I")
QUEUED, OVERRUN = 0, 8  # in it: bytes that wait to be read, and datagrams that found no room


class Counted(NamedTuple):
    """Since the engine has started, as `Load` has them for a while."""

    packets: int
    dropped: int
    overrun: int
    oversize: int
    excess: int


class Gauge:
    """Reads counters; each reading is of the time since the one before."""

    def __init__(self, mux: UdpMux, clock: Clock) -> None:
        self._mux, self._clock = mux, clock
        self._at, self._used = clock.monotonic(), time.process_time()
        self._before = self._counted()

    def read(self, engines: Collection[Engine], waiting: int) -> Load:
        """Return the load of an engine whose rooms are these; `waiting` is how many handshakes have had no turn yet."""
        at_before, self._at = self._at, self._clock.monotonic()
        used_before, self._used = self._used, time.process_time()
        before, self._before = self._before, self._counted()
        losses = [lost for engine in engines for lost in engine.losses]
        return Load(
            rooms=sum(engine.rooms for engine in engines),
            peers=sum(engine.peers for engine in engines),
            cpu=round((self._used - used_before) / max(self._at - at_before, 1e-9), 3),
            lost=round(sum(losses) / len(losses), 4) if losses else 0.0,
            queued=sum(queued for queued, _ in map(meminfo, self._mux.sockets)),
            waiting=waiting,
            packets=self._before.packets - before.packets,
            dropped=self._before.dropped - before.dropped,
            overrun=self._before.overrun - before.overrun,
            oversize=self._before.oversize - before.oversize,
            excess=self._before.excess - before.excess,
        )

    def _counted(self) -> Counted:
        mux = self._mux
        return Counted(mux.sent, mux.dropped, sum(overrun for _, overrun in map(meminfo, mux.sockets)), mux.oversize, mux.excess)


def meminfo(bound: socket.socket) -> tuple[int, int]:
    """Return how many bytes wait to be read, and how many datagrams ever found no room there; zeros where the kernel does not tell."""
    told = b""
    with suppress(OSError):
        told = bound.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, MEMINFO.size)
    counts = MEMINFO.unpack(told) if len(told) == MEMINFO.size else (0,) * 9
    return counts[QUEUED], counts[OVERRUN]
