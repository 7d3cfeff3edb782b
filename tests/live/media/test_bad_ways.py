"""A room on a bad network: what is lost on the way to the engine or from it is asked for and sent again, and nothing comes twice."""

import itertools
import random
from collections.abc import Callable
from struct import unpack_from

import pytest

from server.core.clock import SystemClock
from server.media import reception
from server.media.codecs import BY_NAME
from server.media.reception import Reception
from server.media.rtcp import Nack, PictureLoss, read_compound, write_nack
from server.media.rtp import as_rtx
from tests.live.media.app_side import Member
from tests.live.media.caller import Caller, until
from tests.live.media.standing import Standing
from tests.pure.media.net import Encoder, read

pytestmark = [pytest.mark.anyio, pytest.mark.row("V6")]

LOST = 0.15
PICTURES = 400
TICK_S = 0.1
CAMERA = BY_NAME["VP8"]
REPAIR_SSRC, ASKER = 4242, 1


class Sender:
    """A browser's camera on a way that loses packets; it sends again what it is asked for, by its second SSRC (RFC 4588)."""

    def __init__(self, caller: Caller, chance: random.Random) -> None:
        self.encoder = Encoder(77, "", sequence=1, timestamp=1, picture=1, named=PICTURES)
        self.sent: dict[int, bytes] = {}
        self._caller, self._chance = caller, chance
        self._repairs = itertools.count(1)
        self._read = 0

    def show(self) -> None:
        """Send the next picture and whatever is asked for; it goes on and on, since nobody misses what nothing comes after."""
        packets, self._read = self._caller.rtcp[self._read :], len(self._caller.rtcp)
        asked = [block for packet in packets for block in read_compound(packet)]
        sequence = self.encoder.sequence
        self.sent[sequence] = self.encoder.next(key=any(isinstance(block, PictureLoss) for block in asked))
        self._throw(self.sent[sequence])
        for sequence in itertools.chain.from_iterable(block.sequences for block in asked if isinstance(block, Nack)):
            self._throw(as_rtx(self.sent[sequence], CAMERA.rtx or 0, REPAIR_SSRC, next(self._repairs), sequence))

    def _throw(self, packet: bytes) -> None:
        if self._chance.random() >= LOST:
            self._caller.send_rtp(packet)


class Viewer:
    """A browser that shows the picture: it asks again for what is missing, and counts what it has."""

    def __init__(self, caller: Caller) -> None:
        self.got: dict[int, int] = {}
        self.twice = 0
        self._caller = caller
        self._seen = 0
        self._ssrc = 0
        self._reception: Reception | None = None

    def look(self, now: float) -> None:
        fresh, self._seen = self._caller.rtp[self._seen :], len(self._caller.rtp)
        for packet in fresh:
            self._take(packet, now)
        asked = self._reception.ask(now) if self._reception else []
        if asked:
            self._caller.send_rtcp(write_nack(ASKER, self._ssrc, asked))

    def has_all_until(self, last: int) -> bool:
        """Whether it has every picture from its first one on to this one."""
        pictures = set(self.got.values())
        return last in pictures and pictures.issuperset(range(min(pictures), last))

    def _take(self, packet: bytes, now: float) -> None:
        header, _, payload = read(packet)
        sequence, picture = header.sequence, payload
        if header.payload_type == CAMERA.rtx:
            (sequence,), picture = unpack_from("!H", payload), payload[2:]
        elif header.payload_type != CAMERA.payload_type:
            return
        else:
            self._ssrc = header.ssrc
        if not picture:
            return  # a probe: padding alone
        self._reception = self._reception or Reception(sequence, CAMERA.clock_hz)
        self._reception.heard(sequence, header.timestamp, now)
        self.twice += sequence in self.got
        self.got[sequence] = int.from_bytes(picture[2:4], "big") & 0x7FFF


@pytest.fixture
async def camera(standing: Standing) -> tuple[Member, Member]:
    """One who shows a camera without layers, and one who looks on."""
    ann, ben = Member(standing.app, "ann"), Member(standing.app, "ben")
    await ann.join(publishes=["camera"], simulcast=False)
    await ann.answer("publish")
    await ben.join(publishes=[])
    while not (await ben.answer("subscribe")).streams:
        continue
    return ann, ben


def showing(standing: Standing, sender: Sender, viewer: Viewer, met: Callable[[], bool]) -> Callable[[], bool]:
    """Return a condition at whose every asking one more picture is sent and all sides do what is due."""

    ticked = 0.0

    def ask() -> bool:
        nonlocal ticked
        now = SystemClock().monotonic()
        sender.show()
        viewer.look(now)
        if now - ticked >= TICK_S:
            ticked = now
            standing.tick(now)
        return met()

    return ask


async def test_fifteen_percent_loss_both_ways_is_repaired(
    standing: Standing, camera: tuple[Member, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 10,000 packets that are lost one at most is given up, and a key picture asked for; here none may be."""
    assert LOST**reception.TRIES < 1e-4
    monkeypatch.setattr(reception, "TRIES", 20)
    ann, ben = camera
    chance = random.Random(15)
    sender, viewer = Sender(ann.callers["publish"], chance), Viewer(ben.callers["subscribe"])
    lost: list[bool] = []

    def drop() -> bool:
        lost.append(chance.random() < LOST)
        return lost[-1]

    standing.mux.drop = drop
    await until(showing(standing, sender, viewer, lambda: viewer.has_all_until(PICTURES)), 30)
    assert sum(lost) > PICTURES * LOST / 2
    pictures = [viewer.got[sequence] for sequence in sorted(viewer.got)]
    assert min(pictures) < PICTURES / 2
    assert pictures == sorted(set(pictures)), "each once, in the order in which they were sent"
    assert viewer.twice <= PICTURES * LOST
    ann.vanish()
    ben.vanish()
