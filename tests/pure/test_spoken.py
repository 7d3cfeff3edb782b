"""What errors and closing sockets say is found for translation, and is always a literal."""

import pytest

from server.web.spoken import find_spoken
from tests.house.source import python_files, relative

KNOWN = {
    "server/errors.py": {"Something went wrong.", "Please sign in again.", "This is not there, or it is not yours to see."},
    "server/notes/hub.py": {"The server restarts."},
    "server/consultation/steps.py": {"The consultation has ended.", "You have left."},
    "server/consultation/room.py": {"The server is restarting.", "Something went wrong on our side. Please try again."},
    "server/web/connection.py": {"The connection went silent."},
    "server/consultation/actions.py": {"The link was revoked. Make a new one first."},
}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known_sentences_are_found(name: str) -> None:
    path = next(path for path in python_files() if relative(path) == name)
    assert KNOWN[name] <= {spoken.sentence for spoken in find_spoken(path.read_text())}


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_no_sentence_is_put_together_at_run_time(path: object) -> None:
    """It would be shown in English for ever: no extraction can see it."""
    assert [spoken.line for spoken in find_spoken(path.read_text()) if spoken.sentence is None] == []  # type: ignore[attr-defined]


def test_what_is_no_sentence_is_passed_over() -> None:
    text = 'raise Conflict(code="ended")\nline.close(1000, "")\nfile.close()\nraise Invalid(error.message)\nraise Other("Nobody sees this")'
    assert list(find_spoken(text)) == []


def test_a_sentence_of_pieces_is_told() -> None:
    assert [spoken.sentence for spoken in find_spoken('raise Invalid(f"{field} is wrong")\nraise Malformed(name + " is wrong")')] == [
        None,
        None,
    ]
