"""Which records are taken for the same person's."""

from datetime import date
from uuid import UUID

import pytest

from server.patients.likeness import Known, Sign, alike, find_doubles

pytestmark = pytest.mark.row("N8")

BORN = date(1984, 3, 9)


def known(number: int, name: str, mobile: str | None = None, email: str | None = None, born_on: date | None = None) -> Known:
    return Known(UUID(int=number), name, mobile, email, born_on)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Dana Diaz", "DIAZ Dana", True), ("Zoë Müller", "Zoe Muller", True), ("Dana Maria Diaz", "Dana Diaz", True),
        ("Catherine Jones", "Katherine Jones", True), ("Anne-Marie Cole", "Anne Marie Cole", True),
        ("Dana Diaz", "Erin Evans", False), ("Dana", "Dana Diaz", False), ("", "", True),
    ],
)  # fmt: skip
def test_names_are_alike_in_any_order_and_spelling(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same


def test_the_same_birthday_needs_a_name_that_is_alike() -> None:
    records = [
        known(1, "Dana Diaz", born_on=BORN),
        known(2, "Diaz, Dana".replace(",", ""), born_on=BORN),
        known(3, "Erin Evans", born_on=BORN),
    ]
    (double,) = find_doubles(records)
    assert ({double.one.id.int, double.other.id.int}, double.signs) == ({1, 2}, {Sign.BIRTH})


def test_an_address_is_enough_unless_they_were_born_on_different_days() -> None:
    mother = known(1, "Dana Diaz", "+447700900001", "home@example.org", BORN)
    again = known(2, "D. Diaz", "+447700900001", "HOME@example.org")
    child = known(3, "Dana Diaz", "+447700900001", None, date(2015, 1, 1))
    found = [({one.one.id.int, one.other.id.int}, one.signs) for one in find_doubles([mother, again, child])]
    assert found == [({1, 2}, {Sign.MOBILE, Sign.EMAIL}), ({2, 3}, {Sign.MOBILE})]


def test_a_number_that_a_whole_home_shares_says_nothing() -> None:
    assert find_doubles(known(number, f"Resident {number}", "+442079460000") for number in range(40)) == []
