"""What is guessed easily is no password, and to find that out takes no time that others would miss."""

import pytest

from server.identity.choosing import password_fault
from tests.growth import calls_of

pytestmark = pytest.mark.row("P4")


@pytest.mark.parametrize("password", ["4@8({[<369!|1$570%+2" * 4, "{[<(!1|7+5$%x2z@48369 0" * 4, "1|7+!5$4@" * 8, "4836917052|$" * 6])
def test_signs_that_stand_for_letters_take_no_longer(password: str) -> None:
    plain = ("seven quiet ponies hum and forty brown foxes come along the river " * 2)[: len(password)]
    assert calls_of(lambda: password_fault(password, "dr_alice")) < 4 * calls_of(lambda: password_fault(plain, "dr_alice"))


@pytest.mark.parametrize(
    "password", ["p4$$w0rd!1", "P@ssw0rd123!", "dr_4l1c3_1", "1234567890", "12345678901234567890", "!@#$%^&*()", "aaaa bbbb aaaa"]
)
def test_signs_for_letters_hide_no_word(password: str) -> None:
    assert password_fault(password, "dr_alice") == "password_easy"


@pytest.mark.parametrize("password", ["seven quiet ponies hum", "7%k!Q|4@z8<+Lm", "4@8({[<369!|1$570%+2"])
def test_what_nobody_guesses_is_taken(password: str) -> None:
    assert password_fault(password, "dr_alice") == ""
