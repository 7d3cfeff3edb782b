"""A newsletter is written on a laptop for somebody who asked for it on a telephone, by axe's rules."""

import pytest
from playwright.sync_api import expect

from tests.browser.person import LAPTOP, PHONE, Persons
from tests.browser.test_accessible_pages import Inspection
from tests.cast import ERIN, OLGA
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("S2"), pytest.mark.row("V11")]


def test_news_are_asked_for_and_written(persons: Persons, site: Site) -> None:
    inspection = Inspection()
    erin = persons.person("erin", site, size=PHONE).open(site.consultation(guest=ERIN, email=ERIN.email).link)
    page = erin.page
    page.goto(page.url.rstrip("/") + "/news")
    expect(page.locator("input[name=email]")).not_to_be_checked()
    page.locator("input[name=email]").check()
    page.locator("form button.primary").click()
    expect(page.locator(".callout.good")).to_be_visible()
    expect(page.locator("input[name=email]")).to_be_checked()
    inspection.look(erin, "news asked for")
    olga = persons.person("olga", site, signed_in=OLGA, size=LAPTOP).open("/practice/newsletters")
    olga.allow_errors("status of 422")
    inspection.look(olga, "no newsletter yet")
    olga.page.locator("main a.button.primary").click()
    olga.page.locator("#text").fill("# Spring\n\nWe open at seven.")
    olga.page.locator("button[value=send]").click()
    expect(olga.page.locator(".error-summary")).to_be_focused()
    inspection.look(olga, "no subject")
    olga.page.locator("#subject").fill("Spring")
    olga.page.locator("button[value=preview]").click()
    expect(olga.page.get_by_text("At this moment it would go to 1 person.")).to_be_visible()
    inspection.look(olga, "a preview")
    assert inspection.wrong == []
