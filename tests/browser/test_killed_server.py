"""The server dies in the middle of a call: picture and sound go on, and nothing that was saved is lost."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import at_desk, call_of_two, come_to_waiting_room, in_call, waits
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_note import saved, section, write
from tests.cast import BOB
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V6")]

BACK_S = 3.0
LONGEST_FREEZE_MS = 1500
DEAD_SERVER = "WebSocket|ERR_CONNECTION|Failed to load resource"

# Notes the longest time between two frames of the other side, by the picture that is shown.
WATCH_PICTURE = """() => {
  const video = document.querySelector("video.remote");
  globalThis.longest = 0;
  let last = performance.now();
  const shown = (now) => {
    globalThis.longest = Math.max(globalThis.longest, now - last);
    last = now;
    video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);
}"""


def connections(person: Person) -> int:
    found: int = person.page.evaluate("() => globalThis.connections.length")
    return found


def longest_freeze(*persons: Person) -> float:
    """Return the longest freeze so far in ms; a busy machine has some by itself."""
    return max(person.page.evaluate("() => globalThis.longest") for person in persons)


def test_picture_and_sound_go_on_without_a_server(persons: Persons, own_site: Site) -> None:
    alice, dana, _ = call_of_two(persons, own_site)
    for person in (alice, dana):
        person.allow_errors(DEAD_SERVER)
        person.page.evaluate(WATCH_PICTURE)
        person.sees_motion(frames=30)
    usual = longest_freeze(alice, dana)
    made = [connections(person) for person in (alice, dana)]
    own_site.server.kill()
    for person in (alice, dana):
        expect(person.page.locator("main[data-line=retrying]")).to_be_attached()
        person.sees_motion(frames=15)
        person.hears()
        expect(person.page.locator("main[data-call-state=live]")).to_be_attached()
    own_site.server.restart()
    for person in (alice, dana):
        person.state("live")
        person.sees_motion(frames=15)
    assert [connections(person) for person in (alice, dana)] == made, "the connection was made anew"
    assert longest_freeze(alice, dana) < max(LONGEST_FREEZE_MS, 3 * usual)


def test_signalling_is_back_within_seconds(persons: Persons, own_site: Site) -> None:
    alice, dana, _ = call_of_two(persons, own_site)
    for person in (alice, dana):
        person.allow_errors(DEAD_SERVER)
    own_site.server.kill()
    own_site.server.restart()
    begins = time.monotonic()
    dana.press("Chat")
    dana.field("Write a message").fill("Still here?")
    dana.press("Send")
    for person in (alice, dana):
        person.state("live")
    assert time.monotonic() - begins < BACK_S
    alice.page.get_by_role("group", name="Call controls").get_by_role("button", name="Chat").click()
    alice.reads("Still here?")


def test_what_is_written_in_between_is_sent_afterwards(persons: Persons, own_site: Site) -> None:
    alice, dana, _ = call_of_two(persons, own_site)
    for person in (alice, dana):
        person.allow_errors(DEAD_SERVER)
    own_site.server.kill()
    expect(dana.page.locator("main[data-line=retrying]")).to_be_attached()
    dana.press("Chat")
    dana.field("Write a message").fill("Are you there?")
    dana.press("Send")
    dana.reads("Sending…")
    own_site.server.restart()
    alice.state("live")
    alice.page.get_by_role("group", name="Call controls").get_by_role("button", name="Chat").click()
    expect(alice.page.get_by_role("log").get_by_text("Are you there?")).to_have_count(1)
    expect(dana.page.get_by_role("log").get_by_text("Are you there?")).to_have_count(1)


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
