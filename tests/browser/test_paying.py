"""Paying on the sandbox's page in a real browser: a card that is declined, one that works, and the money that comes back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest
from playwright.sync_api import expect

from server.adapters.memory_bus import MemoryBus
from server.booking.model import Pays, Service
from server.core.clock import SystemClock
from server.core.db import Database, Events
from tests.browser.conftest import start_site
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_booking import FRONT, choose_first, write_details
from tests.http.booking import offer, until_night
from tests.site import Site

PAID = "Second opinion"  # beside what the demo offers

pytestmark = [pytest.mark.browser, pytest.mark.row("M5"), pytest.mark.row("B4")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, locales: Path) -> Iterator[Site]:
    """A server with the sandbox, which production refuses."""
    site = start_site(tmp_path_factory.mktemp("site"), sqlite_template, locales, PAYMENTS="sandbox", ENVIRONMENT="demo")
    yield site
    site.close()
    site.server.stop()


@pytest.fixture(scope="module")
def offered(site: Site) -> Service:
    """What dr_alice is paid for online in this site; it can be cancelled without a fee until a day before."""

    async def make() -> Service:
        database = Database(site.server.settings["DATABASE_URL"], MemoryBus(), Events())
        async with database.write() as tx:
            terms = {"price_minor": 4500, "pays": Pays.ONLINE, "late_fee_percent": 50, "no_show_fee_percent": 100}
            now = SystemClock().now()
            service = await offer(tx, now, notice_min=until_night(now), name=PAID, about="", **terms)
        await database.close()
        return service

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, make).result()


def to_the_provider(person: Person) -> None:
    """Go all the way to the provider's page."""
    person.open(FRONT)
    person.reads("£45.00 · you pay online when you book")
    person.page.get_by_role("link", name=PAID).click()
    choose_first(person)
    person.press("Continue")
    write_details(person)
    expect(person.heading("Is everything right?")).to_be_visible()
    person.reads("After that it costs you £22.50.")
    person.press("Continue to payment")
    expect(person.heading("Pay for your appointment")).to_be_visible()
    person.link("Pay £45.00 now").click()
    person.reads("No money moves.")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_pay_after_a_declined_card_and_get_it_back(persons: Persons, site: Site, offered: Service, scripts: bool) -> None:
    erin = persons.person("erin", site, size=PHONE, scripts=scripts)
    erin.allow_errors("status of (402|410)")
    to_the_provider(erin)
    erin.press("Pay with a card that is declined")
    erin.reads("The card was declined")
    erin.link("Back without paying").click()
    expect(erin.heading("Pay for your appointment")).to_be_visible()
    erin.link("Pay £45.00 now").click()
    erin.press("Pay with a card that works")
    expect(erin.heading("Your appointment is booked")).to_be_visible()
    erin.reads("You paid £45.00.")
    erin.link("Cancel this appointment").click()
    expect(erin.heading("Cancel this appointment?")).to_be_visible()
    erin.reads("You paid £45.00 and get £45.00 back.")
    erin.press("Yes, cancel it")
    expect(erin.heading("This appointment is cancelled")).to_be_visible()
    erin.reads("£45.00")


def test_the_back_button_leads_to_the_same_payment(persons: Persons, site: Site, offered: Service) -> None:
    erin = persons.person("erin", site, size=PHONE)
    to_the_provider(erin)
    provider = erin.page.url
    erin.page.go_back()
    expect(erin.heading("Pay for your appointment")).to_be_visible()
    erin.link("Pay £45.00 now").click()
    erin.reads("No money moves.")
    assert erin.page.url == provider
