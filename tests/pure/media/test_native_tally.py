"""What the lane learns from the usual report, beside what Python learns from the same."""

from collections.abc import Iterator
from functools import partial
from random import Random
from struct import pack
from typing import Any, NamedTuple

import pytest

from server.media import native
from server.media.bwe import PROBE_BYTES, Estimator, Tally
from server.media.lane import Lane
from server.media.mmsg import ffi
from server.media.native_delay import NativeDelay
from server.media.rtcp import Block, ReceiverReport, read_compound, write_receiver_report
from server.media.stalls import Stalls
from server.media.twcc import REFERENCE_PERIOD_S, Arrivals, Feedback
from tests.servers import missing

pytestmark = pytest.mark.row("V6")

TELLER = 0x1234567
BEGIN = 1000.0
EVERY_S = 0.09


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if not native.available():
        missing("the engine's native part", "try: make native")


class Told(NamedTuple):
    """A packet of RTCP that comes at this time. `stall` holds the last batch up."""

    at: float
    packet: bytes
    stall: bool = False


class Side:
    """One estimator, and whoever sends by it."""

    def __init__(self, lane: Lane | None) -> None:
        self.lane, self.taken, self.stalls = lane, 0, Stalls()
        if lane is None:
            self.wire, self.estimator = None, Estimator(BEGIN, NativeDelay)
        else:
            self.wire = lane.wire()
            tally = lane.tally(self.wire)
            self.estimator = Estimator(BEGIN, partial(NativeDelay, tally=tally), tally)
            self.lent = lane.lend_log(self.wire, self.estimator.log)
        self.estimator.begin(BEGIN)

    def take(self, told: Told) -> None:
        """As the port does: what the lane leaves is Python's, and tells the lane who has told."""
        if self.lane is not None:
            packet, stalled_at = ffi.from_buffer(told.packet), self.stalls._told.stalled_at
            if native.library.tally_take(self.wire, packet, len(told.packet), told.at, stalled_at):
                self.taken += 1
                return
            self.lane.know(self.wire, TELLER)
        for one in read_compound(told.packet):
            if isinstance(one, Feedback):
                self.estimator.on_feedback(one, told.at, self.stalls)

    def state(self, now: float) -> Any:
        tally = self.estimator.tally
        numbers = [getattr(tally, name) for name in Tally.__slots__]
        return numbers, [list(part) for part in self.estimator.log], self.estimator.budget(now), self.estimator.lost


def calm(dice: Random, packet: bytes) -> bytes:
    del dice
    return packet


def padded(dice: Random, packet: bytes) -> bytes:
    """As Chrome writes it: P is set, and the last byte counts the padding."""
    words = dice.randint(1, 4)
    return pack("!BBH", packet[0] | 0x20, packet[1], len(packet) // 4 - 1 + words) + packet[4:] + bytes(4 * words - 1) + bytes((4 * words,))


def compound(dice: Random, packet: bytes) -> bytes:
    report = write_receiver_report(ReceiverReport(TELLER, (Block(1, 2, 3, 4, 5, 6, 7),)))
    return dice.choice((report + packet, packet + report, report))


def spoilt(dice: Random, packet: bytes) -> bytes:
    changed = bytearray(packet)
    for _ in range(dice.randint(1, 3)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed[: dice.choice((len(changed), dice.randrange(4, len(changed) + 1)))])


def another(dice: Random, packet: bytes) -> bytes:
    return packet[:4] + dice.randbytes(4) + packet[8:]


def reports(sides: list[Side], seed: int, loss: float, *, usual: float = 0.7, narrow_bps: float = 1e6) -> Iterator[Told]:
    """Let both send the same over a way that narrows; yield what its receiver tells, often in a shape that is not the usual one."""
    dice, arrivals, now, free_at, tell_at = Random(seed), Arrivals(), BEGIN, BEGIN, BEGIN
    clock_s = dice.choice((-70.0, REFERENCE_PERIOD_S - BEGIN - 5.0))  # the second wraps round on the way
    spoil = dice.choice((calm, padded, compound, spoilt, another))
    for turn in range(1500):
        now += dice.choice((0.004, 0.01, 0.012))
        for size in dice.choices((90, 1100, 1200), k=dice.choice((1, 1, 3))):
            numbers = {side.estimator.number(size, now) for side in sides}
            free_at = max(free_at, now) + 8 * size / (8e6 if turn % 500 < 400 else narrow_bps)
            if dice.random() >= loss:
                arrivals.heard(numbers.pop(), free_at + 0.02 + dice.random() * 0.003 + clock_s)
        if now - tell_at > EVERY_S:
            tell_at = now
            clock_s += 30.0 if turn in {700, 701} else 0.0  # another clock
            for packet in arrivals.take(TELLER, 9):
                is_usual = dice.random() < usual
                yield Told(now, packet if is_usual else spoil(dice, packet), stall=dice.random() < 0.06 * (1 - usual))
                if dice.random() < 0.15 * (1 - usual):
                    yield Told(now, packet)  # it comes twice


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("seed", range(10))
def test_both_ways_learn_the_same(seed: int, loss: float) -> None:
    sides, told, probing = [Side(None), Side(Lane(cut=False))], 0, 0
    for told, report in enumerate(reports(sides, seed, loss), 1):
        for side in sides:
            if report.stall:
                side.stalls.sent(side.estimator.log.sent_at[side.estimator.log.next[0] - 1 & 2047], report.at)
            side.take(report)
        assert sides[0].state(report.at) == sides[1].state(report.at), told
        if probing or told % 40 == 0:
            probing = probe(sides, report.at, probing)
    assert told > 90
    assert 10 < sides[1].taken < told


def test_on_a_calm_way_python_is_left_only_what_is_to_be_decided() -> None:
    sides, told = [Side(None), Side(Lane(cut=False))], 0
    for told, report in enumerate(reports(sides, 1, 0.01, usual=1.0, narrow_bps=8e6), 1):
        for side in sides:
            side.take(report)
        assert sides[0].state(report.at) == sides[1].state(report.at), told
    assert sides[1].taken > 0.5 * told


def test_a_report_about_nothing_that_was_sent_changes_nothing() -> None:
    """An array whose memory is lent takes no empty slice: the connection of whoever told so ended once."""
    side, arrivals = Side(Lane(cut=False)), Arrivals()
    arrivals.heard(side.estimator.log.next[0], 5.0)
    before = side.state(BEGIN)[1:]
    for packet in arrivals.take(TELLER, 9):
        side.take(Told(BEGIN, packet))
    assert side.state(BEGIN)[1:] == before


def probe(sides: list[Side], now: float, probing: int) -> int:
    """Let both send a probe where they want one, and end it a little later. Returns 1 while they do."""
    wants = {side.estimator.wants_probe(3_000_000, now) for side in sides}
    for side in sides:
        if probing:
            side.estimator.end_probe(now)
        elif wants == {True}:
            side.estimator.begin_probe(3_000_000, now)
            for _ in range(8):
                side.estimator.number(PROBE_BYTES, now)
    assert len(wants) == 1
    return int(not probing and wants == {True})
