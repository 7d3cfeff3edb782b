"""A patient's account and own page in a real browser: for everybody, by keyboard alone, and without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser.keys import Keys
from tests.browser.person import PHONE, Persons
from tests.browser.test_accessible_pages import LANGUAGES, Walk, let_in
from tests.cast import DANA, ERIN
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11")]

PASSWORD = "four words are better"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_an_account(persons: Persons, site: Site, language: str) -> None:
    booked = site.consultation(guest=ERIN, mobile=ERIN.mobile)
    erin = persons.person("erin", site, size=PHONE, language=language)
    erin.allow_errors("status of 4(01|22)")
    walk = Walk(erin)
    erin.open(booked.link)
    account = "/".join(erin.page.url.split("/")[:5]) + "/account"
    erin.open(account)
    walk.look("no account before the call")
    expect(erin.page.locator("#username")).to_have_count(0)
    let_in(site, booked)
    erin.open(booked.link)
    walk.click("a[href$='/account']")
    walk.comes_to("#username", "account")
    walk.click("details summary")
    erin.page.locator("#own-username").fill("nobody")
    erin.page.locator("#own-password").fill("nothing at all")
    walk.click("details button")
    walk.comes_to(".error-summary", "a wrong password")
    walk.click("form:not(details form) button.primary")
    walk.comes_to("#username-error", "nothing written")
    erin.page.locator("#username").fill(f"erin-{language}".lower())
    erin.page.locator("#password").fill(PASSWORD)
    walk.click("button.primary")
    walk.comes_to(".record", "my record")
    walk.click("form[action$=sharing] button")
    walk.comes_to(".callout.good[role=status]", "agreed")
    walk.click("form[action$=sharing] button")
    expect(erin.page).to_have_url(f"{site.url}/my?withdrawn")
    walk.look("taken back")
    walk.click("a[href$='/looks']")
    walk.comes_to(".looks .who", "who looked")
    walk.click("nav a[href='/account']")
    expect(erin.page.locator(".devices")).to_be_visible()
    walk.inspection.look(erin, "account page")  # it names the browser, which is nobody's to translate
    erin.open(booked.link)
    erin.open(account)
    walk.comes_to("a[href^='/sign-in']", "has an account")
    assert walk.inspection.wrong == []


def test_the_account_by_keyboard(persons: Persons, site: Site) -> None:
    booked = site.consultation(guest=ERIN, mobile=ERIN.mobile)
    let_in(site, booked)
    erin = persons.person("erin", site, size=PHONE)
    keys = Keys(erin)
    erin.open(booked.link)
    keys.follow("Make an account")
    keys.go(erin.field("Username"))
    keys.write("erin-by-keyboard")
    keys.go(erin.field("Password"))
    keys.write(PASSWORD)
    keys.press("Make my account")
    keys.press("I agree")
    erin.reads("The team that treats you may see the notes from now on.")
    keys.press("Take back my agreement")
    erin.reads("From now on nobody else of the team can open the notes.")
    keys.follow("See who looked at my record")
    erin.reads("Took back the agreement that the team may see the notes")
    keys.follow("Back to my record")
    keys.press("Sign out")
    expect(erin.heading("Sign in")).to_be_visible()


def test_the_own_page_needs_no_script(persons: Persons, site: Site) -> None:
    dana = persons.person("dana", site, size=PHONE, scripts=False)
    dana.open("/sign-in?next=/my")
    dana.field("Username").fill(str(DANA.username))
    dana.field("Password").fill("dana likes long walks")
    dana.press("Sign in")
    expect(dana.heading("Who may see your notes")).to_be_visible()
    dana.press("Take back my agreement")
    dana.reads("From now on nobody else of the team can open the notes.")
    dana.link("See who looked at my record").click()
    dana.reads("Took back the agreement that the team may see the notes")
