"""The rules of a room, one by one: places, seats, the grace, who may talk to whom."""

import pytest

from server.consultation.commands import Admit, Chat, Command, End, Enter, Hand, Hold, Leave, Media, Refuse, Signal
from server.consultation.model import ConsultationState, Stage
from server.consultation.roster import MESSAGES_SHOWN, RETIRED_KEPT
from server.consultation.steps import MAX_CONNECTIONS, act, attach, check_arrival
from server.errors import Conflict, Forbidden, NotFound, Overloaded
from tests.pure.room_game import ALICE, BOB, DANA, GRACE_S, IMRAN, Game, crowd

OFFER = {"type": "offer", "sdp": "v=0\r\n", "gen": 1}
ON = Media(mic=True, camera=True, screen=False)


@pytest.mark.row("V3")
class TestWaiting:
    def test_a_patient_who_connects_waits(self, game: Game) -> None:
        page = game.join(DANA)
        me = page.participants[str(DANA)]
        assert (me["stage"], me["present"], me["since"]) == ("waiting", True, game.time.isoformat())
        assert page.consultation["state"] == "waiting"

    def test_a_patient_keeps_the_place_over_reload_and_another_device(self, game: Game) -> None:
        since = game.join(DANA).participants[str(DANA)]["since"]
        game.pass_time(100)
        game.drop(DANA)
        game.pass_time(GRACE_S * 10)
        assert game.member(DANA).stage == "waiting"
        assert game.join(DANA).participants[str(DANA)]["since"] == since

    def test_a_waiting_patient_knows_whether_their_professional_is_there(self, game: Game) -> None:
        page = game.join(DANA)
        assert page.participants[str(ALICE)]["present"] is False
        game.join(ALICE)
        assert page.participants[str(ALICE)]["present"] is True
        game.join(BOB)
        assert str(BOB) not in page.participants

    def test_hold_tells_the_patient_alone_and_again_after_a_reload(self, game: Game) -> None:
        page, colleague = game.join(DANA), game.join(BOB)
        game.join(ALICE)
        game.act(ALICE, Hold(body="Ten minutes, sorry"))
        assert page.heard("hold") == [{"body": "Ten minutes, sorry"}]
        assert not colleague.others
        assert game.join(DANA).heard("hold") == [{"body": "Ten minutes, sorry"}]

    def test_hold_without_words_is_told_again_too(self, game: Game) -> None:
        game.join(DANA)
        game.act(BOB, Hold(body=None))
        assert game.join(DANA).heard("hold") == [{"body": None}]

    def test_hold_is_told_again_after_a_restart_of_the_server(self, game: Game) -> None:
        game.join(DANA)
        game.act(BOB, Hold(body="Ten minutes, sorry"))
        game.restart()
        assert game.join(DANA).heard("hold") == [{"body": "Ten minutes, sorry"}]

    def test_admission_forgets_the_hold(self, game: Game) -> None:
        game.join(DANA)
        game.join(ALICE)
        game.act(ALICE, Hold(body="Later"))
        game.act(ALICE, Admit())
        assert game.join(DANA).heard("hold") == []

    def test_a_refused_patient_is_told_why_now_and_after_a_reload(self, game: Game) -> None:
        page = game.join(DANA)
        game.act(BOB, Refuse(reason="We will phone you"))
        assert page.heard("refused") == [{"reason": "We will phone you"}]
        assert page.participants[str(DANA)]["stage"] == "refused"
        again = game.join(DANA)
        assert again.heard("refused") == [{"reason": "We will phone you"}]
        assert list(again.participants) == [str(DANA)]

    def test_admit_undoes_a_refusal(self, game: Game) -> None:
        page = game.join(DANA)
        game.join(ALICE)
        game.act(ALICE, Refuse(reason="Wrong number"))
        game.act(ALICE, Admit())
        assert page.participants[str(DANA)]["stage"] == "in_call"
        assert page.participants[str(ALICE)]["stage"] == "in_call"

    def test_a_patient_who_has_vanished_is_not_admitted_but_keeps_the_place(self, game: Game) -> None:
        game.join(DANA)
        game.join(ALICE)
        game.drop(DANA)
        game.pass_time(GRACE_S)
        with pytest.raises(Conflict) as refused:
            game.act(ALICE, Admit())
        assert refused.value.code == "patient_away"
        game.join(DANA)
        game.act(ALICE, Admit())
        assert game.member(DANA).stage == "in_call"

    @pytest.mark.parametrize("command", [Admit(), Hold(body=None), Refuse(reason="No")])
    def test_nobody_waits(self, game: Game, command: Command) -> None:
        game.join(ALICE)
        with pytest.raises(Conflict) as refused:
            game.act(ALICE, command)
        assert refused.value.code == "not_waiting"


@pytest.mark.row("V4")
class TestSeats:
    def test_admit_seats_both_and_begins(self, call: Game) -> None:
        assert call.consultation.state == ConsultationState.ACTIVE
        assert call.consultation.started_at == call.time
        assert {call.member(who).stage for who in (ALICE, DANA)} == {"in_call"}

    @pytest.mark.parametrize(("there", "command"), [(6, Enter()), (6, Admit(participant=IMRAN)), (5, Admit(participant=IMRAN))])
    def test_the_ninth_is_told_that_the_call_is_full(self, call: Game, there: int, command: Command) -> None:
        call.join(IMRAN)
        full = crowd(call, there, Stage.IN_CALL)
        with pytest.raises(Conflict) as refused:
            act(full, BOB, command)
        assert refused.value.code == "call_full"
        assert act(crowd(call, there, Stage.IN_CALL), ALICE, Enter()).store is None
        assert act(crowd(call, 5, Stage.IN_CALL), BOB, Enter()).store is not None

    def test_a_colleague_may_sit_down_first_and_the_call_begins_with_the_patient(self, game: Game) -> None:
        game.join(BOB)
        game.act(BOB, Enter())
        assert game.consultation.state == ConsultationState.SCHEDULED
        game.join(DANA)
        game.act(BOB, Admit())
        assert game.consultation.state == ConsultationState.ACTIVE

    def test_a_colleague_takes_over_when_the_seat_is_free(self, call: Game) -> None:
        call.act(ALICE, Leave())
        call.act(BOB, Enter())
        assert call.page(DANA).participants[str(BOB)]["stage"] == "in_call"
        assert str(ALICE) not in call.page(DANA).participants

    def test_sitting_down_twice_changes_nothing(self, call: Game) -> None:
        before = call.member(ALICE)
        call.now += 5
        call.act(ALICE, Enter())
        call.act(ALICE, Admit())
        assert call.member(ALICE) == before

    @pytest.mark.parametrize("command", [Enter(), Admit(), Leave(), ON, Hand(up=True)])
    def test_whoever_is_not_connected_takes_no_seat(self, game: Game, command: Command) -> None:
        game.join(DANA)
        with pytest.raises(Conflict) as refused:
            game.act(ALICE, command)
        assert refused.value.code == "not_connected"

    @pytest.mark.parametrize("command", [Enter(), Admit(), Hold(body=None), Refuse(reason="No"), End(outcome="completed", reason=None)])
    def test_a_patient_commands_nothing_of_a_professional(self, game: Game, command: Command) -> None:
        game.join(DANA)
        with pytest.raises(Forbidden):
            game.act(DANA, command)

    def test_a_stranger_commands_nothing(self, game: Game) -> None:
        with pytest.raises(Forbidden):
            act(game.roster, game.consultation.id, Chat(body="Hello"))


@pytest.mark.row("V4")
class TestConnections:
    def test_a_newer_tab_replaces_the_older_one(self, game: Game) -> None:
        older = game.join(DANA)
        first = game.peer(DANA)
        newer = game.join(DANA)
        assert older.closed is not None
        assert older.closed[0] == 4409
        assert newer.participants[str(DANA)]["peer"] == game.peer(DANA) != first

    def test_the_end_of_a_replaced_socket_does_not_put_its_successor_out(self, game: Game) -> None:
        game.join(DANA)
        old = game.member(DANA).peer
        page = game.join(DANA)
        assert old is not None
        game.lose(old.handle)
        assert page.participants[str(DANA)]["present"] is True

    def test_a_dropped_peer_stays_listed_for_the_grace(self, call: Game) -> None:
        peer = call.peer(DANA)
        call.drop(DANA)
        shown = call.page(ALICE).participants[str(DANA)]
        assert (shown["present"], shown["peer"], shown["stage"]) == (False, peer, "in_call")
        call.pass_time(GRACE_S - 1)
        assert call.page(ALICE).participants[str(DANA)]["peer"] == peer
        call.pass_time(1)
        shown = call.page(ALICE).participants[str(DANA)]
        assert (shown["present"], shown["peer"], shown["stage"]) == (False, None, "left")

    def test_resume_keeps_the_peer_and_what_it_sends(self, call: Game) -> None:
        call.act(DANA, ON)
        peer = call.peer(DANA)
        call.drop(DANA)
        call.pass_time(5)
        call.join(DANA, peer, fresh=False)
        shown = call.page(ALICE).participants[str(DANA)]
        assert (shown["peer"], shown["present"], shown["camera"], shown["stage"]) == (peer, True, True, "in_call")

    def test_resume_while_the_old_socket_is_still_open(self, call: Game) -> None:
        peer, old = call.peer(DANA), call.page(DANA)
        call.join(DANA, peer, fresh=False)
        assert call.peer(DANA) == peer
        assert old.closed is not None

    def test_a_reload_begins_with_a_new_peer_and_nothing_on(self, call: Game) -> None:
        call.act(DANA, ON)
        peer = call.peer(DANA)
        call.join(DANA)
        shown = call.page(ALICE).participants[str(DANA)]
        assert shown["peer"] != peer
        assert (shown["stage"], shown["mic"], shown["camera"]) == ("in_call", False, False)

    @pytest.mark.parametrize("gone", ["replaced", "overdue"])
    def test_a_peer_that_the_other_side_let_go_of_never_comes_back(self, call: Game, gone: str) -> None:
        peer = call.peer(DANA)
        if gone == "replaced":
            call.join(DANA)
        else:
            call.drop(DANA)
            call.pass_time(GRACE_S)
        call.join(DANA, peer, fresh=False)
        assert call.peer(DANA) != peer

    def test_after_a_restart_a_peer_comes_back_by_its_token(self, call: Game) -> None:
        peers = {who: call.peer(who) for who in (ALICE, DANA)}
        call.restart()
        assert {call.member(who).stage for who in (ALICE, DANA)} == {"in_call"}
        for who, peer in peers.items():
            call.join(who, peer, fresh=False)
        assert {who: call.peer(who) for who in peers} == peers
        assert call.page(ALICE).participants[str(DANA)]["stage"] == "in_call"

    def test_after_a_restart_whoever_does_not_come_back_gives_up_the_seat(self, call: Game) -> None:
        call.restart()
        call.join(BOB)
        call.pass_time(GRACE_S)
        assert call.member(ALICE).stage == "not_arrived"
        call.act(BOB, Enter())
        assert call.member(BOB).stage == "in_call"

    def test_a_withdrawn_right_frees_the_seat_at_once(self, call: Game) -> None:
        page = call.page(ALICE)
        call.expel(ALICE)
        assert page.closed == (4403, "withdrawn")
        assert str(ALICE) not in call.page(DANA).participants

    def test_a_room_takes_so_many_and_whoever_is_in_it_may_always_reconnect(self, game: Game) -> None:
        full = crowd(game, MAX_CONNECTIONS - 1)
        with pytest.raises(Overloaded):
            check_arrival(full, DANA)
        check_arrival(full, BOB)

    def test_only_the_newest_retired_peers_are_kept(self, game: Game) -> None:
        for _ in range(RETIRED_KEPT + 3):
            game.join(BOB)
        assert len(game.roster.retired) == RETIRED_KEPT
        assert game.roster.retired[-1] == f"peer-{RETIRED_KEPT + 2}"


@pytest.mark.row("V4")
class TestSignalling:
    def signal(self, to: str) -> Signal:
        return Signal(to=to, description=OFFER)

    def test_between_patient_and_seated_professional_already_while_waiting(self, game: Game) -> None:
        page = game.join(DANA)
        game.join(ALICE)
        game.act(ALICE, Enter())
        game.act(ALICE, self.signal(game.peer(DANA)))
        assert page.heard("signal") == [{"from": game.peer(ALICE), "description": OFFER}]
        game.act(DANA, Signal(to=game.peer(ALICE), candidate=None))
        assert game.page(ALICE).heard("signal") == [{"from": game.peer(DANA), "candidate": None}]

    def test_never_with_a_professional_who_is_not_seated(self, game: Game) -> None:
        game.join(DANA)
        game.join(ALICE)
        for one, other in ((ALICE, DANA), (DANA, ALICE)):
            with pytest.raises(Forbidden):
                game.act(one, self.signal(game.peer(other)))

    def test_never_between_professionals_or_with_oneself(self, call: Game) -> None:
        for one, other in ((ALICE, BOB), (BOB, ALICE), (BOB, DANA), (DANA, BOB), (DANA, DANA), (ALICE, ALICE)):
            with pytest.raises(Forbidden):
                call.act(one, self.signal(call.peer(other)))

    def test_never_with_a_refused_patient(self, call: Game) -> None:
        call.act(ALICE, Refuse(reason="No"))
        with pytest.raises(Forbidden):
            call.act(DANA, self.signal(call.peer(ALICE)))

    def test_not_to_somebody_who_is_gone(self, call: Game) -> None:
        peer = call.peer(DANA)
        call.drop(DANA)
        for to in (peer, "nobody"):
            with pytest.raises(NotFound) as refused:
                call.act(ALICE, self.signal(to))
            assert refused.value.code == "not_connected"


class TestTalking:
    @pytest.mark.row("V7")
    def test_what_is_sent_and_a_raised_hand_are_shown_to_the_others(self, call: Game) -> None:
        call.act(DANA, Media(mic=True, camera=False, screen=True))
        call.act(DANA, Hand(up=True))
        shown = call.page(ALICE).participants[str(DANA)]
        assert [shown[name] for name in ("mic", "camera", "screen", "hand")] == [True, False, True, True]

    def test_nobody_is_shown_as_sending_before_the_admission(self, game: Game) -> None:
        game.join(DANA)
        page = game.join(ALICE)
        game.act(DANA, ON)
        assert page.participants[str(DANA)]["camera"] is False
        game.act(ALICE, Admit())
        assert page.participants[str(DANA)]["camera"] is True

    @pytest.mark.row("V7")
    def test_a_message_reaches_everybody_and_whoever_comes_later(self, call: Game) -> None:
        call.act(DANA, Chat(body="Can you hear me?"))
        for who in (ALICE, BOB, DANA):
            assert [message["body"] for message in call.page(who).messages] == ["Can you hear me?"]
        assert call.join(BOB).messages[0]["name"] == "Dana Diaz"

    def test_a_message_may_come_from_a_request_without_a_socket(self, game: Game) -> None:
        page = game.join(DANA)
        game.act(ALICE, Chat(body="I am on my way"))
        assert page.messages[0]["from"] == str(ALICE)

    def test_the_newest_messages_are_kept(self, game: Game) -> None:
        game.join(DANA)
        for number in range(MESSAGES_SHOWN + 2):
            game.act(DANA, Chat(body=str(number)))
        assert [message["body"] for message in game.page(DANA).messages][:1] == ["2"]
        assert len(game.roster.messages) == MESSAGES_SHOWN


def test_a_socket_is_bound_only_to_somebody_who_arrived(game: Game) -> None:
    with pytest.raises(KeyError):
        attach(game.roster, game.consultation.id, 1, None, "peer")
