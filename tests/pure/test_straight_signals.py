"""The two who talked straight to each other may mend that connection until the engine has taken over from them, and nobody else may."""

from uuid import UUID

import pytest

from server.consultation.commands import Admit, Enter, Flowing, Leave, Signal, Stuck
from server.consultation.route import SETTLE_S
from server.errors import Forbidden
from tests.pure.room_game import ALICE, BOB, DANA, Game

pytestmark = pytest.mark.row("V7")


@pytest.fixture
def game() -> Game:
    """dana and alice talk; bob has just come in, and nobody has said that the engine carries."""
    game = Game()
    for who in (ALICE, DANA, BOB):
        game.join(who)
    game.act(ALICE, Admit())
    game.act(BOB, Enter())
    assert (game.roster.route.path, game.roster.route.settled) == ("engine", False)
    return game


def may(game: Game, one: UUID, other: UUID) -> bool:
    restart = Signal(to=game.peer(other), description={"type": "offer", "sdp": "v=0 restart"})
    heard = len(game.page(other).heard("signal"))
    try:
        game.act(one, restart)
    except Forbidden:
        return False
    return len(game.page(other).heard("signal")) == heard + 1


def test_both_may_restart_until_the_change_is_settled(game: Game) -> None:
    assert may(game, ALICE, DANA)
    assert may(game, DANA, ALICE)
    epoch = game.roster.route.epoch
    for who in (ALICE, DANA, BOB):
        game.act(who, Flowing(epoch=epoch))
    assert game.roster.route.settled
    assert not may(game, ALICE, DANA)


def test_the_third_talks_straight_to_nobody(game: Game) -> None:
    assert not any((may(game, BOB, DANA), may(game, DANA, BOB), may(game, BOB, ALICE), may(game, ALICE, BOB)))


def test_not_with_a_page_that_was_opened_anew_meanwhile(game: Game) -> None:
    game.join(DANA)
    assert not may(game, ALICE, DANA)


def test_the_two_who_remain_begin_at_once(game: Game) -> None:
    game.pass_time(SETTLE_S)
    game.act(DANA, Leave())
    assert may(game, ALICE, BOB)


def test_two_who_could_not_reach_each_other_may_go_on_until_the_engine_carries() -> None:
    game = Game()
    for who in (ALICE, DANA):
        game.join(who)
    game.act(ALICE, Admit())
    game.act(DANA, Stuck())
    assert game.roster.route.path == "engine"
    assert may(game, DANA, ALICE)
