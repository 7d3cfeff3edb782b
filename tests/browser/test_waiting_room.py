"""The waiting room from both sides of the door."""

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import at_desk, come_to_waiting_room, hurry_to_waiting_room, in_call
from tests.browser.person import PHONE, Person, Persons
from tests.cast import ALICE, BOB, CHARLIE, ERIN
from tests.site import Booked, Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V3")]


@pytest.fixture
def booked(site: Site) -> Booked:
    return site.consultation()


@pytest.fixture
def dana(persons: Persons, site: Site, booked: Booked) -> Person:
    """A patient in the waiting room."""
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    return dana


def test_whoever_waits_comes_first_on_a_list_that_is_live(persons: Persons, site: Site) -> None:
    booked = site.consultation(guest=ERIN, team_id=None)
    alice = persons.person("alice", site, signed_in=ALICE).open("/today")
    line = alice.page.locator("li.line").filter(has=alice.page.locator(f"a[href='{booked.desk}']"))
    expect(line).to_contain_text("Not arrived")
    erin = persons.person("erin", site, size=PHONE)
    come_to_waiting_room(erin, booked)
    waiting = alice.page.locator(".waiting-rows")
    expect(waiting.locator(f"a[href='{booked.desk}']")).to_be_visible()
    expect(alice.page.locator(".waiting-count")).to_contain_text("waiting")
    line.get_by_role("link", name="Admit Erin Evans").click()
    in_call(alice)
    in_call(erin)
    for person in (alice, erin):
        person.sees_motion()


def test_messages_go_both_ways(dana: Person, persons: Persons, site: Site, booked: Booked) -> None:
    alice = persons.person("alice", site, signed_in=ALICE).open("/today")
    alice.page.locator(".waiting-rows li.line").filter(has=alice.page.locator(f"a[href='{booked.desk}']")).get_by_role(
        "button", name="Message", exact=True
    ).click()
    alice.field("Message").fill("Five minutes more, please.")
    alice.press("Send message")
    dana.reads("Five minutes more, please.")
    dana.field("Write a message").fill("No hurry")
    dana.press("Send")
    alice.open(booked.desk)
    alice.reads("No hurry")
    alice.field("Write a message").fill("Thank you")
    alice.press("Send")
    dana.reads("Thank you")


def test_waiting_longer_is_told_with_the_reason(dana: Person, persons: Persons, site: Site, booked: Booked) -> None:
    alice = at_desk(persons, site, booked)
    alice.press("Let wait longer")
    alice.field("A message as well (optional)").fill("An emergency came in between.")
    alice.press("Tell them")
    dana.reads("Dr Alice Ahmed asks you to wait a little longer.")
    dana.reads("An emergency came in between.")
    dana.state("waiting")


def test_refused_is_told_why_and_can_be_let_in_later(dana: Person, persons: Persons, site: Site, booked: Booked) -> None:
    alice = at_desk(persons, site, booked)
    alice.press("Can\u2019t see now")
    alice.field("What should happen instead?").fill("I will ring you at three.")
    alice.press("Tell them and close the waiting room")
    dana.reads("You cannot join at the moment")
    dana.reads("I will ring you at three.")
    assert site.row(booked)["stage"] == "refused"
    dana.page.reload()
    dana.reads("I will ring you at three.")
    alice.press("Admit")
    in_call(dana)
    dana.sees_motion()


def test_being_called_is_heard_and_flashes_in_the_title(dana: Person, persons: Persons, site: Site, booked: Booked) -> None:
    dana.press("Play a sound so I hear when I am called")
    dana.reads("You will hear this sound when it is your turn.")
    dana.page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', { get: () => true, configurable: true }); "
        "globalThis.titles = []; new MutationObserver(() => globalThis.titles.push(document.title))"
        ".observe(document.querySelector('title'), { childList: true }); }"
    )
    alice = at_desk(persons, site, booked)
    alice.press("Admit")
    dana.until(lambda: "Dr Alice Ahmed is ready for you." in dana.page.evaluate("() => globalThis.titles"), what="a flashing title")


def test_leaving_the_waiting_room_is_seen(dana: Person, persons: Persons, site: Site, booked: Booked) -> None:
    alice = at_desk(persons, site, booked)
    dana.press("Leave")
    expect(dana.heading("You have left the consultation")).to_be_visible()
    alice.reads("Dana Diaz has left")


@pytest.mark.row("P3")
@pytest.mark.row("N3")
def test_the_team_sees_who_waits_and_others_do_not(dana: Person, persons: Persons, site: Site, booked: Booked) -> None:
    bob = persons.person("bob", site, signed_in=BOB).open("/today")
    expect(bob.page.locator(f".waiting-rows a[href='{booked.desk}']")).to_be_visible()
    charlie = persons.person("charlie", site, signed_in=CHARLIE).open("/today")
    expect(charlie.page.get_by_text("Nobody is waiting")).to_be_visible()
    assert "Dana" not in charlie.page.content()
    charlie.allow_errors("status of 404")
    charlie.open(booked.desk)
    assert "Dana" not in charlie.page.content()
