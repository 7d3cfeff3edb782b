"""A room without a loop, a database or a socket."""

import pytest

from server.consultation.commands import Admit
from tests.pure.room_game import ALICE, BOB, DANA, Game


@pytest.fixture
def game() -> Game:
    return Game()


@pytest.fixture
def call(game: Game) -> Game:
    """dana is in the call with alice; bob looks on."""
    for who in (DANA, ALICE, BOB):
        game.join(who)
    game.act(ALICE, Admit())
    return game
