"""What stands in a circle where there is no picture."""

import re

import pytest

from server.web.pages import TITLES, initials
from tests.servers import ROOT


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Dr Amara Osei", "AO"),
        ("Dr. Osei", "O"),
        ("lena maria hartmann", "LH"),
        ("Dana", "D"),
        ("Dr", ""),
        ("", ""),
        ("Nurse Bob Brown", "BB"),
        ("Prof. Dr Miss Mx Ada Lovelace", "AL"),
    ],
)
def test_first_and_last_word_without_the_title(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_the_browser_side_leaves_the_same_titles_out() -> None:
    there = re.search(r"const TITLES = /\^(.+)\$/i;", (ROOT / "static/src/call/words.ts").read_text())
    assert there is not None
    assert there[1] == TITLES.pattern
