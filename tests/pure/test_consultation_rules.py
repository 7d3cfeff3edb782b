"""The rules of a consultation and of a place in it, without a database."""

from datetime import timedelta

import pytest

from server.consultation.model import CLOSES_AFTER, REJOIN_FOR, ConsultationState, Outcome, Stage
from server.errors import Conflict
from tests.pure.room_game import DANA, NOON, new_consultation, new_patient, new_place

LATER = NOON + timedelta(minutes=5)


def test_what_was_said_of_the_ending_stands_until_the_call_goes_on() -> None:
    consultation = new_consultation()
    consultation.begin(NOON)
    consultation.end(LATER, Outcome.COMPLETED, "Sound was bad")
    consultation.reopen(LATER)
    assert consultation.state == ConsultationState.WAITING
    assert (consultation.ended_at, consultation.outcome, consultation.outcome_reason) == (LATER, "completed", "Sound was bad")
    consultation.begin(LATER)
    assert (consultation.ended_at, consultation.outcome, consultation.outcome_reason) == (None, None, None)


@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.ABSENT])
def test_there_are_ten_minutes_to_come_back(outcome: Outcome) -> None:
    consultation = new_consultation()
    consultation.end(NOON, outcome, None)
    assert consultation.may_rejoin(NOON + REJOIN_FOR)
    assert not consultation.may_rejoin(NOON + REJOIN_FOR + timedelta(seconds=1))


def test_nobody_comes_back_against_unsuitable_for_video() -> None:
    consultation = new_consultation()
    consultation.begin(NOON)
    consultation.end(LATER, Outcome.UNSUITABLE, "No picture")
    assert not consultation.may_rejoin(LATER)
    with pytest.raises(Conflict, match="ended"):
        consultation.reopen(LATER)
    assert (consultation.state, consultation.outcome_reason) == ("ended", "No picture")


def test_who_did_not_come_was_never_there() -> None:
    consultation = new_consultation()
    consultation.end(NOON, Outcome.ABSENT, None)
    assert (consultation.state, consultation.outcome, consultation.over) == ("abandoned", "absent", True)


def test_whoever_was_in_the_call_did_come() -> None:
    consultation = new_consultation()
    consultation.begin(NOON)
    with pytest.raises(Conflict, match="has_begun"):
        consultation.end(LATER, Outcome.ABSENT, None)
    assert consultation.state == ConsultationState.ACTIVE


def test_what_nobody_began_never_came_about() -> None:
    consultation = new_consultation()
    consultation.patient_waits()
    consultation.lapse(None)
    assert (consultation.state, consultation.outcome) == ("abandoned", None)
    assert consultation.ended_at == NOON + timedelta(minutes=20) + CLOSES_AFTER


def test_a_call_that_was_forgotten_ended_when_somebody_was_there_last() -> None:
    consultation = new_consultation()
    consultation.begin(NOON)
    consultation.lapse(LATER)
    assert (consultation.state, consultation.ended_at, consultation.outcome) == ("ended", LATER, None)


@pytest.mark.parametrize(("outcome", "state"), [(Outcome.COMPLETED, "ended"), (Outcome.ABSENT, "abandoned")])
def test_whoever_came_back_in_vain_leaves_the_ending_as_it_was(outcome: Outcome, state: str) -> None:
    consultation = new_consultation()
    consultation.end(LATER, outcome, None)
    consultation.reopen(LATER)
    consultation.lapse(None)
    assert (consultation.state, consultation.ended_at, consultation.outcome) == (state, LATER, outcome)


@pytest.mark.parametrize("move", ["wait", "admit", "hold", "refuse"])
def test_nobody_leads_on_who_does_not_agree(move: str) -> None:
    place = new_place(DANA)
    place.decline()
    with pytest.raises(Conflict, match="not_waiting"):
        getattr(place, move)(NOON)
    place.leave()
    assert place.stage == Stage.DECLINED


@pytest.mark.parametrize(
    ("typed", "booked"),
    [("Dana Diaz", None), (" dana  DIAZ", None), ("Dana D.", "Dana Diaz"), ("Erin Evans", "Dana Diaz"), ("", "Dana Diaz")],
)
def test_the_booked_name_is_told_where_another_one_was_typed(typed: str, booked: str | None) -> None:
    assert new_patient().unless_called(typed) == booked
