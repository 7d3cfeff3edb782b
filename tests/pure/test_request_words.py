"""The legal time of a request about data, and the steps that it may take."""

from datetime import UTC, datetime, timedelta

import pytest

from server.errors import Conflict
from server.privacy.request_words import NEXT, OPEN, Extension, Pause, Progress, State, extend, fault_of, go_on, months_after, step, stop

pytestmark = pytest.mark.row("L1")

ZONE = "Europe/London"
DAY = timedelta(days=1)


def at(month: int, day: int, year: int = 2026, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (at(1, 31), at(2, 28)),
        (at(1, 31, 2028), at(2, 29, 2028)),
        (at(12, 15), at(1, 15, 2027)),
        (at(3, 15), at(4, 15, hour=11)),  # the clocks went forward: noon is noon
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), datetime(2026, 7, 31, 23, 30, tzinfo=UTC)),  # in London it was 1 July already
    ],
)
def test_it_is_due_one_calendar_month_after_the_receipt(asked: datetime, due: datetime) -> None:
    assert months_after(asked, 1, ZONE) == due
    assert Progress(State.ASKED, asked).due_at(ZONE) == due


def test_the_time_stands_still_while_the_practice_waits() -> None:
    asked = Progress(State.ASKED, at(1, 10))
    paused = stop(asked, Pause.IDENTITY, at(1, 12))
    assert not paused.is_late(ZONE, at(6, 1))
    running = go_on(paused, at(1, 22))
    assert running.due_at(ZONE) == at(2, 20)
    again = go_on(stop(running, Pause.CLARIFICATION, at(2, 1)), at(2, 3))
    assert again.due_at(ZONE) == at(2, 22)
    assert (again.is_late(ZONE, at(2, 22)), again.is_late(ZONE, at(2, 23))) == (False, True)


def test_a_pause_does_not_hide_that_it_was_late() -> None:
    assert stop(Progress(State.IN_WORK, at(1, 10)), Pause.IDENTITY, at(2, 11)).is_late(ZONE, at(2, 12))


def test_it_is_extended_once_counted_from_the_receipt() -> None:
    extended = extend(Progress(State.IN_WORK, at(1, 31, hour=9), paused_s=86400), Extension.COMPLEX, ZONE, at(2, 10))
    assert extended.due_at(ZONE) == at(4, 30, hour=8) + DAY
    with pytest.raises(Conflict):
        extend(extended, Extension.MANY, ZONE, at(2, 11))


def test_it_is_not_extended_when_the_month_is_over_or_it_is_settled() -> None:
    for progress, now in ((Progress(State.ASKED, at(1, 10)), at(2, 11)), (Progress(State.DONE, at(1, 10)), at(1, 11))):
        with pytest.raises(Conflict):
            extend(progress, Extension.MANY, ZONE, now)


def test_nothing_is_paused_twice_or_goes_on_twice() -> None:
    paused = stop(Progress(State.ASKED, at(1, 10)), Pause.IDENTITY, at(1, 11))
    for wrong in (paused, Progress(State.WITHDRAWN, at(1, 10))):
        with pytest.raises(Conflict):
            stop(wrong, Pause.IDENTITY, at(1, 12))
    with pytest.raises(Conflict):
        go_on(go_on(paused, at(1, 12)), at(1, 13))


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_only_known_steps_are_taken(before: State, after: State) -> None:
    progress = Progress(before, at(1, 10))
    if after in NEXT[before]:
        assert step(progress, after, at(1, 11)).state is after
    else:
        with pytest.raises(Conflict):
            step(progress, after, at(1, 11))
    assert bool(NEXT[before]) == (before in OPEN)


def test_what_is_settled_waits_for_nothing() -> None:
    paused = stop(Progress(State.IN_WORK, at(1, 10)), Pause.IDENTITY, at(1, 11))
    settled = step(paused, State.REFUSED, at(1, 13))
    assert (settled.paused_at, settled.pause, settled.paused_s) == (None, None, 2 * 86400)


def test_words_are_needed_and_not_too_many() -> None:
    assert [fault_of(words, "words") for words in ("", " \n", "x" * 5001, "x" * 5000)] == ["empty", "empty", "long", ""]
