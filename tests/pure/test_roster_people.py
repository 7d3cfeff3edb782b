"""Who sees whom, and who may talk to whom, once there are guests and quiet colleagues: every viewer at every place."""

from itertools import combinations

import pytest

from server.consultation.commands import Admit, Chat, Enter, Hold, Leave, Media, Refuse, Signal
from server.consultation.route import SETTLE_S
from server.errors import Conflict, ConsiliumError, Forbidden
from tests.pure.room_game import ALICE, BOB, DANA, FAY, GRACE_S, IMRAN, Game

pytestmark = [pytest.mark.row("V5"), pytest.mark.row("V9")]

EVERYBODY = (ALICE, BOB, DANA, IMRAN, FAY)
OFFER = {"type": "offer", "sdp": "v=0\r\n"}


@pytest.fixture
def team(call: Game) -> Game:
    """dana, alice and imran are in the call, fay waits, and bob looks on."""
    call.join(IMRAN)
    call.join(FAY)
    call.act(ALICE, Admit(participant=IMRAN))
    return call


def seen(game: Game, who: object) -> set[object]:
    return {name for name in EVERYBODY if str(name) in game.page(who).participants}  # type: ignore[arg-type]


def pairs(game: Game) -> set[frozenset[object]]:
    """Return who may send signals to each other; it must be the same from both sides."""
    found: set[frozenset[object]] = set()
    for one, other in combinations(EVERYBODY, 2):
        if all(game.roster.members[who].peer for who in (one, other)):
            ways = [_may_signal(game, *way) for way in ((one, other), (other, one))]
            assert ways[0] == ways[1]
            found |= {frozenset((one, other))} if ways[0] else set()
    return found


def _may_signal(game: Game, one: object, other: object) -> bool:
    try:
        game.act(one, Signal(to=game.peer(other), description=OFFER))  # type: ignore[arg-type]
    except ConsiliumError:
        return False
    return True


class TestWhoSeesWhom:
    def test_before_anybody_is_in_the_call(self, game: Game) -> None:
        for who in EVERYBODY:
            game.join(who)
        assert {who: seen(game, who) for who in EVERYBODY} == {
            ALICE: set(EVERYBODY), BOB: set(EVERYBODY), DANA: {DANA, ALICE}, IMRAN: {IMRAN, ALICE}, FAY: {FAY, ALICE},
        }  # fmt: skip

    def test_in_a_call_of_three(self, team: Game) -> None:
        there = {ALICE, DANA, IMRAN}
        assert {who: seen(team, who) for who in EVERYBODY} == {
            ALICE: set(EVERYBODY), BOB: set(EVERYBODY), DANA: there, IMRAN: there, FAY: {FAY, ALICE},
        }  # fmt: skip

    def test_whoever_listens_quietly_is_seen_by_all(self, team: Game) -> None:
        team.act(BOB, Enter(quiet=True))
        for who in (DANA, IMRAN, ALICE):
            assert team.page(who).participants[str(BOB)]["quiet"] is True
        team.act(BOB, Media(mic=True, camera=True, screen=True))
        shown = team.page(DANA).participants[str(BOB)]
        assert not any(shown[source] for source in ("mic", "camera", "screen"))

    def test_whoever_speaks_again_is_quiet_no_longer(self, team: Game) -> None:
        team.act(BOB, Enter(quiet=True))
        team.act(BOB, Enter())
        assert team.page(DANA).participants[str(BOB)]["quiet"] is False
        team.act(BOB, Enter(quiet=True))
        team.act(BOB, Leave())
        assert team.page(ALICE).participants[str(BOB)]["quiet"] is False

    def test_a_guest_who_is_put_out_of_the_call_sees_themself(self, team: Game) -> None:
        team.act(ALICE, Refuse(reason="Thank you, that was all", participant=IMRAN))
        assert seen(team, IMRAN) == {IMRAN}
        assert team.page(IMRAN).heard("refused") == [{"reason": "Thank you, that was all"}]
        assert seen(team, DANA) == {DANA, ALICE}

    def test_a_withdrawn_guest_is_gone_for_everybody(self, team: Game) -> None:
        page = team.page(IMRAN)
        team.withdraw(IMRAN)
        assert page.closed == (4403, "withdrawn")
        assert {who: IMRAN in seen(team, who) for who in (ALICE, BOB, DANA)} == {ALICE: False, BOB: False, DANA: False}

    def test_how_it_ended_is_not_for_guests(self, team: Game) -> None:
        assert team.page(IMRAN).consultation["outcome"] is None


class TestTalking:
    def test_what_was_said_outside_of_their_time_is_not_for_guests(self, team: Game) -> None:
        team.act(DANA, Chat(body="To all"))
        team.act(ALICE, Refuse(reason="A moment", participant=IMRAN))
        team.act(DANA, Chat(body="Not to the guest"))
        team.act(ALICE, Admit(participant=IMRAN))
        team.act(DANA, Chat(body="To all again"))
        assert [message["body"] for message in team.page(IMRAN).messages] == ["To all", "To all again"]
        assert [message["body"] for message in team.join(IMRAN).messages] == ["To all", "To all again"]
        assert team.page(FAY).messages == []

    def test_after_a_restart_a_guest_in_the_call_reads_on(self, team: Game) -> None:
        team.act(DANA, Chat(body="To all"))
        team.restart()
        assert [message["body"] for message in team.join(IMRAN).messages] == ["To all"]
        assert team.join(FAY).messages == []

    def test_after_a_restart_a_guest_reads_nothing_of_the_time_outside(self, team: Game) -> None:
        team.act(ALICE, Refuse(reason="A moment", participant=IMRAN))
        team.now += 1
        team.act(DANA, Chat(body="Not to the guest"))
        team.now += 1
        team.act(ALICE, Admit(participant=IMRAN))
        team.restart()
        assert team.join(IMRAN).messages == []

    def test_a_guest_who_waits_writes_to_nobody(self, team: Game) -> None:
        with pytest.raises(Conflict) as refused:
            team.act(FAY, Chat(body="Hello"))
        assert refused.value.code == "not_in_call"
        team.act(IMRAN, Chat(body="Hello"))

    def test_hold_is_told_to_whom_it_is_said(self, team: Game) -> None:
        team.act(BOB, Hold(body="Soon", participant=FAY))
        assert team.page(FAY).heard("hold") == [{"body": "Soon"}]
        assert not any(team.page(who).heard("hold") for who in (ALICE, BOB, DANA, IMRAN))
        assert team.join(FAY).heard("hold") == [{"body": "Soon"}]


class TestAdmission:
    @pytest.mark.parametrize("command", [Admit(participant=BOB), Hold(body=None, participant=BOB), Refuse(reason="No", participant=BOB)])
    def test_a_colleague_is_neither_admitted_nor_refused(self, team: Game, command: Admit) -> None:
        with pytest.raises(Conflict) as refused:
            team.act(ALICE, command)
        assert refused.value.code == "not_waiting"

    def test_a_guest_who_has_vanished_is_not_admitted_but_keeps_the_place(self, team: Game) -> None:
        team.drop(FAY)
        team.pass_time(GRACE_S)
        with pytest.raises(Conflict) as refused:
            team.act(ALICE, Admit(participant=FAY))
        assert refused.value.code == "guest_away"
        assert team.member(FAY).stage == "waiting"

    def test_a_guest_in_the_call_who_drops_has_the_grace_and_then_waits_anew(self, team: Game) -> None:
        team.drop(IMRAN)
        team.pass_time(GRACE_S)
        assert team.member(IMRAN).stage == "left"
        team.join(IMRAN)
        assert team.member(IMRAN).stage == "waiting"

    def test_a_guest_lets_nobody_in(self, team: Game) -> None:
        with pytest.raises(Forbidden):
            team.act(IMRAN, Admit(participant=FAY))


class TestPairs:
    def test_two_in_the_call_are_a_pair_whoever_they_are(self, game: Game) -> None:
        for who in (ALICE, BOB, IMRAN):
            game.join(who)
        assert pairs(game) == set()
        game.act(ALICE, Admit(participant=IMRAN))
        assert pairs(game) == {frozenset((ALICE, IMRAN))}
        game.act(IMRAN, Leave())
        game.act(BOB, Enter())
        assert pairs(game) == {frozenset((ALICE, BOB))}

    def test_a_patient_who_waits_is_across_the_door_from_one_alone(self, game: Game) -> None:
        for who in (ALICE, BOB, DANA, FAY):
            game.join(who)
        game.act(ALICE, Enter())
        assert pairs(game) == {frozenset((ALICE, DANA))}
        game.act(BOB, Enter())
        assert pairs(game) == {frozenset((ALICE, BOB))}

    def test_three_are_none_once_the_engine_carries(self, team: Game) -> None:
        assert pairs(team) == {frozenset((ALICE, DANA))}
        team.pass_time(SETTLE_S)
        assert pairs(team) == set()
        team.act(IMRAN, Leave())
        assert pairs(team) == {frozenset((ALICE, DANA))}
