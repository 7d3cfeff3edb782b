"""The compiled lane beside the way of Python: the same packets in, over real sockets, and the same out."""

import gc
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from struct import pack, unpack_from
from typing import Any

import pytest

from server.media import native
from server.media.bwe import Tally
from server.media.codecs import TRANSPORT_SEQUENCE
from server.media.dtls import Connection, Identity
from server.media.forwarder import Forwarder
from server.media.publisher import Publisher
from server.media.router import Subscriber
from server.media.rtp import find_extensions, read_header
from server.media.twcc import Arrivals
from server.media.udp import UdpMux
from tests.conftest import StillClock
from tests.live.media.caller import Caller, until
from tests.live.media.line import ground
from tests.pure.media.net import rtp, vp8
from tests.servers import missing, need_six

pytestmark = [pytest.mark.anyio, pytest.mark.row("V5")]
CAMERA, SOUND = 10, 11
KINDS = {"VP8": 96, "H264": 102}
FOUR, SIX = "127.0.0.1", "::1"
HOSTS = {"four": (FOUR, FOUR, FOUR), "sender_of_six": (SIX, FOUR, SIX), "sender_of_four": (FOUR, SIX, FOUR)}
"""From where the publisher and the two subscribers speak."""


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if not native.available():
        missing("the engine's native part", "try: make native")


class Sender:
    """A camera and a microphone. Each burst is a list of packets; some are lost, late, far ahead, or nobody's."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)
        self._codec = "H264" if seed % 3 == 2 else "VP8"
        self.ssrc, self.named_until = CAMERA, 6
        self._camera, self._sound, self._picture, self._transport = 65_400, 65_500, 32_700, 65_300

    def burst(self, turn: int) -> list[bytes]:
        if turn % 3 == 1:
            return [self._of_sound(turn)]
        packets = [self._of_camera(turn, part) for part in range(self._dice.randint(1, 8))]
        self._picture += 1
        match self._dice.randrange(16) if turn > 4 else 15:
            case 0:
                del packets[0]
            case 1:
                packets.reverse()
            case 2:
                self._camera += 300
            case 3:
                packets.append(rtp(b"whose?", kind=96, ssrc=99, sequence=turn, timestamp=turn))
        return packets

    def _of_sound(self, turn: int) -> bytes:
        self._sound += 1
        names = {"mid": b"audio"} if turn < 9 else {}
        return rtp(
            bytes(self._dice.randint(1, 90)), kind=111, ssrc=SOUND, sequence=self._sound, timestamp=960 * turn, transport=self._number(),
            level=bytes((self._dice.randint(0, 127),)), **names,
        )  # fmt: skip

    def _of_camera(self, turn: int, part: int) -> bytes:
        self._camera += 1
        key = turn % 40 == 0 and not part
        names = {"mid": b"camera"} if turn < self.named_until else {}
        payload = vp8(self._picture, self._picture, key=key) if self._codec == "VP8" else bytes((0x67 if key else 0x41, 1))
        if self._codec == "VP8" and self._dice.random() < 0.05:
            payload = bytes((0x10, 1)) + payload[5:]  # a descriptor without numbers
        return rtp(
            payload + self._dice.randbytes(self._dice.choice((3, 700, 1_000))), kind=KINDS[self._codec], ssrc=self.ssrc,
            sequence=self._camera, timestamp=4_294_900_000 + 3000 * turn, marker=part == 7, transport=self._number(), sent=b"old", **names,
        )  # fmt: skip

    def _number(self) -> bytes:
        self._transport += 1
        return pack("!H", self._transport & 0xFFFF)


class Call:
    """One publisher and two subscribers, who take camera and sound."""

    def __init__(self, mux: UdpMux, identity: Identity, hosts: tuple[str, ...]) -> None:
        self.mux, self._identity, self._hosts = mux, identity, hosts
        self.by_python = 0
        self.levels: list[int] = []
        self.callers: list[Caller] = []
        self.forwarders: list[Forwarder] = []
        self.subscribers: list[Subscriber] = []
        self.reports = self.reports_to_python = 0
        self._arrivals = [Arrivals(), Arrivals()]
        self._heard = [0, 0]

    async def begin(self) -> None:
        lines = {"audio": "audio", "camera": "video"}
        connection = await self._dial(self._hosts[0])
        self.publisher = Publisher(self.mux, connection, lines, lambda level, _: self.levels.append(level))  # type: ignore[arg-type]
        connection.on_rtp, connection.on_rtcp = self._take, self.publisher.on_rtcp
        for number in (1, 2):
            connection = await self._dial(self._hosts[number])
            subscriber = Subscriber(self.mux, connection)
            subscriber.estimator.on_remb(50_000_000, self.mux.clock.monotonic())
            subscriber.estimator._delay.control.set_estimate(50_000_000, 0)  # it begins after three seconds otherwise
            connection.on_rtcp = partial(self._take_report, subscriber)
            self.subscribers.append(subscriber)
            self.forwarders += [
                subscriber.add(self.publisher, mid, 70 * number + at, 700 * number + at) for at, mid in enumerate(("camera", "audio"))
            ]

    def _take(self, *packet: Any) -> None:
        self.by_python += 1
        self.publisher.on_rtp(*packet)

    def _take_report(self, subscriber: Subscriber, packet: bytes, now: float) -> None:
        self.reports_to_python += 1
        subscriber.on_rtcp(packet, now)

    async def _dial(self, host: str) -> Connection:
        connection = Connection(
            self.mux, self._identity, on_rtp=lambda *_: None, on_rtcp=lambda *_: None, on_connected=lambda: None, on_gone=lambda _: None
        )
        caller = Caller((host, self.mux.port), connection.ufrag, connection.password)
        connection.remote(caller.fingerprint, "active")
        await caller.connect(connection.fingerprint)
        await until(lambda: connection.connected)
        self.callers.append(caller)
        return connection

    async def play(self, seed: int, clock: StillClock) -> None:
        sender = Sender(seed)
        for turn in range(240):
            self.change(turn, sender)
            burst, taken = sender.burst(turn), self.mux.received
            for packet in burst:
                self.callers[0].send_rtp(packet)
            await until(lambda taken=taken, burst=burst: self.mux.received == taken + len(burst))  # type: ignore[misc]
            clock.advance(0.01)
            if turn % 5 == 0:
                self.tick()
            await until(lambda: all(len(caller.rtp) == self.sent(at) for at, caller in enumerate(self.callers[1:])))
            if turn % 3 == 0:
                await self.report(clock.monotonic())
        self.tick()

    async def report(self, now: float) -> None:
        """Let both subscribers tell when their packets came."""
        taken, sent = self.mux.received, 0
        for at, (caller, arrivals) in enumerate(zip(self.callers[1:], self._arrivals, strict=True)):
            for packet in caller.rtp[self._heard[at] :]:
                header = read_header(packet, 0, len(packet))
                assert header is not None
                (number,) = unpack_from("!H", packet, find_extensions(packet, header)[TRANSPORT_SEQUENCE][0])
                arrivals.heard(number, now)
            self._heard[at] = len(caller.rtp)
            for packet in arrivals.take(1 + at, 9):
                caller.send_rtcp(packet)
                sent += 1
        self.reports += sent
        await until(lambda: self.mux.received == taken + sent)

    def change(self, turn: int, sender: Sender) -> None:
        """Somebody looks away and back again, and the camera goes on under another SSRC. What is left behind is really gone."""
        if turn in {60, 90}:
            self.forwarders[2].wish(None if turn == 60 else "h")
        elif turn == 120:
            sender.ssrc, sender.named_until = CAMERA + 5, turn + 6
        gc.collect(0)

    def tick(self) -> None:
        now = self.mux.clock.monotonic()
        self.publisher.tick(now)
        for subscriber in self.subscribers:
            subscriber.tick(now)
        self.mux.flush()

    def sent(self, subscriber: int) -> int:
        return sum(one.outgoing.packets for one in self.forwarders[2 * subscriber : 2 * subscriber + 2])

    def told(self) -> dict[str, Any]:
        """Return everything that both ways must agree on."""
        layers = [layer for track in self.publisher.tracks.values() for layer in track.layers.values()]
        counters = ("packets", "bytes", "late", "sequence", "timestamp", "picture", "tl0", "last", "passed", "sent_at")
        return {
            "packets": [caller.rtp for caller in self.callers[1:]],
            "levels": self.levels,
            "to the publisher": self.callers[0].rtcp,
            "blocks": [layer.block(2000.0) for layer in layers],
            "rings": [[layer.ring.get(sequence) for sequence in range(0x10000)] for layer in layers if layer.kind == "video"],
            "heard": [(layer.incoming.heard_at, layer.incoming.bytes, layer.again) for layer in layers],
            "forwarders": [[getattr(one.outgoing, name) for name in counters] for one in self.forwarders],
            "tallies": [[getattr(one.estimator.tally, name) for name in Tally.__slots__] for one in self.subscribers],
            "budgets": [subscriber.estimator.budget(2000.0) for subscriber in self.subscribers],
            "logs": [[list(part) for part in subscriber.estimator.log] for subscriber in self.subscribers],
            "mux": (self.mux.refused, self.mux.dropped, self.mux.oversize, self.mux.excess, self.mux.strangers),
            "publisher": (self.publisher.broken, self.publisher.unknown),
        }


@asynccontextmanager
async def playing(
    identity: Identity, seed: int, hosts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, *, express: bool
) -> AsyncIterator[Call]:
    clock = StillClock()
    with monkeypatch.context() as same:
        same.setattr(secrets, "randbits", Random(seed).getrandbits)
        async with ground(clock, express=express, stamped=False, second=SIX if SIX in hosts else None) as mux:
            call = Call(mux, identity, hosts)
            await call.begin()
            await call.play(seed, clock)
            yield call


@pytest.mark.parametrize(("seed", "families"), list(enumerate(HOSTS)), ids=list(HOSTS))
async def test_both_ways_send_and_count_the_same(seed: int, families: str, monkeypatch: pytest.MonkeyPatch) -> None:
    identity, hosts = Identity(), HOSTS[families]
    if SIX in hosts:
        need_six()
    async with playing(identity, seed, hosts, monkeypatch, express=False) as call:
        expected = call.told()
    async with playing(identity, seed, hosts, monkeypatch, express=True) as call:
        found = call.told()
    assert call.by_python < 0.7 * call.mux.received, "the lane has had the others"
    assert call.reports_to_python < 0.8 * call.reports, "and of the reports, too"
    assert len(expected["packets"][0]) > 300
    for name, value in expected.items():
        assert found[name] == value, name
