"""A bounded run of the fuzz target: the same frames at every run. `python -m tests.fuzz` goes on for as long as one likes."""

import pytest

from server.notes.order import Order
from tests.fuzz.anatomy import join, take_apart
from tests.fuzz.frames import sessions
from tests.fuzz.live import run_live
from tests.fuzz.pure import ROUND, run_pure

pytestmark = pytest.mark.row("N1")

PURE_FRAMES, LIVE_FRAMES, SEED = 5_000, 150, 41


def test_bad_41_thousands_of_hostile_frames_do_no_harm() -> None:
    result = run_pure(PURE_FRAMES, SEED)
    assert [str(finding) for finding in result.findings] == []
    assert min(result.refused, result.answered_no, result.accepted) > PURE_FRAMES // 20


def test_bad_41_hostile_frames_at_a_real_server_hurt_nobody() -> None:
    """Two people type meanwhile: each letter is stored and seen, and each bad frame is answered and recorded."""
    result = run_live(LIVE_FRAMES, SEED)
    assert [str(finding) for finding in result.findings] == []
    assert (result.exits, result.unanswered, result.frames) == (0, 0, LIVE_FRAMES)
    assert result.letters > 0
    assert min(result.refused, result.answered_no, result.accepted) > 0


@pytest.mark.parametrize("seed", [500_325, 500_525])
def test_bad_41_pieces_between_two_that_do_not_touch(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their frames were taken once, and whoever read the note anew saw its letters in another order than those who were there."""
    assert run_pure(ROUND, seed).findings == []
    monkeypatch.setattr(Order, "check", lambda *_: None)
    assert "another text" in str(run_pure(ROUND, seed).findings[0])


def test_the_same_seed_makes_the_same_frames() -> None:
    first, second = (run_pure(200, SEED) for _ in range(2))
    assert (first.codes, first.accepted) == (second.codes, second.accepted)


def test_every_update_of_the_real_editor_can_be_taken_apart() -> None:
    updates = [update for session in sessions() for _, update in session]
    assert len(updates) > 100
    assert [join(take_apart(update)) for update in updates] == updates


def test_the_oracles_see_a_refusal_that_leaves_something_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the check of going on in the middle of a character gone, the run must find what it found once."""
    monkeypatch.setattr("server.notes.layout._check_going_on", lambda *_: None)
    assert run_pure(3_000, 150).findings
