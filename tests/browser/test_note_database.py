"""PostgreSQL is stopped and started again under a page in which somebody types."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from server.core.migrate import migrate
from tests.browser.journeys import at_desk
from tests.browser.own_desk import NO_LINE, NOT_SAVED
from tests.browser.person import Persons
from tests.browser.test_note import saved, section, write, written
from tests.cast import BOB, seat_in
from tests.servers import ForkedServer, Postgres
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N2")]

WORDS = 10


@pytest.fixture
def postgres_site(tmp_path: Path, own_postgres: Postgres, locales: Path) -> Iterator[Site]:
    own_postgres.execute("CREATE DATABASE consilium TEMPLATE template0")
    url = own_postgres.url("consilium")
    migrate(url)
    seat_in(url)
    server = ForkedServer(tmp_path, DATABASE_URL=url, LOCALES_DIR=str(locales))
    server.start()
    site = Site(server)
    yield site
    site.close()
    server.stop()


def test_bad_42_the_page_says_that_nothing_is_saved_until_the_database_is_back(
    persons: Persons, postgres_site: Site, own_postgres: Postgres
) -> None:
    booked = postgres_site.consultation()
    alice, bob = at_desk(persons, postgres_site, booked), at_desk(persons, postgres_site, booked, BOB)
    for person in (alice, bob):
        person.allow_errors(NO_LINE)
    write(alice, "Plan", "Before. ")
    saved(alice)
    bob.until(lambda: written(bob, "Plan") == "Before. ", what="the first words")
    own_postgres.halt()
    for number in range(WORDS):
        alice.page.keyboard.type(f"w{number} ")
    alice.reads(NOT_SAVED)
    assert written(bob, "Plan") == "Before. "
    alice.page.keyboard.type("and more.")
    own_postgres.start()
    saved(alice)
    whole = "Before. " + "".join(f"w{number} " for number in range(WORDS)) + "and more."
    expect(section(alice, "Plan")).to_have_text(whole)
    bob.until(lambda: written(bob, "Plan") == whole, what="all words")
