"""An engine tells where it does not keep up, as the kernel and the browsers see it."""

import socket

import pytest

from server.media.engine import Engine
from server.media.gauge import Gauge, meminfo
from server.media.limits import LARGEST_PACKET
from tests.conftest import StillClock
from tests.live.media.app_side import Member
from tests.live.media.caller import until
from tests.live.media.standing import Standing

pytestmark = [pytest.mark.anyio, pytest.mark.row("O3")]


async def test_what_a_full_queue_lost_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        bound.bind(("127.0.0.1", 0))
        assert meminfo(bound) == (0, 0)
        for _ in range(50):
            sender.sendto(bytes(1_000), bound.getsockname())
        queued, overrun = meminfo(bound)
        assert queued >= 1_000
        assert 0 < overrun < 50


async def test_a_packet_that_is_too_long_is_counted(standing: Standing) -> None:
    gauge = Gauge(standing.mux, StillClock())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(bytes(LARGEST_PACKET + 1), ("127.0.0.1", standing.mux.port))
        await until(lambda: standing.mux.oversize == 1)
    assert gauge.read([standing.engine], 0).oversize == 1
    assert gauge.read([standing.engine], 0).oversize == 0, "since the time before"


async def test_what_every_application_has_is_added_up(standing: Standing) -> None:
    ann = Member(standing.app, "ann")
    await ann.join()
    other = Engine(standing.engine._ground, lambda _: None)
    load = Gauge(standing.mux, StillClock()).read([standing.engine, other], waiting=3)
    assert (load.rooms, load.peers, load.lost, load.waiting, load.queued) == (1, 1, 0.0, 3, 0)
