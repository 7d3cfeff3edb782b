"""One who floods the engine, and the others, who speak at their own pace over the same port."""

import asyncio
import itertools
import random
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.core.clock import SystemClock
from server.media import native
from server.media.dtls import Identity
from server.media.limits import AHEAD_S, PACKETS_S
from server.media.ring import SIZE
from server.media_control import Connected, Join, Leave, Load
from tests.conftest import StillClock
from tests.live.media import flood
from tests.live.media.app_side import App, Member, heard, open_room, spoken
from tests.live.media.caller import Caller, until
from tests.live.media.line import Line, dial, ground, numbered
from tests.live.media.standing import Standing
from tests.pure.media.net import Encoder
from tests.servers import Forked, listening_at, missing

pytestmark = [pytest.mark.anyio, pytest.mark.row("V5")]

AT_ONCE = int(AHEAD_S * PACKETS_S)
GREETING = 20  # datagrams of ICE and DTLS, at most, before the first packet
STEP = 100
WAYS = {"lane": {"express": True}, "fast": {"express": False}, "plain": {"fast": False, "express": False}}

FLOOD = 20_000
TRIES = 3  # as in test_load.py: a kernel that gives the engine no time for long enough loses packets of everybody alike
PAUSE_S = 0.005
LOADS = 10  # that are waited for
PICTURES = 1_500


async def pour(line: Line, caller: Caller, packets: list[bytes]) -> None:
    """Send these in the same moment, as the engine's clock has it, and no faster than it reads."""
    mux, before = line.mux, line.mux.received
    for number, packet in enumerate(packets, 1):
        caller.throw(packet)
        if number % STEP == 0:
            await until(lambda number=number: mux.received == before + number)  # type: ignore[misc]


@pytest.mark.parametrize("way", WAYS)
async def test_bad_44_of_one_who_floods_so_much_is_taken_and_of_the_others_everything(way: str) -> None:
    if way == "lane" and not native.available():
        missing("the engine's native part", "try: make native")
    clock, identity = StillClock(), Identity()
    async with ground(clock, stamped=False, **WAYS[way]) as mux:
        (loud, loudly), (calm, calmly) = await dial(mux, identity), await dial(mux, identity)
        await pour(loud, loudly, [loudly.seal(numbered(number)) for number in range(AT_ONCE + 500)])
        assert AT_ONCE - GREETING <= len(loud.rtp) <= AT_ONCE + 1
        assert mux.excess == AT_ONCE + 500 - len(loud.rtp)
        excess, refused = mux.excess, mux.refused
        await pour(loud, loudly, [b"\x80\x60" + random.Random(number).randbytes(90) for number in range(STEP)])
        assert (mux.excess, mux.refused) == (excess + STEP, refused), "what nobody could open is not even tried"
        calmly.send_rtp(numbered(1))
        await until(lambda: calm.rtp == [numbered(1)])
        clock.advance(0.1)
        taken = len(loud.rtp)
        await pour(loud, loudly, [loudly.seal(numbered(number)) for number in range(AT_ONCE + 500, AT_ONCE + 1_000)])
        assert abs(len(loud.rtp) - taken - PACKETS_S / 10) <= 1
        assert not loud.reasons


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """The application that drives an engine in a process of its own."""
    control = tmp_path / "control"
    engine = Forked(["media", "--control", str(control), "--listen", "127.0.0.1:0"], tmp_path / "engine.log")
    try:
        engine.until_up(lambda: listening_at(control))
        yield await App.at(control)
        await App.hang_up_all()
    finally:
        engine.stop()


class Talk:
    """A room in which one speaks and one listens."""

    def __init__(self, app: App, room: str) -> None:
        self.app, self.room = app, room
        self.speaker, self.listener = Member(app, f"{room}-speaker", room), Member(app, f"{room}-listener", room)
        self._numbers = itertools.count(1)

    async def begin(self) -> None:
        """Return when what is said is heard."""
        await open_room(self.app, self.room)
        await self.speaker.join(publishes=["audio"])
        await self.speaker.answer("publish")
        await self.app.event(Connected, peer=self.speaker.name)
        await self.listener.join(publishes=[])
        while not (await self.listener.answer("subscribe")).streams:
            continue
        await self.app.event(Connected, peer=self.listener.name)
        await until(self.is_heard)

    def is_heard(self) -> bool:
        """Say something at every asking, and tell whether anything was heard."""
        self.say()
        return self.heard > 0

    def say(self) -> None:
        self.mouth.send_rtp(spoken(next(self._numbers)))

    @property
    def mouth(self) -> Caller:
        return self.speaker.callers["publish"]

    @property
    def heard(self) -> int:
        return heard(self.listener)

    def flood(self, kind: str) -> list[bytes]:
        """Return what to flood with: all that one could say in minutes, or what only looks like it."""
        if kind == "said":
            return [self.mouth.seal(spoken(next(self._numbers))) for _ in range(FLOOD)]
        return [b"\x80\x6f" + random.Random(number).randbytes(100) for number in range(200)]

    async def stay(self) -> None:
        """Both are still there (RFC 7675)."""
        for member in (self.speaker, self.listener):
            for caller in member.callers.values():
                await caller.nominate()


async def live_on(calm: Talk, flooding: "subprocess.Popen[bytes]") -> tuple[int, int]:
    """Talk, and let guests come and go, as long as the flood lasts; returns how often both was done."""
    said = came = 0
    while flooding.poll() is None:
        calm.say()
        said += 1
        await asyncio.sleep(PAUSE_S)
        if said % 5 == 0:
            came += 1
            assert await calm.app.do(Join, room=calm.room, peer=f"guest-{came}", publishes=[]) == "ok"
            assert await calm.app.do(Leave, room=calm.room, peer=f"guest-{came}") == "ok"
    assert flooding.returncode == 0
    return said, came


async def settled(app: App) -> Counter[str]:
    """Return how much of the flood the engine dropped, and how much the kernel, once both have dropped nothing more for a while."""
    dropped: Counter[str] = Counter()
    for _ in range(LOADS):
        load = await app.event(Load)
        dropped.update(excess=load.excess, overrun=load.overrun)
        if dropped["excess"] and not (load.excess or load.overrun or load.queued):
            break
    return dropped


@pytest.mark.parametrize("kind", ["said", "garbage"])
async def test_bad_44_a_flood_in_one_room_is_not_heard_in_another(app: App, kind: str) -> None:
    loud, calm = Talk(app, "loud"), Talk(app, "calm")
    await loud.begin()
    await calm.begin()
    for _ in range(TRIES):
        await loud.stay()
        await calm.stay()
        heard, heard_loudly = calm.heard, loud.heard
        said, came = await live_on(calm, flood.begin(loud.mouth.socket, loud.mouth.server, loud.flood(kind), FLOOD))
        dropped = await settled(app)
        assert came > 0
        assert dropped["excess"] > 0
        assert loud.heard - heard_loudly <= FLOOD - dropped["excess"]
        assert (kind == "said") == (loud.heard > heard_loudly)
        if not dropped["overrun"]:
            break
    assert said - dropped["overrun"] <= calm.heard - heard <= said, "only the kernel, whose queue all browsers share, may have lost some"


async def test_bad_44_what_is_kept_of_a_flood_is_bounded(standing: Standing) -> None:
    """Its last packets, for who might have missed one; nothing for a subscriber who does not read."""
    ann, ben = Member(standing.app, "ann"), Member(standing.app, "ben")
    await ann.join(publishes=["camera"], simulcast=False)
    await ann.answer("publish")
    await ben.join(publishes=[])
    while not (await ben.answer("subscribe")).streams:
        continue
    camera, mux = Encoder(77, "", sequence=1, timestamp=1, picture=1, named=3), standing.mux

    def shown() -> bool:
        ann.callers["publish"].send_rtp(camera.next(key=True))
        standing.tick(SystemClock().monotonic())
        return bool(ben.callers["subscribe"].rtp)

    await until(shown)
    ben.callers["subscribe"].fall_silent()
    for number in range(PICTURES):
        received = mux.received
        ann.callers["publish"].send_rtp(camera.next())
        if number % STEP == 0:
            await until(lambda received=received: mux.received > received)  # type: ignore[misc]
    last = camera.sequence - 1
    (layer,) = standing.engine._rooms["r"]._peers["ann"].publishing.router.tracks["camera"].layers.values()  # type: ignore[union-attr]
    await until(lambda: layer.incoming.highest == last)
    kept = [sequence for sequence in range(0x10000) if layer.ring.get(sequence) is not None]
    assert kept == list(range(last - SIZE + 1, last + 1))
    assert mux._next == 0, "and nothing waits to be sent"
