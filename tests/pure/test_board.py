"""What the page of health remembers of a part of the server: since when it is so, and what its last test said."""

from datetime import UTC, datetime, timedelta

import pytest

from server.oversight.board import Board, Light, State, Thing

pytestmark = pytest.mark.row("P8")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def light_of(board: Board) -> Light:
    return board.lines[Thing.MAIL].light


def test_since_counts_from_when_the_light_changed() -> None:
    board = Board()
    for place, light in enumerate((Light.GOOD, Light.GOOD, Light.BAD, Light.BAD)):
        board.look({Thing.MAIL: State(light, str(place))}, NOON + HOUR * place)
    line = board.lines[Thing.MAIL]
    assert (line.since, line.state.sentence, board.bad) == (NOON + 2 * HOUR, "3", 1)


def test_a_test_answers_what_only_it_can_tell_and_hides_no_fault() -> None:
    board = Board()
    board.look({Thing.MAIL: State(Light.UNKNOWN, "")}, NOON)
    board.prove(Thing.MAIL, State(Light.GOOD, ""), NOON)
    assert light_of(board) is Light.GOOD
    board.look({Thing.MAIL: State(Light.BAD, "")}, NOON)
    assert light_of(board) is Light.BAD
    board.look({Thing.MAIL: State(Light.GOOD, "")}, NOON)
    board.prove(Thing.MAIL, State(Light.WARN, ""), NOON)
    assert (light_of(board), board.bad) == (Light.WARN, 0)
