"""What came while the engine's process was held up: its publisher is told when it came, not when it was read."""

import itertools
import threading
import time
from struct import pack
from types import SimpleNamespace
from typing import Any

import pytest

from server.core.clock import SystemClock
from server.media import mmsg, native, worker
from server.media.dtls import Connection, Identity
from server.media.publisher import FEEDBACK_EVERY_S, Publisher
from server.media.rtcp import read_compound
from server.media.twcc import Feedback
from server.media.udp import UdpMux
from tests.live.media.caller import Caller, until
from tests.live.media.line import ground
from tests.pure.media.net import rtp
from tests.servers import missing

pytestmark = [pytest.mark.anyio, pytest.mark.row("V5")]
APART_S, PACKETS = 0.01, 20


def sound(number: int) -> bytes:
    return rtp(bytes(80), kind=111, ssrc=11, sequence=number, timestamp=960 * number, transport=pack("!H", number), mid=b"audio")


async def publisher_at(mux: UdpMux) -> tuple[Publisher, Caller]:
    identity = Identity()
    connection = Connection(
        mux, identity, on_rtp=lambda *_: None, on_rtcp=lambda *_: None, on_connected=lambda: None, on_gone=lambda _: None
    )
    publisher = Publisher(mux, connection, {"audio": "audio"})
    connection.on_rtp, connection.on_rtcp = publisher.on_rtp, publisher.on_rtcp
    caller = Caller(("127.0.0.1", mux.port), connection.ufrag, connection.password)
    connection.remote(caller.fingerprint, "active")
    await caller.connect(connection.fingerprint)
    await until(lambda: connection.connected)
    return publisher, caller


def hold_up(caller: Caller, sealed: list[bytes]) -> float:
    """Stand still while packets come; returns how long it took to send them."""
    took = []

    def send() -> None:
        began = time.monotonic()
        for packet in sealed:
            time.sleep(APART_S)
            caller.throw(packet)
        took.append(time.monotonic() - began - APART_S)

    sender = threading.Thread(target=send)
    sender.start()
    sender.join()
    return took[0]


def told(caller: Caller) -> list[float]:
    """Return when each packet came, as the publisher was told."""
    reports = [report for packet in caller.rtcp for report in read_compound(packet) if isinstance(report, Feedback)]
    return [at for report in reports for at in report.arrivals if at is not None]


@pytest.mark.parametrize("express", [True, False], ids=["lane", "python"])
async def test_a_publisher_is_told_when_its_packets_came(express: bool) -> None:
    if express and not native.available():
        missing("the engine's native part", "try: make native")
    async with ground(express=express) as mux:
        if not mmsg.stamps(mux.sockets[0]):
            pytest.skip("this kernel stamps no datagrams")
        publisher, caller = await publisher_at(mux)
        for number in range(1, 4):
            caller.send_rtp(sound(number))
        received = mux.received
        await until(lambda: bool(publisher.tracks["audio"].layers) and publisher.tracks["audio"].layers[0].incoming.packets == 3)
        sealed = [caller.seal(sound(number)) for number in range(4, 4 + PACKETS)]
        took = hold_up(caller, sealed)
        held_until = SystemClock().monotonic()
        await until(lambda: mux.received >= received + PACKETS)
        publisher.tick(held_until + FEEDBACK_EVERY_S + took)
        mux.flush()
        await until(lambda: len(told(caller)) == 3 + PACKETS)
    times = told(caller)[3:]
    assert (PACKETS - 1) * APART_S * 0.95 <= times[-1] - times[0] <= took + 0.002
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > APART_S / 2
    assert publisher.tracks["audio"].layers[0].incoming.heard_at < held_until


async def test_what_waits_is_read_before_anybody_judges_what_has_not_come() -> None:
    async with ground() as mux:
        publisher, caller = await publisher_at(mux)
        caller.send_rtp(sound(1))
        await until(lambda: bool(publisher.tracks["audio"].layers))
        layer = publisher.tracks["audio"].layers[0]
        sealed = [caller.seal(sound(number)) for number in range(2, 2 + PACKETS)]
        seen: list[int] = []
        control: Any = SimpleNamespace(driven=[SimpleNamespace(tick=lambda _: seen.append(layer.incoming.packets))])
        mux.supervisor.keep(lambda: worker._tick(control, mux), name="media tick")
        await until(lambda: bool(seen))
        before = len(seen)
        hold_up(caller, sealed)
        await until(lambda: len(seen) > before)
    assert seen[before] == 1 + PACKETS
