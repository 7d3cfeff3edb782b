"""Captions and reports as steps of the room: who is told, who may, and what is acceptable."""

from typing import Any

import pytest

from server.consultation.commands import MAX_CAPTION, Admit, Caption, Quality, parse_command
from server.consultation.steps import act
from server.errors import ConsiliumError, Malformed
from tests.pure.room_game import ALICE, BOB, DANA, Game

pytestmark = pytest.mark.row("V11")

LINE = {"body": "I have a cough", "final": True, "source": "typed"}
GOOD = {
    "lost_in": 0, "lost_out": 1, "delay_ms": 40, "jitter_ms": 3, "in_kbps": 900, "out_kbps": 800, "frozen_ms": 0, "sound_only": False,
}  # fmt: skip


def talking() -> Game:
    """alice and dana talk, bob reads along."""
    game = Game()
    for who in (ALICE, BOB, DANA):
        game.join(who)
    game.act(ALICE, Admit())
    return game


def test_a_caption_is_told_to_the_others_in_the_call_and_kept_nowhere() -> None:
    game = talking()
    before = game.roster
    game.act(DANA, Caption(**LINE))
    assert game.page(ALICE).heard("caption") == [{"from": str(DANA), **LINE}]
    assert game.page(BOB).heard("caption") == game.page(DANA).heard("caption") == []
    assert game.roster is before
    game.restart()
    assert game.join(ALICE).heard("caption") == []
    assert game.roster.messages == ()


def test_somebody_whose_page_has_dropped_is_not_told() -> None:
    game = talking()
    game.drop(ALICE)
    assert act(game.roster, DANA, Caption(**LINE)).tells == ()


@pytest.mark.parametrize("command", [Caption(**LINE), Quality(**GOOD)], ids=["caption", "quality"])
def test_whoever_is_not_in_the_call_says_nothing_in_it(command: Caption | Quality) -> None:
    game = talking()
    with pytest.raises(ConsiliumError) as refused:
        game.act(BOB, command)
    assert refused.value.code == "not_seated"
    game.drop(DANA)
    with pytest.raises(ConsiliumError):
        game.act(DANA, command)


def test_a_report_changes_and_tells_nothing() -> None:
    game = talking()
    step = act(game.roster, DANA, Quality(**GOOD))
    assert (step.roster, step.store, step.tells, step.closes) == (game.roster, None, (), ())
    assert step.measured is not None
    assert (step.measured.participant_id, step.measured.quality) == (DANA, Quality(**GOOD))


@pytest.mark.parametrize(
    "change",
    [
        {"body": ""}, {"body": "   "}, {"body": "x" * (MAX_CAPTION + 1)}, {"body": 1}, {"final": 1}, {"final": None}, {"source": "guessed"},
        {"from": "alice"},
    ],
    ids=str,
)  # fmt: skip
def test_bad_27_a_caption_that_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_command("caption", {**LINE, **change})


def test_a_caption_may_be_just_so_long() -> None:
    assert parse_command("caption", {**LINE, "body": "\u00e4" * MAX_CAPTION}) == Caption(**{**LINE, "body": "\u00e4" * MAX_CAPTION})


BOUNDS = {
    "lost_in": 1_000, "lost_out": 1_000, "delay_ms": 60_000, "jitter_ms": 60_000, "in_kbps": 1_000_000, "out_kbps": 1_000_000,
    "frozen_ms": 10_000,
}  # fmt: skip
HOSTILE = [-1, 1.5, True, "7", None, [], {}, float("nan"), float("inf"), 10**30]


@pytest.mark.parametrize("name", BOUNDS)
def test_bad_27_numbers_that_are_none_or_out_of_bounds(name: str) -> None:
    assert parse_command("quality", {**GOOD, name: BOUNDS[name]})
    for value in [*HOSTILE, BOUNDS[name] + 1]:
        with pytest.raises(Malformed):
            parse_command("quality", {**GOOD, name: value})


@pytest.mark.parametrize("change", [{"address": "192.0.2.1"}, {"sound_only": 1}, {"sound_only": "no"}], ids=str)
def test_bad_27_nothing_but_the_numbers_can_be_told(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_command("quality", {**GOOD, **change})
