"""The pages of whoever looks after a practice are for everybody, and a colour of their own stays readable on a patient's."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import Inspection
from tests.browser.person import LAPTOP, PHONE, Persons
from tests.cast import OLGA
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11"), pytest.mark.row("P8")]


def test_health_and_brand(persons: Persons, site: Site) -> None:
    inspection = Inspection()
    olga = persons.person("olga", site, signed_in=OLGA, size=LAPTOP)
    olga.allow_errors("status of 422")
    olga.open("/practice/health").page.locator("#bus button").click()
    olga.reads("What was sent was heard.")
    inspection.look(olga, "health, tested")
    olga.open("/practice/brand").page.locator("#light").fill("#ffd166")
    olga.page.locator("form[action$=colours] button.primary").click()
    expect(olga.page.locator(".error-summary")).to_contain_text("cannot be read")
    inspection.look(olga, "a colour that cannot be read")
    olga.page.locator("#light").fill("#8e6300")
    olga.page.locator("form[action$=colours] button.primary").click()
    olga.reads("Saved.")
    inspection.look(olga, "brand, saved")
    dana = persons.person("dana", site, size=PHONE).open(site.consultation().link)
    accent = dana.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')")
    assert "#8e6300" in accent
    inspection.look(dana, "a patient's page with a colour of the practice's own")
    assert inspection.wrong == []
