"""What a subscriber's way carries, found out over a bottleneck that is simulated: 20 ms long, with a queue of 400 ms."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import pytest

from server.media.bwe import (
    LEAST_BPS,
    LOG,
    LOSS_FLOOR_BPS,
    PROBE_BYTES,
    PROBE_PIECES,
    REMB_S,
    START_BPS,
    UNHEARD_S,
    UNLIMITED_BPS,
    Estimator,
    Train,
    piece_of_probe,
)  # fmt: skip
from server.media.layers import Chooser, Demand
from server.media.rtcp import read_compound
from server.media.twcc import Arrivals, Feedback

pytestmark = pytest.mark.row("V6")

LAYERS = (150_000, 500_000, 1_500_000)
ONE_LAYER = (1_500_000,)
SOUND = 48_000
WAY_S, QUEUE_S = 0.02, 0.4
BEGIN = 100.0


@dataclass
class Moment:
    at: float
    budget: int
    layer: int | None
    queue_ms: float


class Way:
    """The bottleneck, and a receiver behind it who tells what arrived. `capacity` is bit/s by seconds since the beginning. In the seconds
    that are `dark` everything is lost, both ways, and no picture comes in to be sent.
    """

    def __init__(
        self,
        capacity: Callable[[float], float],
        *,
        jitter_s: float = 0.0,
        loss: float = 0.0,
        dark: tuple[float, float] = (0.0, 0.0),
        seed: int = 1,
    ) -> None:
        self._dark = dark
        self._capacity, self._jitter_s, self._loss, self._dice = capacity, jitter_s, loss, Random(seed)
        self.free_at = BEGIN
        self._under_way: deque[tuple[float, int]] = deque()
        self._arrivals = Arrivals()
        self._told: deque[tuple[float, bytes]] = deque()
        self._tell_at = BEGIN

    def send(self, sequence: int, size: int, now: float) -> None:
        start = max(self.free_at, now)
        if start - now > QUEUE_S or self._dice.random() < self._loss or self.is_dark(now):
            return
        self.free_at = start + 8 * size / self._capacity(now - BEGIN)
        last = self._under_way[-1][0] if self._under_way else 0.0
        self._under_way.append((max(last, self.free_at + WAY_S + self._dice.random() * self._jitter_s), sequence))

    def is_dark(self, now: float) -> bool:
        return self._dark[0] <= now - BEGIN < self._dark[1]

    def told(self, now: float) -> list[Feedback]:
        while self._under_way and self._under_way[0][0] <= now:
            at, sequence = self._under_way.popleft()
            self._arrivals.heard(sequence, at - 70.0)  # another clock than ours
        if now >= self._tell_at:
            self._tell_at = now + 0.05
            self._told.extend((now + WAY_S, packet) for packet in self._arrivals.take(1, 2))
        packets = []
        while self._told and self._told[0][0] <= now:
            packets.append(self._told.popleft()[1])
        if self.is_dark(now):
            return []
        return [one for packet in packets for one in read_compound(packet) if isinstance(one, Feedback)]


class Viewer:
    """Sends sound and the layer that fits, as a subscriber is sent them."""

    def __init__(self, way: Way, rates: tuple[int, ...]) -> None:
        self.way, self.estimator, self.chooser, self.now = way, Estimator(BEGIN), Chooser(), BEGIN
        self.rates = rates
        self.estimator.begin(BEGIN)
        self.layer: int | None = None
        self.pieces: list[int] = []
        self.moments: list[Moment] = []

    def go_on_probing(self) -> None:
        if self.pieces:
            self.send(PROBE_BYTES, self.pieces.pop())
            if not self.pieces:
                self.estimator.end_probe(self.now)

    def send(self, size: int, count: int = 1) -> None:
        for _ in range(count):
            self.way.send(self.estimator.number(size, self.now), size, self.now)

    def send_frame(self) -> None:
        if self.layer is not None:
            frame = self.rates[self.layer] * 0.035 / 8
            count = max(1, round(frame / 1100))
            self.send(round(frame / count), count)

    def choose(self) -> None:
        estimator, now, demand = self.estimator, self.now, Demand(self.rates, len(self.rates) - 1, self.layer)
        self.layer = self.chooser.choose([demand], max(0, estimator.budget(now) - SOUND), now, may_pause=estimator.is_measured)[0]
        if estimator.wants_probe(demand.wanted + SOUND, now):
            estimator.begin_probe(demand.wanted + SOUND, now)
            self.pieces = [piece_of_probe(demand.wanted + SOUND)] * PROBE_PIECES
            self.go_on_probing()
        self.moments.append(Moment(now - BEGIN, estimator.budget(now), self.layer, max(0.0, self.way.free_at - now) * 1000))


def watch(way: Way, seconds: float, rates: tuple[int, ...] = LAYERS, *, moves_at: float | None = None) -> list[Moment]:
    """Return every tenth of a second of it. The estimator is told at `moves_at` that the way is another one."""
    viewer = Viewer(way, rates)
    for step in range(round(seconds / 0.005)):
        viewer.now = BEGIN + 0.005 * step
        if moves_at is not None and step == round(moves_at / 0.005):
            viewer.estimator.begin_anew(viewer.now)
        if step % 4 == 0:
            viewer.send(SOUND // 400)
        if step % 7 == 0 and not way.is_dark(viewer.now):
            viewer.send_frame()
        for feedback in way.told(viewer.now):
            viewer.estimator.on_feedback(feedback, viewer.now)
        if step % 20 == 0:
            viewer.choose()
        if step % 2 == 0:
            viewer.go_on_probing()
    return viewer.moments


def between(moments: list[Moment], first: float, last: float) -> list[Moment]:
    return [moment for moment in moments if first <= moment.at < last]


JITTERS = pytest.mark.parametrize("jitter_s", [0.0, 0.004])


@JITTERS
def test_600_kbit_carry_the_smallest_layer_without_a_queue(jitter_s: float) -> None:
    late = between(watch(Way(lambda _: 600e3, jitter_s=jitter_s), 30), 3, 30)
    assert {moment.layer for moment in late} == {0}
    assert max(moment.budget for moment in late) < 620_000
    queues = sorted(moment.queue_ms for moment in late)
    assert queues[len(queues) * 9 // 10] < 40


@JITTERS
def test_a_way_that_narrows_and_widens_is_followed(jitter_s: float) -> None:
    moments = watch(Way(lambda at: 400e3 if 20 <= at < 40 else 2e6, jitter_s=jitter_s), 60)
    assert {moment.layer for moment in between(moments, 5, 20)} <= {1, 2}
    assert {moment.layer for moment in between(moments, 22, 40)} == {0}
    assert max(moment.budget for moment in between(moments, 22, 40)) < 450_000
    assert max(moment.queue_ms for moment in between(moments, 25, 40)) < 250
    assert {moment.layer for moment in between(moments, 55, 60)} <= {1, 2}


@JITTERS
def test_5_mbit_carry_the_largest_layer_within_seconds(jitter_s: float) -> None:
    moments = watch(Way(lambda _: 5e6, jitter_s=jitter_s), 20)
    assert {moment.layer for moment in between(moments, 5, 20)} == {2}


@pytest.mark.parametrize("dark_s", [0.3, 0.5, 0.8, 2.0])
@JITTERS
def test_a_picture_goes_on_at_once_when_there_is_another_way(jitter_s: float, dark_s: float) -> None:
    """A browser whose network changed hears nothing for half a second. That is no sign of how much it can hear after it."""
    back = 10 + dark_s
    late = between(watch(Way(lambda _: 2e6, jitter_s=jitter_s, dark=(10, back)), 20, moves_at=back), back, 20)
    assert None not in {moment.layer for moment in late}
    assert {moment.layer for moment in between(late, back + 5, 20)} <= {1, 2}


def test_another_way_that_is_narrow_is_found_to_be() -> None:
    late = watch(Way(lambda at: 2e6 if at < 10 else 400e3, dark=(10, 10.5)), 30, moves_at=10.5)
    assert {moment.layer for moment in between(late, 12.5, 30)} == {0}
    assert max(moment.budget for moment in between(late, 12.5, 30)) < 450_000


def test_a_way_too_narrow_for_any_picture_is_left_to_the_sound() -> None:
    late = between(watch(Way(lambda _: 100e3), 30), 2, 30)
    assert {moment.layer for moment in late} == {None}
    assert sorted(moment.queue_ms for moment in late)[len(late) * 8 // 10] < 60


def changes(moments: list[Moment]) -> int:
    return sum(one.layer != other.layer for one, other in pairwise(moments))


@JITTERS
def test_a_camera_of_one_layer_is_held_back_only_while_the_way_is_too_narrow(jitter_s: float) -> None:
    moments = watch(Way(lambda at: 1e6 if 10 <= at < 40 else 4e6, jitter_s=jitter_s), 90, ONE_LAYER)
    assert {moment.layer for moment in between(moments, 5, 10)} == {0}
    assert {moment.layer for moment in between(moments, 15, 40)} == {None}
    assert {moment.layer for moment in between(moments, 65, 90)} == {0}
    assert changes(between(moments, 5, 90)) == 2, "once away and once back"


@pytest.mark.parametrize("capacity", [1.4e6, 1.55e6, 1.7e6, 1.9e6])
def test_a_camera_of_one_layer_does_not_flicker_where_it_hardly_fits(capacity: float) -> None:
    late = between(watch(Way(lambda _: capacity, jitter_s=0.002), 120, ONE_LAYER), 10, 120)
    assert changes(late) <= 6


def test_loss_lowers_the_layer_and_pauses_nothing() -> None:
    late = between(watch(Way(lambda _: 5e6, loss=0.15), 40), 20, 40)
    assert {moment.layer for moment in late} == {0}
    assert all(moment.budget >= LOSS_FLOOR_BPS for moment in late)


def test_loss_that_is_chance_lowers_nothing() -> None:
    """The packets of a call of three on the smallest layers: so few that one in twenty is at times one in eight of half a second's."""
    estimator, dice, lossy = Estimator(BEGIN), Random(3), 0
    for turn in range(1200):
        now = BEGIN + 0.25 * turn
        first = estimator.number(800, now)
        for _ in range(38):
            estimator.number(800, now)
        arrivals = [None if dice.random() < 0.05 else 0.0 for _ in range(39)]
        estimator.on_remb(4_000_000, now)
        estimator.on_feedback(Feedback(first, 39, 0.25 * turn, 0, arrivals), now)
        assert estimator.budget(now) == 4_000_000
        lossy += estimator.is_lossy
    assert lossy > 1150


def test_what_a_probe_loses_is_no_loss_of_the_way() -> None:
    estimator = Estimator(BEGIN)
    first = estimator.number(800, BEGIN)
    estimator.begin_probe(2_000_000, BEGIN)
    for _ in range(40):
        estimator.number(PROBE_BYTES, BEGIN)
    estimator.end_probe(BEGIN)
    estimator.on_feedback(Feedback(first, 41, 0.0, 0, [0.0, *[None] * 40]), BEGIN + 3)
    assert estimator.lost == 0
    assert not estimator.wants_probe(2_000_000, BEGIN + 4), "it is no less a probe that brought nothing"


def test_loss_that_ends_is_forgiven() -> None:
    way = Way(lambda _: 5e6, loss=0.15)
    estimator = Estimator(BEGIN)
    estimator.on_remb(4_000_000, BEGIN)
    for turn in range(800):
        now = BEGIN + 0.02 * turn
        if turn == 200:
            assert estimator.budget(now) < 3_900_000
            assert 0.05 < estimator.lost < 0.3
            way = Way(lambda _: 5e6)
        way.send(estimator.number(1000, now), 1000, now)
        for feedback in way.told(now):
            estimator.on_feedback(feedback, now)
    assert estimator.lost == 0


def test_nothing_is_known_at_first() -> None:
    estimator = Estimator(BEGIN)
    assert not estimator.is_measured
    assert estimator.budget(BEGIN) == START_BPS
    assert estimator.budget(BEGIN + UNHEARD_S + 1) == UNLIMITED_BPS
    assert not estimator.wants_probe(9_000_000, BEGIN), "nobody would tell of it"


def test_the_receivers_own_estimate_counts_while_it_is_fresh() -> None:
    estimator = Estimator(BEGIN)
    estimator.on_remb(300_000, BEGIN)
    assert estimator.is_measured
    assert estimator.budget(BEGIN) == 300_000
    assert estimator.budget(BEGIN + REMB_S + 1) == START_BPS
    estimator.on_remb(0, BEGIN + 20)
    assert estimator.budget(BEGIN + 20) == LEAST_BPS


def test_feedback_about_nothing_that_was_sent_teaches_nothing() -> None:
    estimator = Estimator(BEGIN)
    for _ in range(10):
        estimator.number(1000, BEGIN)
    for base in (10, 5000, 65_000):
        estimator.on_feedback(Feedback(base, 40, 0.0, 0, [0.001 * number for number in range(40)]), BEGIN + 1)
        estimator.on_feedback(Feedback(base, 40, 0.0, 0, [None] * 40), BEGIN + 2)
    assert not estimator.is_measured
    assert estimator.lost == 0


def test_a_receivers_clock_that_leaps_costs_no_time_and_no_sense() -> None:
    """The times of an honest receiver wrap round after days; those of another may be anything."""
    estimator, dice = Estimator(BEGIN), Random(5)
    for turn in range(100):
        now = BEGIN - 6 + 0.05 * turn
        first = estimator.number(1000, now)
        estimator.on_feedback(Feedback(first, 1, 0.05 * turn, 0, [0.05 * turn]), now)
    assert estimator.is_measured
    for turn in range(400):
        now = BEGIN + 0.05 * turn
        first = estimator.number(1000, now)
        estimator.number(1000, now)
        at = dice.uniform(-5e5, 5e5) if turn % 3 == 0 else 0.05 * turn
        estimator.on_feedback(Feedback(first, 2, at, 0, [at, at + 0.001]), now)
    assert LEAST_BPS <= estimator.budget(BEGIN + 20) <= UNLIMITED_BPS


def test_old_numbers_are_not_taken_for_new_ones() -> None:
    estimator = Estimator(BEGIN)
    for _ in range(LOG + 1):
        estimator.number(1000, BEGIN)
    estimator.on_feedback(Feedback(0, 1, 0.0, 0, [None]), BEGIN + 1)
    assert estimator.lost == 0
    estimator.on_feedback(Feedback(1, 1, 0.0, 0, [None]), BEGIN + 2)
    assert estimator.lost == 1


def test_a_probe_that_is_lost_ends_and_the_next_one_waits_longer() -> None:
    estimator = Estimator(BEGIN)
    estimator.begin(BEGIN)
    heard = Feedback(estimator.number(100, BEGIN), 1, 0.0, 0, [0.0])
    estimator.on_feedback(heard, BEGIN)
    assert estimator.wants_probe(2_000_000, BEGIN)
    estimator.begin_probe(2_000_000, BEGIN)
    estimator.number(275, BEGIN)
    estimator.end_probe(BEGIN)
    assert not estimator.wants_probe(2_000_000, BEGIN + 10), "one at a time"
    estimator.on_feedback(heard, BEGIN + 2)
    assert not estimator.wants_probe(2_000_000, BEGIN + 4)
    assert estimator.wants_probe(2_000_000, BEGIN + 6.1)
    estimator.begin_probe(2_000_000, BEGIN + 6.1)
    estimator.end_probe(BEGIN + 6.1)
    assert not estimator.wants_probe(2_000_000, BEGIN + 7), "there was nothing to send it with"


def test_after_a_probe_that_went_out_too_slowly_the_next_one_waits_no_longer() -> None:
    estimator = Estimator(BEGIN)
    heard = Feedback(estimator.number(100, BEGIN), 1, 0.0, 0, [0.0])
    estimator.on_feedback(heard, BEGIN)
    for turn in range(4):
        now = BEGIN + 3.1 * turn
        assert estimator.wants_probe(2_000_000, now)
        estimator.begin_probe(2_000_000, now)
        estimator.number(275, now)
        estimator.end_probe(now + 0.05)
        estimator.on_feedback(heard, now + 2)


def test_a_train_shows_what_the_way_carries() -> None:
    train = Train(65_534, BEGIN)
    assert [sequence for sequence in (65_533, 65_534, 40) if train.holds(sequence)] == [65_534, 40], "it is still being sent"
    assert not train.is_whole
    train.count, train.took_ms = 4, 10.0
    assert [sequence for sequence in (65_533, 65_534, 65_535, 0, 1, 2) if train.holds(sequence)] == [65_534, 65_535, 0, 1]
    for number in range(4):
        assert not train.is_whole
        train.heard(100.0 + 10 * number, 1000)
    assert train.is_whole
    assert train.carried_bps == 960_000, "five milliseconds may be chance"
    train.took_ms = 20.0
    assert train.carried_bps == 960_000
    train.took_ms = 21.0
    assert train.carried_bps is None
    assert Train(0, BEGIN).carried_bps is None
