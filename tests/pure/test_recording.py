"""When a call may be recorded: everybody in it has agreed, at every moment, whatever happens in whatever order."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.consultation.commands import Admit, Agree, Enter, Leave, Record
from server.consultation.recording import OFF, Recording, RecordingState, answer, ask, follow, stop, written
from server.consultation.view import diff, view_for
from server.errors import Conflict, ConsiliumError, Forbidden
from tests.pure.room_game import ALICE, BOB, DANA, Game

pytestmark = pytest.mark.row("V8")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(1, 6)]
ONE, TWO, THREE = PEOPLE[:3]


def going() -> Recording:
    both = frozenset({ONE, TWO})
    return follow(answer(follow(ask(OFF, ONE, both), both, NOON), TWO, yes=True), both, NOON)


def test_a_page_knows_who_came_before_it_says_for_whom_the_recording_waits() -> None:
    game = Game()
    for who in (ALICE, DANA, BOB):
        game.join(who)
    game.act(ALICE, Admit())
    game.act(ALICE, Record(on=True))
    game.act(DANA, Agree(yes=True))
    before = view_for(game.roster, game.member(ALICE), str)
    game.act(BOB, Enter())
    kinds = [kind for kind, _ in diff(before, view_for(game.roster, game.member(ALICE), str))]
    assert kinds.index("participant") < kinds.index("recording")


def test_it_begins_with_the_last_yes() -> None:
    both = frozenset({ONE, TWO})
    asked = follow(ask(OFF, ONE, both), both, NOON)
    assert (asked.state, asked.by, asked.agreed) == ("asking", ONE, {ONE})
    assert going().state == RecordingState.ON
    assert follow(answer(asked, TWO, yes=True), both | {THREE}, NOON).state == RecordingState.ASKING


def test_whoever_joins_late_pauses_it_until_they_agree_or_leave() -> None:
    paused = follow(going(), {ONE, TWO, THREE}, NOON)
    assert paused.state == RecordingState.PAUSED
    assert follow(paused, {ONE, TWO}, NOON).state == RecordingState.ON
    assert follow(answer(paused, THREE, yes=True), {ONE, TWO, THREE}, NOON).state == RecordingState.ON


def test_leaving_does_not_end_it_but_an_empty_call_does() -> None:
    assert follow(going(), {TWO}, NOON).state == RecordingState.ON
    assert follow(going(), frozenset(), NOON).state == RecordingState.OFF


def test_a_no_ends_it_and_only_what_was_agreed_to_can_be_taken_back() -> None:
    assert answer(going(), TWO, yes=False) == replace(OFF, ended_by=TWO, undone=True)
    paused = follow(going(), {ONE, TWO, THREE}, NOON)
    assert answer(paused, THREE, yes=False) == replace(OFF, ended_by=THREE)
    assert stop(ONE) == replace(OFF, ended_by=ONE)


def test_it_is_asked_once_and_never_alone() -> None:
    for recording, people, code in [(going(), {ONE, TWO}, "asked"), (OFF, {ONE}, "alone")]:
        with pytest.raises(Conflict) as error:
            ask(recording, ONE, people)
        assert error.value.code == code
    with pytest.raises(Conflict) as error:
        answer(OFF, ONE, yes=True)
    assert error.value.code == "not_asked"


MOVES = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "yes", "no", "ask", "stop"]), st.sampled_from(PEOPLE)), min_size=1, max_size=60
)


@given(MOVES)
def test_nobody_is_ever_recorded_who_has_not_agreed_since_it_was_asked(moves: list[tuple[str, UUID]]) -> None:
    """The answers are counted here once more, apart from the machine."""
    recording, people, agreed = OFF, set[UUID](), set[UUID]()
    for move, who in moves:
        before = recording.state
        try:
            recording = step(recording, people, move, who)
        except Conflict:
            continue
        if move == "ask":
            agreed = {who}
        elif move == "yes" and who in people:
            agreed.add(who)
        recording = follow(recording, people, NOON)
        if recording.state == RecordingState.ON:
            assert people <= agreed
        if move == "no" and who in people:
            assert recording.state == RecordingState.OFF
        assert before != RecordingState.OFF or recording.state in {RecordingState.OFF, RecordingState.ASKING}


def step(recording: Recording, people: set[UUID], move: str, who: UUID) -> Recording:
    if move == "join":
        people.add(who)
    elif move == "leave":
        people.discard(who)
    elif who in people:
        if move == "ask":
            return ask(recording, who, people)
        return stop(who) if move == "stop" else answer(recording, who, yes=move == "yes")
    elif move == "ask":
        raise Conflict
    return recording


def test_the_room_shows_the_question_to_whoever_has_not_answered() -> None:
    game = Game()
    game.join(DANA)
    game.join(ALICE)
    game.act(ALICE, Enter())
    with pytest.raises(ConsiliumError) as error:
        game.act(ALICE, Record(on=True))
    assert error.value.code == "alone"
    game.act(ALICE, Admit())
    with pytest.raises(Forbidden):
        game.act(DANA, Record(on=True))
    game.act(ALICE, Record(on=True))
    assert game.page(ALICE).recording["question"] is None
    question = game.page(DANA).recording["question"]
    assert question["sentence"].startswith("I agree that this call is recorded")
    game.act(DANA, Agree(yes=True))
    assert game.page(DANA).recording["state"] == game.page(ALICE).recording["state"] == "on"
    game.drop(DANA)
    assert game.page(ALICE).recording["state"] == "on"
    game.join(DANA)
    assert game.page(DANA).recording["question"] is None
    game.act(DANA, Leave())
    assert game.page(ALICE).recording["state"] == "on"
    game.join(DANA)
    assert game.page(DANA).recording == {
        "state": "off",
        "interrupted": False,
        "unseen": [],
        "by": None,
        "agreed": [],
        "since": None,
        "question": None,
    }
    with pytest.raises(Conflict) as outside:
        game.act(DANA, Agree(yes=False))
    assert outside.value.code == "not_in_call"
    game.act(ALICE, Record(on=False))
    assert game.page(ALICE).recording["state"] == "off"


def test_what_an_engine_makes_of_it_is_said_only_while_there_is_a_recording() -> None:
    assert written(OFF, writes=False, unseen={DANA}) == OFF
    asking = Recording(RecordingState.ASKING, ALICE, frozenset({ALICE}))
    assert written(asking, writes=False, unseen=set()) == asking
    on = replace(asking, state=RecordingState.ON)
    assert written(on, writes=False, unseen={DANA}) == replace(on, interrupted=True, unseen=frozenset({DANA}))
    assert written(replace(on, interrupted=True), writes=True, unseen=set()) == on
