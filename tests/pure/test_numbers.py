"""Telephone numbers in the form that providers want."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.core.numbers import e164

pytestmark = pytest.mark.row("S1")


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("07700 900001", "GB", "+447700900001"),
        ("+44 (0)7700 900 001", "GB", "+447700900001"),
        ("0044 7700 900001", "GB", "+447700900001"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("+1 212 555 0123", "GB", "+12125550123"),
        ("\u0660\u0667\u0667\u0660\u0660 \u0669\u0660\u0660\u0660\u0660\u0661", "GB", "+447700900001"),
    ],
)
def test_however_it_is_written(written: str, region: str, number: str) -> None:
    assert e164(written, region) == number


@pytest.mark.parametrize("written", ["", "dana", "12", "+", "+44", "07700 900001 07700 900002", "999999999999999999999"])
def test_bad_17_what_can_be_no_number_is_none(written: str) -> None:
    assert e164(written, "GB") is None


@given(some.text(max_size=300))
def test_whatever_is_typed_there_is_an_answer(written: str) -> None:
    number = e164(written, "GB")
    assert number is None or (number[0] == "+" and number[1:].isdecimal())
