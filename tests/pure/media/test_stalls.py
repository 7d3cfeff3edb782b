"""An engine on a busy machine, which is held up while it sends: that is no queue on the way."""

from random import Random

import pytest

from server.media.bwe import Estimator
from server.media.stalls import KEPT, STALL_S, Stalls
from server.media.twcc import Feedback
from tests.pure.media.test_bwe import BEGIN, ONE_LAYER, SOUND, Viewer, Way, between, changes

pytestmark = pytest.mark.row("V6")

LONGEST_S = 0.2


class Busy(Viewer):
    """Its loop is held up in one of ten batches, after it has looked at the clock and before anything is sent."""

    def __init__(self, stalls: Stalls) -> None:
        super().__init__(Way(lambda _: 20e6), ONE_LAYER)
        self._stalls, self._dice, self._late_s = stalls, Random(1), 0.0

    def send(self, size: int, count: int = 1) -> None:
        for _ in range(count):
            self.way.send(self.estimator.number(size, self.now), size, self.now + self._late_s)

    def turn(self, sounds: int, frames: int, choices: int) -> float:
        """Do one batch with so much in it; return when it is done."""
        self._late_s = self._dice.random() * LONGEST_S if sounds + frames and self._dice.random() < 0.1 else 0.0
        for _ in range(sounds):
            self.send(SOUND // 400)
        for _ in range(frames):
            self.send_frame()
        for feedback in self.way.told(self.now):
            self.estimator.on_feedback(feedback, self.now, self._stalls)
        if choices:
            self.choose()
        self.go_on_probing()
        self._stalls.sent(self.now, self.now + self._late_s)
        return self.now + self._late_s

    def watch(self, seconds: int) -> None:
        free_at, due = BEGIN, [0, 0, 0]
        for step in range(200 * seconds):
            due = [count + (step % every == 0) for count, every in zip(due, (4, 7, 20), strict=True)]
            self.now = BEGIN + 0.005 * step
            if self.now >= free_at:
                free_at, due = self.turn(*due), [0, 0, 0]


class Deaf(Stalls):
    """Is told of nothing."""

    def sent(self, noted: float, now: float) -> None:
        pass


@pytest.mark.parametrize(("stalls", "steady"), [(Stalls, True), (Deaf, False)])
def test_being_held_up_holds_no_picture_back(stalls: type[Stalls], *, steady: bool) -> None:
    viewer = Busy(stalls())
    viewer.watch(60)
    assert (changes(between(viewer.moments, 5, 60)) == 0) is steady


def test_what_was_held_up_counts_for_what_arrives() -> None:
    estimators = [Estimator(BEGIN), Estimator(BEGIN)]
    stalls = Stalls()
    for turn in range(200):
        now = BEGIN + 0.05 * turn
        late_s = 0.03 if turn % 3 == 0 else 0.0
        stalls.sent(now, now + late_s)
        for estimator, late in zip(estimators, (0.0, late_s), strict=True):
            first = estimator.number(1000, now)
            estimator.on_feedback(Feedback(first, 1, 0.0, 0, [0.05 * turn + late]), now + 0.04, stalls)
    calm, busy = (estimator.budget(BEGIN + 10) for estimator in estimators)
    assert busy > 0.95 * calm


def test_only_what_was_held_up_is_passed_over() -> None:
    stalls = Stalls()
    stalls.sent(1.0, 1.0 + STALL_S / 2)
    assert not list(stalls.held_up([1.0]))
    stalls.sent(2.0, 2.0 + 2 * STALL_S)
    assert list(stalls.held_up([1.0, 2.0, 2.0, 2.1])) == [1, 2]
    assert not list(stalls.held_up([2.1]))
    assert not list(stalls.held_up([]))
    for batch in range(KEPT):
        stalls.sent(3.0 + batch, 3.5 + batch)
    assert list(stalls.held_up([2.0, 3.0])) == [1], "what nobody tells of any more is forgotten"
