"""What stands in a circle where there is no picture."""

import pytest

from server.web.pages import initials


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Dr Amara Osei", "AO"), ("Dr. Osei", "O"), ("lena maria hartmann", "LH"), ("Dana", "D"), ("Dr", ""), ("", "")],
)
def test_first_and_last_word_without_the_title(name: str, letters: str) -> None:
    assert initials(name) == letters
