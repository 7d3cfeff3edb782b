"""The process of an engine: one loop, one UDP port, one control socket.

It stores nothing but recordings, which processes of their own write: killed, it leaves only its control socket behind, which the next one
replaces, and files that have no end.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import structlog
import uvloop

from server.address import other_address, own_address
from server.core.clock import SystemClock
from server.core.supervise import Supervisor
from server.media.control_server import ControlServer
from server.media.dtls import Identity
from server.media.engine import Engine
from server.media.gauge import Gauge
from server.media.recording import WRITING_S, Recordings
from server.media.rooms import Ground
from server.media.stalls import STALL_S
from server.media.udp import UdpMux
from server.media_control import LOAD_S
from server.ports import Clock

log = structlog.get_logger(__name__)

TICK_S = 0.01
GARBAGE_AFTER = 20_000  # objects that came and stayed: what is made for a packet goes with it
AUTO = "auto"
CLOSING_S = 2.0  # for what still runs when the process ends


@dataclass(frozen=True)
class Place:
    """Where an engine listens: media at `address` and `second`, of the other family, control at a path, on a unix socket or on TCP.

    `second` may be `AUTO`, which is this machine's own address when the engine starts, if it has one. `announced` is what browsers are told
    in place of the address of its family; `secret` must be set for control on TCP. An engine that is `owned` ends when whoever started it
    closes its standard input, also by dying.
    `recordings` is the folder of all recordings; without one nothing is recorded.
    """

    address: str
    port: int
    control: Path | socket.socket | tuple[str, int]
    second: str | None = None
    announced: tuple[str, ...] = ()
    secret: bytes | None = None
    owned: bool = False
    recordings: Path | None = None

    def told(self, sockets: Sequence[socket.socket]) -> tuple[str, ...]:
        """Return what browsers are told: for each of these sockets its address, or what is announced of its family."""
        announced = {_family(address): address for address in self.announced}
        return tuple(announced.get(bound.family) or _own(bound) for bound in sockets)


def run(place: Place) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code. Prints nothing: who started it waits for the control socket."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(place))
    return 0


async def serve(place: Place) -> None:
    """Serve in the running loop until a signal comes."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    if place.owned:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _read_owner, ended)
    supervisor, clock = Supervisor(), SystemClock()
    mux = open_port(place, supervisor, clock)
    recordings = Recordings(supervisor, clock, place.recordings) if place.recordings is not None else None
    identity = Identity()
    ground = Ground(mux, identity, place.told(mux.sockets))
    control = ControlServer(supervisor, clock, place.secret, lambda tell: Engine(ground, tell, recordings))
    mux.start()
    supervisor.keep(lambda: _tick(control, mux), name="media tick")
    supervisor.keep(lambda: _tell_load(control, Gauge(mux, clock), identity), name="media load")
    await _listen(control, place)
    log.info("media engine is there", port=mux.port)
    calm_collector()
    await ended.wait()
    await control.close()
    mux.close()
    if recordings is not None:
        await recordings.ended(WRITING_S)
    await supervisor.close(CLOSING_S)


def open_port(place: Place, supervisor: Supervisor, clock: Clock) -> UdpMux:
    """Raises OSError. An address that nobody named is done without where it cannot be had."""
    if place.second != AUTO:
        return UdpMux(supervisor, clock, place.address, place.port, second=place.second)
    second = other_address(place.address)
    if second is not None:
        try:
            return UdpMux(supervisor, clock, place.address, place.port, second=second)
        except OSError as error:
            log.warning("media has one family", error=type(error).__name__)
    return UdpMux(supervisor, clock, place.address, place.port)


def _own(bound: socket.socket) -> str:
    """Return where others reach a socket that may listen at every address of its family."""
    address: str = bound.getsockname()[0]
    return (own_address(bound.family) or address) if ip_address(address).is_unspecified else address


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def calm_collector() -> None:
    """Take everything that is there by now for permanent, and look for more only now and then: a search would hold every packet up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)


async def _listen(control: ControlServer[Engine], place: Place) -> None:
    if isinstance(place.control, Path):
        await control.listen_unix(place.control)
    elif isinstance(place.control, socket.socket):
        await control.listen_on(place.control)
    else:
        await control.listen_tcp(*place.control)


def _read_owner(ended: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        ended.set()


async def _tell_load(control: ControlServer[Engine], gauge: Gauge, identity: Identity) -> None:
    while True:
        await asyncio.sleep(LOAD_S)
        control.tell_all(gauge.read(control.driven, identity.waiting))


async def _tick(control: ControlServer[Engine], mux: UdpMux) -> None:
    ended = mux.clock.monotonic()
    while True:
        await asyncio.sleep(TICK_S)
        if mux.clock.monotonic() - ended > TICK_S + STALL_S:
            mux.catch_up()
        for engine in control.driven:
            engine.tick(mux.clock.monotonic())
        ended = mux.clock.monotonic()
