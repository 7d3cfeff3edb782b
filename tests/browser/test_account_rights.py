"""What somebody asks of their account, its end, and the question before it: on a telephone and a laptop, with axe's rules."""

import sqlite3
from contextlib import closing

import pytest

from tests.browser.axe import Inspection
from tests.browser.person import PHONE, Persons
from tests.browser.test_accessible_pages import LANGUAGES
from tests.cast import ALICE, OLGA
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11"), pytest.mark.row("L1")]

OVER_TEN_MINUTES_AGO = "UPDATE login_session SET proved_at = '2020-01-01 00:00:00.000000'"


def forget_proofs(site: Site) -> None:
    """Let everybody have signed in a while ago."""
    with closing(sqlite3.connect(site.server.settings["DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        database.execute(OVER_TEN_MINUTES_AGO)
        database.commit()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rights_over_an_account(persons: Persons, site: Site, language: str) -> None:
    inspection = Inspection()
    alice = persons.person("alice", site, signed_in=ALICE, size=PHONE, language=language)
    alice.allow_errors("status of 4(03|22)")
    alice.open("/my/data/account").page.locator("main form button").first.click()
    alice.page.locator(".error-summary").wait_for()
    inspection.look(alice, "nothing written")
    alice.page.locator("#kind").select_option("restriction")
    alice.page.locator("#words").fill("Please keep it, and do nothing with it.")
    alice.page.locator("main form.card button").first.click()
    alice.page.locator(".callout.good").wait_for()
    inspection.look(alice, "asked")
    alice.open("/my/data/account/closing").page.locator("#sure").check()
    forget_proofs(site)
    alice.page.locator("button.danger").click()
    alice.page.locator("#present").wait_for()
    inspection.look(alice, "the question before it")
    alice.page.locator("#present").fill(ALICE.password)
    alice.page.locator("button.primary").click()
    alice.page.locator(".callout.warn").wait_for()
    inspection.look(alice, "it waits")
    olga = persons.person("olga", site, signed_in=OLGA, language=language).open("/practice/requests/accounts")
    inspection.look(olga, "the queue")
    alice.page.locator(".callout.warn button").click()
    alice.page.locator(".callout.good").wait_for()
    inspection.look(alice, "it stays")
    assert inspection.wrong == []
