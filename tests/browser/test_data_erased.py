"""The pages of an erasure, a restriction and a request without an account, on a telephone and a laptop, by axe's rules."""

import pytest
from playwright.sync_api import expect

from tests.browser.person import LAPTOP, PHONE, Persons
from tests.browser.test_accessible_pages import Inspection
from tests.cast import ALICE, CLINIC, DANA, OLGA
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("L1"), pytest.mark.row("V11")]


def test_data_are_asked_about_and_restricted(persons: Persons, site: Site) -> None:
    inspection = Inspection()
    site.consultation()
    dana = persons.person("dana", site, size=PHONE).open("/sign-in")
    dana.page.locator("input[name=username]").fill("dana")
    dana.page.locator("input[name=password]").fill("dana likes long walks")
    dana.page.locator("input[name=password]").press("Enter")
    expect(dana.page).to_have_url(f"{site.url}/my")
    for kind in ("erasure", "restriction"):
        dana.open(f"/my/{DANA.patient_id}/requests?kind={kind}")
        dana.page.locator("#words").fill("Please do.")
        dana.page.locator("form button.primary").click()
        expect(dana.page.locator(".callout.good")).to_be_visible()
    alice = persons.person("alice", site, signed_in=ALICE, size=LAPTOP).open("/erasures")
    alice.allow_errors("status of 4(03|22)")
    alice.page.locator(".people a").click()
    alice.page.locator("form button.primary").click()
    expect(alice.page.locator(".error-summary")).to_be_focused()
    inspection.look(alice, "not answered")
    olga = persons.person("olga", site, signed_in=OLGA, size=LAPTOP).open("/practice/requests")
    olga.page.locator(".people a", has_text="Delete my data").click()
    olga.page.locator("a[href$='/erasure']").click()
    expect(olga.page.locator("#stays")).to_be_visible()
    olga.open("/practice/requests").page.locator(".people a", has_text="Keep my data").click()
    olga.page.locator("a[href$='/restriction']").click()
    olga.page.locator("#reason").fill("The patient asked for it.")
    olga.page.locator("form button.primary").click()
    expect(olga.page.locator(".callout.good")).to_be_visible()
    inspection.look(olga, "restricted records")
    olga.page.locator(".people a").click()
    expect(olga.page.locator("#agreed")).to_be_visible()
    alice.open(f"/patients/{DANA.patient_id}")
    inspection.look(alice, "a record that is restricted")
    stranger = persons.person("stranger", site, size=PHONE).open(f"/privacy/request/{CLINIC}")
    stranger.allow_errors("status of 422")
    stranger.page.locator("form button.primary").click()
    expect(stranger.page.get_by_role("alert").get_by_text("This was not sent")).to_be_visible()
    inspection.look(stranger, "a request without an account")
    assert inspection.wrong == []
