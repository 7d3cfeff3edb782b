"""Before somebody leaves a practice: their waiting list is handed over, and their own page says what stands open."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import anyio
import httpx2
import pytest
from playwright.sync_api import expect

from server.adapters.memory_bus import MemoryBus
from server.booking.model import Service
from server.core.clock import SystemClock
from server.core.db import Database, Events
from tests.browser.axe import Inspection
from tests.browser.person import LAPTOP, PHONE, Persons
from tests.cast import ALICE, BOB, OLGA
from tests.http.booking import offer
from tests.http.test_people import PEOPLE
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("P3")]


@pytest.fixture(scope="module")
def services(site: Site) -> list[Service]:
    """What alice and bob offer."""

    async def make() -> list[Service]:
        database = Database(site.server.settings["DATABASE_URL"], MemoryBus(), Events())
        async with database.write() as tx:
            now = SystemClock().now()
            made = [await offer(tx, now, ALICE, name="Long talk"), await offer(tx, now, BOB, name="Short talk")]
        await database.close()
        return made

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, make).result()


def waits(site: Site, service: Service, name: str) -> None:
    """Somebody asks for a time that never is: nothing is offered at the weekend."""
    until = (SystemClock().now() + timedelta(days=20)).date()
    form = {"day6": "yes", "mornings": "yes", "until": str(until), "email": "dana@example.org", "name": name}
    answer = httpx2.post(f"{site.url}/book/{ALICE.professional_id}/{service.id}/wait", data=form, trust_env=False)
    assert answer.status_code == 303, answer.text


def test_a_waiting_list_is_handed_over_and_somebody_leaves(persons: Persons, site: Site, services: list[Service]) -> None:
    inspection = Inspection()
    for name in ("Dana Diaz", "Erin Evans"):
        waits(site, services[0], name)
    alice = persons.person("alice", site, signed_in=ALICE, size=PHONE).open("/account")
    alice.allow_errors("status of 422")
    alice.link("Leave the practice").click()
    alice.reads("2 people wait for a time of “Long talk”")
    alice.page.locator("form[action='/account/leaving'] button").click()
    expect(alice.page.locator(".error-summary")).to_contain_text("Please tick that your place shall end.")
    inspection.look(alice, "one's own page before the end")
    olga = persons.person("olga", site, signed_in=OLGA, size=LAPTOP)
    olga.allow_errors("status of 422")
    olga.open(f"{PEOPLE}/{ALICE.person_id}/leaving")
    olga.reads("2 people wait")
    olga.page.locator("form[action*='/leaving/waiting/'] button").click()
    expect(olga.page.locator(".error-summary")).to_contain_text("Please choose what they shall wait for instead.")
    inspection.look(olga, "nothing chosen")
    olga.page.get_by_label("What shall they wait for instead?").select_option(str(services[1].id))
    olga.page.locator("form[action*='/leaving/waiting/'] button").click()
    olga.reads("They wait for it now, and are told.")
    inspection.look(olga, "handed over")
    alice.page.get_by_label("Yes, my place shall end now").check()
    alice.page.locator("form[action='/account/leaving'] button").click()
    expect(alice.page).not_to_have_url(f"{site.url}/account/leaving")
    assert alice.open("/account").page.get_by_role("link", name="Leave the practice").count() == 0
    assert inspection.wrong == []
