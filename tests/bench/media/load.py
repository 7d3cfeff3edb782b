"""Fills a contender with browsers and measures it under their traffic; the same browsers and packets for everybody."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from tests.bench.media.process import memory_kib, processor_s
from tests.bench.media.seat import Seat
from tests.bench.media.traffic import Traffic, traffic
from tests.servers import NotUp

ARRIVING_S = 0.5
"""So long packets may still arrive after the last one was sent."""
WORST_LOSS = 0.05


class Contender(Protocol):
    """A running server whose rooms are numbered from 0: one publisher, who comes first, and subscribers."""

    pid: int

    async def publish(self, room: int, cipher: str) -> Seat: ...

    async def subscribe(self, room: int, cipher: str) -> Seat: ...


Start = Callable[[], AbstractAsyncContextManager[Contender]]


@dataclass(frozen=True)
class Load:
    """`rooms` of one publisher, whose 230 packets a second (180 of a camera) go to each of `subscribers`; `warm_s` is not measured."""

    rooms: int
    warm_s: float = 4.0
    window_s: float = 6.0
    subscribers: int = 3
    cipher: str = "gcm"
    feedback: bool = True


@dataclass(frozen=True)
class Outcome:
    """Of one window. `busy` and `generator_busy` in processors; `loss` is a fraction; delays are from sending to arrival.

    What a server holds back because it takes the way for narrow is lost, too, but makes no `gaps` (jumps in sequence numbers).
    `cpu_us` is the server's processor time for each packet that a subscriber received; memory is for each browser, after the traffic.
    """

    packets_per_s: float
    loss: float
    gaps: int
    cpu_us: float
    busy: float
    generator_busy: float
    p50_ms: float
    p99_ms: float
    setup_ms: float
    memory_kib: float


class Stage:
    """A contender with the browsers that are connected to it so far."""

    def __init__(self, contender: Contender, crowd: Traffic, load: Load) -> None:
        self._contender, self._crowd, self._load = contender, crowd, load
        self._empty_kib = memory_kib(contender.pid)
        self._rooms = 0
        self._seats: list[Seat] = []

    async def fill(self, rooms: int) -> None:
        """Open rooms until there are so many. Browsers come one after the other, as long as nothing is sent."""
        while self._rooms < rooms:
            seats = [await self._contender.publish(self._rooms, self._load.cipher)]
            seats += [await self._contender.subscribe(self._rooms, self._load.cipher) for _ in range(self._load.subscribers)]
            for seat in seats:
                seat.hand_over()
                self._crowd.add(seat, feedback=self._load.feedback)
            self._seats += seats
            self._rooms += 1

    async def play(self) -> Outcome:
        """Send for the load's warm-up and window. Raises `NotUp` where packets came out wrong, but not where they were lost."""
        await asyncio.to_thread(self._crowd.run, self._load.warm_s)
        self._crowd.mark()
        before, own_before, began = processor_s(self._contender.pid), time.process_time(), time.monotonic()
        await asyncio.to_thread(self._crowd.run, self._load.window_s)
        cpu_s, own_s = processor_s(self._contender.pid) - before, time.process_time() - own_before
        took_s = time.monotonic() - began
        await asyncio.to_thread(self._crowd.run, ARRIVING_S, sending=False)
        return self._outcome(cpu_s, own_s, took_s)

    def close(self) -> None:
        for seat in self._seats:
            seat.close()

    def _outcome(self, cpu_s: float, own_s: float, took_s: float) -> Outcome:
        counts = self._crowd.counts()
        received, expected = counts["received"], counts["sent"] * self._load.subscribers
        if counts["bad"] or received > expected or (counts["gaps"] and received == expected):
            raise NotUp(f"{type(self._contender).__name__}: {counts}, and {expected} packets should have arrived")
        return Outcome(
            packets_per_s=received / took_s,
            loss=1 - received / expected,
            gaps=counts["gaps"],
            cpu_us=cpu_s * 1e6 / max(received, 1),
            busy=cpu_s / took_s,
            generator_busy=own_s / took_s,
            p50_ms=self._crowd.delay_ms(0.5),
            p99_ms=self._crowd.delay_ms(0.99),
            setup_ms=median(seat.setup_ms for seat in self._seats),
            memory_kib=(memory_kib(self._contender.pid) - self._empty_kib) / len(self._seats),
        )


@asynccontextmanager
async def stage(start: Start, load: Load) -> AsyncIterator[Stage]:
    """Start a contender with nobody in it."""
    _allow_sockets()
    async with start() as contender:
        with traffic(seed=1) as crowd:
            set_up = Stage(contender, crowd, load)
            try:
                yield set_up
            finally:
                set_up.close()


async def run(start: Start, load: Load) -> Outcome:
    """Start a contender, fill it, measure it once and stop it. Raises `NotUp` where so much was lost that it was another load."""
    async with stage(start, load) as set_up:
        await set_up.fill(load.rooms)
        outcome = await set_up.play()
    if outcome.loss > WORST_LOSS:
        raise NotUp(f"{start.__name__} lost or held back {100 * outcome.loss:.1f} % of the packets, with {outcome.gaps} gaps")
    return outcome


def _allow_sockets() -> None:
    """Two hundred rooms are eight hundred sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
