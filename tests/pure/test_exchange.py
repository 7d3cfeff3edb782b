"""The room's work with a forwarding engine: who is let go of, who comes back, who only listens, and a path that nobody can carry."""

import pytest

from server.consultation.commands import Admit, Answer, Chat, Enter, Leave, Stuck
from server.consultation.exchange import PATIENCE_S
from server.consultation.route import SETTLE_S
from server.media_control import AnswerOffer, Gone, Offer
from tests.pure.fake_engine import FakeRoom
from tests.pure.room_game import ALICE, BOB, DANA, GRACE_S, Game

pytestmark = pytest.mark.row("V7")

SAY_STUCK_S = 14.0  # two connections between browsers that come to nothing, by static/src/media/health.ts


@pytest.fixture
def game() -> Game:
    """dana, alice and bob are in the call, over the engine."""
    game = Game()
    for who in (ALICE, DANA, BOB):
        game.join(who)
    game.act(ALICE, Admit())
    game.act(BOB, Enter())
    assert game.roster.route.path == "engine"
    return game


def room_of(game: Game) -> FakeRoom:
    """The engine's room for the present change."""
    return next(room for name, room in game.engine.rooms.items() if name.endswith(f"-{game.roster.route.epoch}"))


def path_of(game: Game) -> str:
    return game.roster.route.path


def kept(game: Game, room: FakeRoom) -> bool:
    return room in game.engine.rooms.values()


def lets_go(game: Game, peer: str) -> None:
    """The engine says that one of a peer's connections has ended, as it does when a page is closed."""
    room = room_of(game)
    room.peers.remove(peer)
    room.hear(Gone(room=room.name, peer=peer, side="publish", reason="closed"))
    game.hear_engine()


def test_whoever_leaves_and_was_let_go_of_first_disturbs_nobody(game: Game) -> None:
    epoch, room = game.roster.route.epoch, room_of(game)
    lets_go(game, game.peer(BOB))
    game.pass_time(PATIENCE_S / 2)
    game.act(BOB, Leave())
    assert game.roster.route.path == "p2p"
    assert game.roster.route.epoch == epoch + 1
    assert room.peers == {game.peer(ALICE), game.peer(DANA)}


def test_a_closed_page_disturbs_nobody_in_its_grace_nor_after_it(game: Game) -> None:
    epoch, bob = game.roster.route.epoch, game.peer(BOB)
    game.drop(BOB)
    lets_go(game, bob)
    game.pass_time(GRACE_S / 2)
    assert game.roster.route.epoch == epoch
    assert bob not in room_of(game).peers
    game.pass_time(GRACE_S)
    assert game.roster.route.path == "p2p"


def test_a_page_that_comes_back_after_the_engine_let_go_of_it_is_offered_anew(game: Game) -> None:
    epoch, bob = game.roster.route.epoch, game.peer(BOB)
    game.drop(BOB)
    lets_go(game, bob)
    game.pass_time(5)
    game.join(BOB, resumed=bob, fresh=False)
    assert game.roster.route.epoch == epoch + 1
    assert not game.roster.route.settled
    assert room_of(game).peers == game.roster.talking


def test_somebody_who_is_here_and_was_let_go_of_is_offered_anew(game: Game) -> None:
    epoch = game.roster.route.epoch
    lets_go(game, game.peer(DANA))
    assert game.roster.route.epoch == epoch
    game.pass_time(PATIENCE_S)
    assert game.roster.route.epoch == epoch + 1
    game.pass_time(PATIENCE_S)
    assert room_of(game).peers == game.roster.talking


def test_the_older_path_stays_for_as_long_as_no_engine_carries_the_new_one() -> None:
    game = Game()
    game.join(ALICE)
    game.join(DANA)
    game.act(ALICE, Admit())
    assert game.roster.has_engine
    game.engine.available = False
    game.act(DANA, Stuck())
    for _ in range(10):
        game.pass_time(1.0)
    assert not game.roster.route.settled
    game.engine.available = True
    game.pass_time(1.0)
    assert not game.roster.route.settled
    game.pass_time(SETTLE_S)
    assert game.roster.route.settled


def test_two_who_remain_and_do_not_reach_each_other_keep_their_engine_until_the_next_one_carries(game: Game) -> None:
    game.pass_time(SETTLE_S)
    before = room_of(game)
    game.act(BOB, Leave())
    assert path_of(game) == "p2p"
    game.pass_time(SAY_STUCK_S)
    assert kept(game, before)
    game.act(DANA, Stuck())
    assert path_of(game) == "engine"
    assert room_of(game) is not before
    assert kept(game, before)
    game.pass_time(SETTLE_S)
    assert not kept(game, before)


def test_a_quiet_colleague_has_no_line_to_send_on_until_they_are_quiet_no_more(game: Game) -> None:
    game.act(BOB, Enter(quiet=True))
    game.pass_time(PATIENCE_S)
    assert room_of(game).listens == {game.peer(BOB)}
    game.act(BOB, Enter(quiet=False))
    game.pass_time(PATIENCE_S)
    assert room_of(game).listens == set()


def test_a_quiet_colleague_who_leaves_disturbs_nobody(game: Game) -> None:
    game.act(BOB, Enter(quiet=True))
    game.pass_time(PATIENCE_S)
    epoch = game.roster.route.epoch
    game.act(BOB, Leave())
    assert (game.roster.route.path, game.roster.route.epoch) == ("p2p", epoch + 1)


def test_an_offer_is_told_again_to_a_page_that_comes_back_until_it_is_answered(game: Game) -> None:
    room, dana, epoch = room_of(game), game.peer(DANA), game.roster.route.epoch
    game.drop(DANA)
    room.hear(Offer(room=room.name, peer=dana, side="publish", number=1, sdp="v=0", streams=[]))
    game.hear_engine()
    assert [body["number"] for body in game.join(DANA, resumed=dana, fresh=False).heard("offer")] == [1]
    game.act(DANA, Answer(epoch=epoch, side="publish", number=1, sdp="v=0"))
    assert room.said == [(AnswerOffer, {"peer": dana, "side": "publish", "offer": 1, "sdp": "v=0"})]
    game.drop(DANA)
    assert game.join(DANA, resumed=dana, fresh=False).heard("offer") == []


def test_an_answer_of_an_earlier_change_is_passed_over(game: Game) -> None:
    epoch = game.roster.route.epoch
    game.act(DANA, Answer(epoch=epoch - 1, side="publish", number=1, sdp="v=0"))
    assert room_of(game).said == []


def test_a_dead_engine_delays_no_message(game: Game) -> None:
    game.engine.available = False
    room_of(game).lose()
    game.hear_engine()
    game.act(DANA, Chat(body="Can you hear me?"))
    assert game.page(ALICE).messages[-1]["body"] == "Can you hear me?"
