"""How a room ends: leaving, ending for all, and coming back."""

import pytest

from server.consultation.commands import Admit, Chat, Command, End, Enter, Hold, Leave
from server.consultation.model import ConsultationState, Outcome, Stage
from server.errors import Conflict
from tests.pure.room_game import ALICE, BOB, DANA, Game

END = End(outcome="completed", reason=None)


class TestEnding:
    def test_leaving_is_told_and_closes(self, call: Game) -> None:
        page = call.page(DANA)
        call.act(DANA, Leave())
        assert page.closed is not None
        assert page.closed[0] == 1000
        shown = call.page(ALICE).participants[str(DANA)]
        assert (shown["stage"], shown["present"], shown["peer"]) == ("left", False, None)
        assert call.consultation.state == ConsultationState.ACTIVE

    def test_ending_ends_for_all_and_professionals_stay_for_the_note(self, call: Game) -> None:
        patient, alice = call.page(DANA), call.page(ALICE)
        call.act(ALICE, End(outcome="unsuitable", reason="Needs to be examined"))
        assert patient.consultation["state"] == "ended"
        assert patient.closed is not None
        assert patient.closed[0] == 1000
        assert not alice.closing
        assert alice.consultation["outcome"] == "unsuitable"
        assert alice.participants[str(DANA)]["present"] is False
        assert call.consultation.outcome == Outcome.UNSUITABLE
        assert call.consultation.outcome_reason == "Needs to be examined"

    @pytest.mark.parametrize("command", [END, Enter(), Admit(), Chat(body="Hello"), Hold(body=None)])
    def test_after_the_end_nothing_goes_on(self, call: Game, command: Command) -> None:
        call.act(ALICE, END)
        with pytest.raises(Conflict) as refused:
            call.act(ALICE, command)
        assert refused.value.code == "ended"

    def test_a_patient_who_opens_the_page_again_knocks_again_for_ten_minutes(self, call: Game) -> None:
        call.act(ALICE, END)
        call.pass_time(599)
        page = call.join(DANA)
        assert page.consultation == {**page.consultation, "state": "waiting", "outcome": None}
        assert page.participants[str(DANA)]["stage"] == "waiting"

    def test_and_not_longer(self, call: Game) -> None:
        call.act(ALICE, END)
        call.pass_time(601)
        with pytest.raises(Conflict) as refused:
            call.join(DANA)
        assert refused.value.code == "ended"

    def test_a_connection_that_comes_back_by_itself_does_not_undo_an_ending(self, call: Game) -> None:
        peer = call.peer(DANA)
        call.drop(DANA)
        call.act(ALICE, END)
        with pytest.raises(Conflict) as refused:
            call.join(DANA, peer, fresh=False)
        assert refused.value.code == "ended"
        assert call.consultation.state == ConsultationState.ENDED

    def test_a_professional_may_open_an_ended_consultation(self, call: Game) -> None:
        call.act(ALICE, END)
        assert call.join(BOB).consultation["state"] == "ended"
        assert call.book.participants[BOB].stage == Stage.NOT_ARRIVED
