"""The server dies in the middle of a call: picture and sound go on, and nothing that was saved is lost."""

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import at_desk, call_of_two, come_to_waiting_room, in_call, waits
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_note import saved, section, write
from tests.cast import BOB
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V6")]

DEAD_SERVER = "WebSocket|ERR_CONNECTION|Failed to load resource"


def connections(person: Person) -> int:
    found: int = person.page.evaluate("() => globalThis.connections.length")
    return found


def test_a_call_outlives_its_server(persons: Persons, own_site: Site) -> None:
    """How fast all this is, the bench measures; here it is the order of things that counts."""
    alice, dana, _ = call_of_two(persons, own_site)
    for person in (alice, dana):
        person.allow_errors(DEAD_SERVER)
    made = [connections(person) for person in (alice, dana)]
    own_site.server.kill()
    for person in (alice, dana):
        person.state("live", line="retrying")
        person.sees_motion(frames=15)
        person.hears()
        person.state("live", line="retrying")
    dana.press("Chat")
    dana.field("Write a message").fill("Are you there?")
    dana.press("Send")
    dana.reads("Sending…")
    own_site.server.restart()
    for person in (alice, dana):
        person.state("live")
        person.sees_motion(frames=15)
    assert [connections(person) for person in (alice, dana)] == made, "the connection was made anew"
    alice.page.get_by_role("group", name="Call controls").get_by_role("button", name="Chat").click()
    for person in (alice, dana):
        expect(person.page.get_by_role("log").get_by_text("Are you there?")).to_have_count(1)
    expect(dana.page.get_by_text("Sending…")).to_have_count(0)


@pytest.mark.row("V3")
def test_the_waiting_room_keeps_its_place(persons: Persons, own_site: Site) -> None:
    booked = own_site.consultation()
    dana = persons.person("dana", own_site, size=PHONE)
    dana.allow_errors(DEAD_SERVER)
    come_to_waiting_room(dana, booked)
    since = own_site.row(booked)["waiting_since"]
    own_site.server.kill()
    dana.reads("The connection to the practice is interrupted.")
    own_site.server.restart()
    waits(dana)
    assert own_site.row(booked)["waiting_since"] == since
    alice = at_desk(persons, own_site, booked)
    alice.press("Admit")
    in_call(dana)
    dana.sees_motion()


@pytest.mark.row("N2")
def test_two_write_and_nothing_saved_is_lost(persons: Persons, own_site: Site) -> None:
    booked = own_site.consultation()
    alice, bob = at_desk(persons, own_site, booked), at_desk(persons, own_site, booked, BOB)
    for person in (alice, bob):
        person.allow_errors(DEAD_SERVER)
    write(alice, "Subjective", "Headache since Monday")
    write(bob, "Plan", "Drink more water")
    saved(alice)
    saved(bob)
    own_site.server.kill()
    write(alice, "Assessment", "Tension headache")
    alice.reads("NOT saved")
    own_site.server.restart()
    saved(alice)
    expect(section(bob, "Assessment")).to_contain_text("Tension headache")
    own_site.server.kill()
    own_site.server.restart()
    fresh = persons.person("alice again", own_site, signed_in=BOB).open(booked.desk)
    expect(section(fresh, "Subjective")).to_contain_text("Headache since Monday")
    expect(section(fresh, "Plan")).to_contain_text("Drink more water")
    expect(section(fresh, "Assessment")).to_contain_text("Tension headache")
