"""Who comes next and that it takes longer, a waiting list, and what an administrator writes: as people see them in a browser."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import anyio
import pytest
from playwright.sync_api import expect

from server.adapters.memory_bus import MemoryBus
from server.booking.model import Service
from server.core.clock import SystemClock
from server.core.db import Database, Events
from tests.browser.axe import Inspection
from tests.browser.journeys import hurry_to_waiting_room, in_call
from tests.browser.person import LAPTOP, PHONE, Person, Persons
from tests.cast import ALICE, DANA, ERIN, OLGA
from tests.http.booking import offer
from tests.site import Booked, Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def offered(site: Site) -> Service:
    """What dr_alice offers in this site."""

    async def make() -> Service:
        database = Database(site.server.settings["DATABASE_URL"], MemoryBus(), Events())
        async with database.write() as tx:
            service = await offer(tx, SystemClock().now(), name="Video consultation", about="")
        await database.close()
        return service

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, make).result()


@pytest.fixture
def dana(persons: Persons, site: Site) -> tuple[Person, Booked]:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    return dana, booked


@pytest.mark.row("B6")
def test_who_waits_is_next_and_reads_that_it_takes_longer(persons: Persons, site: Site, dana: tuple[Person, Booked]) -> None:
    waiting, booked = dana
    later = SystemClock().now() + timedelta(minutes=30)
    site.consultation(guest=ERIN, patient_name=ERIN.name, team_id=None, scheduled_at=later.isoformat())
    alice = persons.person("alice", site, signed_in=ALICE).open("/today")
    following = alice.page.locator(".next-in-line")
    expect(following.locator(f"a[href='{booked.desk}']")).to_be_visible()
    expect(following).to_contain_text("Waiting")
    following.locator("summary").click()
    alice.press("30 min")
    toast = alice.page.locator(".toast")
    expect(toast).to_contain_text("will be told in a few seconds that you are about 30 minutes late.")
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("Nobody was told.")
    following.locator("summary").click()
    alice.press("15 min")
    expect(toast).to_contain_text("have been told that you are about 15 minutes late.")
    waiting.reads("Dr Alice Ahmed is running about 15 minutes late.")
    expect(waiting.page.get_by_text("30 minutes late")).to_have_count(0)


@pytest.mark.row("B6")
def test_the_desk_names_the_next_one_by_keys(persons: Persons, site: Site, dana: tuple[Person, Booked]) -> None:
    del dana  # who waits
    other = site.consultation(guest=ERIN, patient_name=ERIN.name, team_id=None)
    alice = persons.person("alice", site, signed_in=ALICE).open(other.desk)
    following = alice.page.locator(".next-in-line")
    expect(following).to_contain_text("Next:")
    expect(following.locator(f"a[href='{other.desk}']")).to_have_count(0)
    summary = following.locator("summary")
    summary.focus()
    summary.press("Enter")
    expect(following.get_by_role("button", name="10 min")).to_be_visible()
    expect(following.locator("a")).to_have_count(1)


@pytest.mark.row("V10")
def test_after_the_call_each_side_has_what_is_left_to_do(persons: Persons, site: Site, dana: tuple[Person, Booked]) -> None:
    patient, booked = dana
    alice = persons.person("alice", site, signed_in=ALICE).open(f"{booked.desk}#admit")
    in_call(alice)
    in_call(patient)
    end = {"outcome": "completed", "reason": None}
    site.client(ALICE).post(f"/api/consultations/{booked.id}/end", json=end).raise_for_status()
    expect(alice.page.get_by_text("The note is not signed yet.")).to_be_visible()
    alice.press("Book the next appointment")
    expect(alice.field("Name of the patient")).to_have_value(DANA.name)
    when = (SystemClock().now() + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M")
    alice.field("Day and time").fill(when)
    alice.press("Make the link")
    expect(alice.field("Personal link of the patient")).to_be_visible()
    patient.page.get_by_label("Good", exact=True).check()
    patient.press("Send my answer")
    expect(patient.page.get_by_text("Your answer helps Dr Alice Ahmed.")).to_be_visible()
    alice.open("/feedback")
    expect(alice.heading("Good")).to_be_visible()


@pytest.mark.row("B2")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_somebody_asks_to_be_told_and_leaves_again(persons: Persons, site: Site, offered: Service, *, scripts: bool) -> None:
    dana = persons.person("dana", site, size=PHONE, scripts=scripts)
    dana.allow_errors("status of 422")
    dana.open(f"/book/{ALICE.professional_id}/{offered.id}")
    dana.link("None of these suits you? Be told when a time becomes free").click()
    dana.press("Put me on the list")
    dana.reads("Please write your name.")
    dana.field("Your name").fill("Dana Diaz")
    dana.field("E-mail address").fill("dana@example.org")
    dana.page.locator("#day0").uncheck()
    dana.press("Put me on the list")
    expect(dana.heading("You are on the waiting list")).to_be_visible()
    dana.press("Leave the waiting list")
    expect(dana.heading("You have left the waiting list")).to_be_visible()


@pytest.mark.row("S4")
def test_an_administrator_writes_a_text_and_cannot_lose_the_link(persons: Persons, site: Site) -> None:
    olga = persons.person("olga", site, size=LAPTOP, signed_in=OLGA)
    olga.allow_errors("status of 422")
    olga.open("/account")
    olga.link("Messages to patients").click()
    olga.page.locator("a[href='/practice/messages/remind24h/en-GB']").click()
    text = olga.field("Text")
    text.fill("{practice}: see you on {day} at {time}.")
    olga.press("Save")
    olga.reads("Without {link} the patient cannot join. Please put it in.", link="{link}")
    text.fill("{practice}: see you on {day} at {time}.\nHere: {link}")
    olga.press("Preview")
    olga.reads("Harbour Clinic: see you on")
    olga.press("Save")
    olga.reads("Your own text")


@pytest.mark.row("V11")
def test_the_pages_are_for_everybody(persons: Persons, site: Site, offered: Service) -> None:
    inspection = Inspection()
    pages = {
        OLGA: [
            "/practice/messages",
            "/practice/messages/delayed/en-GB",
            "/practice/undelivered",
            "/practice/holds",
            "/practice/retention?report",
        ],
        ALICE: ["/waiting-list", "/account/calendar", "/feedback"],
    }
    for member, paths in pages.items():
        person = persons.person(member.username, site, signed_in=member)
        for path in paths:
            inspection.look(person.open(path), path)
    patient = persons.person("dana", site, size=PHONE)
    inspection.look(patient.open(f"/book/{ALICE.professional_id}/{offered.id}/wait"), "asking")
    assert inspection.wrong == []
