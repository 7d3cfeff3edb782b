"""Who books: what a form may say, and amounts and times as people read them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.booking.details import Given, faults_of, given_in
from server.web.amounts import price_words
from server.web.i18n import ENGLISH
from server.web.moments import elsewhere_time, zone_words

pytestmark = [pytest.mark.row("B1")]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_", "faults"),
    [
        (Given("Dana Diaz", "+44 7700 900123", ""), {}),
        (Given("Dana Diaz", "", "dana@example.org"), {}),
        (Given("Dana Diaz", "", ""), {"mobile": "reach_missing"}),
        (Given("", "", ""), {"name": "name_missing", "mobile": "reach_missing"}),
        (Given("D" * 200, "07700 900123", ""), {}),
        (Given("D" * 201, "07700 900123", ""), {"name": "name_long"}),
        (Given("Dana", "12", "dana"), {"mobile": "mobile_wrong", "email": "email_wrong"}),
        (Given("Dana", "٠٧٧٠٠٩٠٠١٢٣", ""), {"mobile": "mobile_wrong"}),
        (Given("Dana", "", "dana@example.org\nBcc: x@example.org"), {"email": "email_wrong"}),
        (Given("Dana", "", f"{'d' * 250}@example.org"), {"email": "email_wrong"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(given_: Given, faults: dict[str, str]) -> None:
    assert faults_of(given_) == faults


@given(st.dictionaries(st.sampled_from(["name", "mobile", "email", "else"]), st.text(max_size=20)))
def test_what_is_carried_on_is_what_was_written(form: dict[str, str]) -> None:
    kept = given_in(form)
    assert given_in(kept.kept) == kept
    assert "else" not in kept.kept


@pytest.mark.parametrize(
    ("minor", "currency", "words"), [(0, "GBP", "Free"), (4000, "GBP", "£40.00"), (4050, "EUR", "€40.50"), (4000, "JPY", "JP¥4,000")]
)
def test_prices_have_the_places_of_their_currency(minor: int, currency: str, words: str) -> None:
    assert price_words(ENGLISH, minor, currency) == words


@pytest.mark.row("B2")
def test_a_time_elsewhere_names_its_day_only_where_it_is_another_one() -> None:
    assert elsewhere_time(ENGLISH, NOON, "Europe/London", "America/New_York") == "07:00"
    assert elsewhere_time(ENGLISH, NOON, "Europe/London", "Pacific/Auckland") == "Tuesday 3 March, 01:00"
    assert zone_words(ENGLISH, "America/New_York") == "New York time"
