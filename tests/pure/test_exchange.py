"""The room's work with a forwarding engine: who is let go of, who comes back, who only listens, and a path that nobody can carry."""

import pytest

from server.consultation.commands import Admit, Answer, Chat, Enter, Leave, Stuck
from server.consultation.exchange import LASTED_S, PATIENCE_S, PAUSES_S
from server.consultation.route import SETTLE_S
from server.media.limits import CONSENT_S
from server.media_control import AnswerOffer, Connected, Gone, Offer
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


def lets_go(game: Game, peer: str, reason: str = "closed") -> None:
    """The engine says that one of a peer's connections has ended, as it does when a page is closed."""
    room = room_of(game)
    room.peers.remove(peer)
    room.hear(Gone(room=room.name, peer=peer, side="publish", reason=reason))
    game.hear_engine()


def offers(game: Game, peer: str, session: int) -> None:
    room = room_of(game)
    room.hear(Offer(room=room.name, peer=peer, side="publish", number=1, sdp=f"o=- {session}", streams=[]))
    game.hear_engine()


def reaches(game: Game, peer: str) -> None:
    room = room_of(game)
    room.hear(Connected(room=room.name, peer=peer, side="publish"))
    game.hear_engine()


def is_back_after(game: Game, peer: str, pause_s: float) -> bool:
    """Whether a peer that was let go of is in the same room again after the pause, and not before."""
    room = room_of(game)
    game.pass_time(pause_s / 2)
    early = peer in room.peers
    game.pass_time(pause_s / 2)
    return not early and room_of(game) is room and peer in room.peers


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
    bob, room = game.peer(BOB), room_of(game)
    game.drop(BOB)
    lets_go(game, bob)
    game.pass_time(5)
    assert bob not in room.peers
    game.join(BOB, resumed=bob, fresh=False)
    assert room_of(game) is room
    assert room.peers == game.roster.talking


def test_somebody_who_was_connected_and_is_let_go_of_comes_back_in_the_same_room(game: Game) -> None:
    dana, room = game.peer(DANA), room_of(game)
    reaches(game, dana)
    lets_go(game, dana)
    assert is_back_after(game, dana, PATIENCE_S)
    assert room.peers == game.roster.talking


def test_somebody_who_never_reaches_the_engine_is_offered_again_after_growing_pauses_and_disturbs_nobody(game: Game) -> None:
    dana, room = game.peer(DANA), room_of(game)
    game.pass_time(SETTLE_S)
    route = game.roster.route
    for session, pause_s in enumerate((*PAUSES_S, PAUSES_S[-1])):
        offers(game, dana, session)
        game.pass_time(CONSENT_S)
        lets_go(game, dana, "silent")
        assert is_back_after(game, dana, pause_s)
    offers(game, dana, len(PAUSES_S) + 1)
    assert [(offer["epoch"], offer["sdp"]) for offer in game.page(DANA).heard("offer")] == [
        (route.epoch, f"o=- {session}") for session in range(len(PAUSES_S) + 2)
    ]
    assert game.roster.route is route
    assert list(game.engine.rooms.values()) == [room]
    assert room.joins == [*sorted(game.roster.talking), *[dana] * (len(PAUSES_S) + 1)]


def test_whoever_has_stood_for_a_while_is_forgiven_what_was_before(game: Game) -> None:
    dana = game.peer(DANA)
    for stood_s, pause_s in ((0.0, PAUSES_S[0]), (LASTED_S / 2, PAUSES_S[1]), (LASTED_S, PAUSES_S[0])):
        reaches(game, dana)
        game.pass_time(stood_s)
        lets_go(game, dana)
        assert is_back_after(game, dana, pause_s)


def test_an_engine_lets_go_of_whom_it_does_not_hear_before_that_counts_as_having_stood() -> None:
    assert CONSENT_S < LASTED_S


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
