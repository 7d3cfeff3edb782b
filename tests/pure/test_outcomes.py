"""What a professional can say at the end of a consultation."""

import pytest

from server.consultation.commands import Admit, End, Enter
from server.consultation.model import ConsultationState
from server.errors import Conflict
from tests.pure.room_game import ALICE, DANA, Game

ABSENT = End(outcome="absent", reason=None)


def test_whoever_did_not_come_leaves_it_abandoned() -> None:
    game = Game()
    page = game.join(ALICE)
    game.act(ALICE, ABSENT)
    assert page.consultation == {**page.consultation, "state": "abandoned", "outcome": "absent"}


def test_nobody_is_absent_after_a_talk() -> None:
    game = Game()
    for who in (DANA, ALICE):
        game.join(who)
    game.act(ALICE, Enter())
    game.act(ALICE, Admit())
    with pytest.raises(Conflict) as refused:
        game.act(ALICE, ABSENT)
    assert refused.value.code == "has_begun"
    assert game.consultation.state == ConsultationState.ACTIVE
