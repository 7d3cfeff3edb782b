"""Booking in a real browser: on a phone, by keys alone, without scripts, from another part of the world; moving and cancelling."""

import re
from calendar import day_abbr, day_name, month_abbr, month_name
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from playwright.sync_api import expect

from server.adapters.memory_bus import MemoryBus
from server.booking.model import Service
from server.core.clock import SystemClock
from server.core.db import Database, Events
from tests.browser.axe import Inspection
from tests.browser.keys import Keys
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_accessible_pages import LANGUAGES, Walk
from tests.cast import ALICE, DANA, ERIN
from tests.http.booking import offer, until_night
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("B1"), pytest.mark.row("V11")]

FRONT = f"/book/{ALICE.professional_id}"
DATES = [name for names in (day_name, month_name, day_abbr, month_abbr) for name in names if name]
NAMES = ["Video consultation", "General practice", "MB BS", *DATES]


@pytest.fixture(scope="module")
def offered(site: Site) -> Service:
    """What dr_alice offers in this site: there is always something free a few days from now."""

    async def make() -> Service:
        database = Database(site.server.settings["DATABASE_URL"], MemoryBus(), Events())
        async with database.write() as tx:
            now = SystemClock().now()
            service = await offer(tx, now, notice_min=until_night(now), name="Video consultation", about="")
        await database.close()
        return service

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, make).result()


def choose_first(person: Person) -> str:
    """Choose the first free time, and return it as the page says it."""
    expect(person.heading("Choose a time")).to_be_visible()
    time = person.page.locator("input[name=time]").first
    time.check()
    words: str = person.page.locator(".slot time").first.inner_text()
    return words


def write_details(person: Person) -> None:
    expect(person.heading("Who are you?")).to_be_visible()
    person.field("Your name").fill(ERIN.name)
    person.field("Mobile number").fill(ERIN.mobile)
    person.press("Continue")


def book(person: Person, offered: Service) -> str:
    """Go the whole way by touch, and return the time."""
    person.open(FRONT)
    person.page.get_by_role("link", name="See free times").click()
    words = choose_first(person)
    person.press("Continue")
    write_details(person)
    expect(person.heading("Is everything right?")).to_be_visible()
    person.reads(ERIN.mobile)
    person.press("Book this appointment")
    expect(person.heading("Your appointment is booked")).to_be_visible()
    return words


@pytest.mark.row("B4")
def test_book_move_and_cancel_on_a_phone(persons: Persons, site: Site, offered: Service) -> None:
    erin = persons.person("erin", site, size=PHONE)
    erin.allow_errors("status of 4(09|10|22)")
    words = book(erin, offered)
    expect(erin.page.locator(".moment").first).to_contain_text(words)
    assert not re.search("Erin|0077", erin.page.url)
    erin.link("Choose another time").click()
    erin.press("Take this time")
    expect(erin.page.locator(".error-summary")).to_be_focused()
    erin.page.locator("input[name=time]").nth(5).check()
    erin.press("Take this time")
    expect(erin.heading("Your appointment has a new time")).to_be_visible()
    erin.reads("It is the same link as before.")
    stale = erin.new_tab()
    stale.goto(erin.page.url.partition("?")[0].replace("/appointment", "/cancel"))
    erin.link("Choose another time").click()
    erin.page.locator("input[name=time]").first.check()
    erin.press("Take this time")
    expect(erin.heading("Your appointment has a new time")).to_be_visible()
    stale.get_by_role("button", name="Yes, cancel it").click()
    expect(stale.get_by_text("This appointment was changed in the meantime")).to_be_visible()
    stale.get_by_role("button", name="Yes, cancel it").click()
    expect(stale.get_by_role("heading", name="This appointment is cancelled")).to_be_visible()
    stale.get_by_role("link", name="Book again").click()
    expect(stale.get_by_role("heading", name="Choose a time")).to_be_visible()


def test_book_by_keys_alone(persons: Persons, site: Site, offered: Service) -> None:
    erin = persons.person("erin", site, size=PHONE)
    keys = Keys(erin)
    erin.open(f"{FRONT}/{offered.id}")
    first = erin.page.locator("input[name=time]").first
    keys.go(first)
    keys.hit("Space")
    keys.hit("ArrowDown")
    expect(erin.page.locator("input[name=time]").nth(1)).to_be_checked()
    keys.press("Continue")
    keys.go(erin.field("Your name"))
    keys.write(ERIN.name)
    keys.go(erin.field("E-mail address"))
    keys.write(ERIN.email)
    keys.press("Continue")
    keys.press("Book this appointment")
    expect(erin.heading("Your appointment is booked")).to_be_visible()


def test_book_without_scripts(persons: Persons, site: Site, offered: Service) -> None:
    erin = persons.person("erin", site, size=PHONE, scripts=False)
    erin.allow_errors("status of 410")
    book(erin, offered)
    erin.link("Cancel this appointment").click()
    erin.press("Yes, cancel it")
    expect(erin.heading("This appointment is cancelled")).to_be_visible()


def test_who_signs_in_on_the_way_comes_back_to_it(persons: Persons, site: Site, offered: Service) -> None:
    dana = persons.person("dana", site, size=PHONE)
    dana.open(f"{FRONT}/{offered.id}")
    choose_first(dana)
    dana.press("Continue")
    dana.link("Sign in, and this is filled in for you").click()
    dana.field("Username").fill(str(DANA.username))
    dana.field("Password").fill("dana likes long walks")
    dana.press("Sign in")
    expect(dana.field("Your name")).to_have_value(DANA.name)
    dana.field("Mobile number").fill(DANA.mobile)
    dana.press("Continue")
    dana.press("Book this appointment")
    expect(dana.heading("Your appointment is booked")).to_be_visible()
    dana.open("/my")
    dana.link("Join, change or cancel").first.click()
    expect(dana.heading("Your video consultation with Dr Alice Ahmed")).to_be_visible()


@pytest.mark.row("B2")
def test_whoever_is_elsewhere_sees_both_times_by_itself(persons: Persons, site: Site, offered: Service) -> None:
    erin = persons.person("erin", site, size=PHONE, zone="America/New_York")
    erin.open(f"{FRONT}/{offered.id}")
    expect(erin.page.locator(".slot small").first).to_contain_text("in New York")
    choose_first(erin)
    erin.press("Continue")
    expect(erin.page.get_by_text("Where you are:")).to_contain_text("New York time")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_are_for_everybody(persons: Persons, site: Site, offered: Service, language: str) -> None:
    erin = persons.person("erin", site, size=PHONE, language=language)
    erin.allow_errors("status of 4(09|10|22)")
    walk = Walk(erin, [*NAMES, ERIN.mobile])
    erin.open(FRONT)
    walk.click("a.button.primary")
    expect(erin.page.locator("input[name=time]").first).to_be_visible()
    walk.click(".slot-go button")
    walk.comes_to(".error-summary", "no time chosen")
    walk.click("input[name=time]")
    walk.click(".slot-go button")
    walk.comes_to("#name", "details")
    walk.click("button.primary")
    walk.comes_to(".error-summary", "nothing written")
    erin.page.locator("#name").fill(ERIN.name)
    erin.page.locator("#mobile").fill(ERIN.mobile)
    walk.click("button.primary")
    walk.comes_to(".book-check", "check")
    walk.click("button.primary")
    walk.comes_to(".callout.good", "booked")
    walk.click("a[href$='/move']")
    expect(erin.page.locator("input[name=time]").first).to_be_visible()
    walk.click("a[href$='/appointment']")
    walk.click("a[href$='/cancel']")
    expect(erin.page.locator("button.danger")).to_be_visible()
    walk.click("button.danger")
    walk.comes_to("a[href^='/book/']", "cancelled")
    assert walk.inspection.wrong == []


@pytest.mark.row("B7")
def test_the_week_is_for_everybody(persons: Persons, own_site: Site) -> None:
    own_site.consultation(guest=ERIN)  # elsewhere she may have more of them this week
    alice = persons.person("alice", own_site, signed_in=ALICE)
    inspection = Inspection()
    alice.open("/week")
    expect(alice.heading("Week")).to_be_visible()
    inspection.look(alice, "week")
    Keys(alice).follow(ERIN.name)
    assert inspection.wrong == []
