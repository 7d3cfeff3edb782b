"""Every journey by keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import come_to_waiting_room, hurry_to_waiting_room, in_call, waits
from tests.browser.keys import Keys
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_note import saved, section
from tests.cast import ALICE
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11")]


def device_step(dana: Person, keys: Keys, answer: str) -> None:
    """Turn the device on unless it is, and say that it works."""
    expect(dana.page.locator("#start:visible, #works:visible").first).to_be_visible()
    if dana.page.locator("#start").is_visible():
        keys.use(dana.page.locator("#start"))
    keys.press(answer)


@pytest.mark.row("V1")
@pytest.mark.row("V2")
def test_the_way_of_a_patient(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    keys = Keys(dana)
    dana.open(booked.link)
    keys.follow("Skip to main content")
    keys.press("Start")
    keys.go(dana.field("Your name"))
    keys.hit("Control+a")
    keys.write("Dana D.")
    keys.press("Continue")
    expect(dana.heading("Before we start")).to_be_visible()
    for number in range(dana.page.get_by_role("checkbox").count()):
        keys.tick(dana.page.get_by_role("checkbox").nth(number))
    keys.press("I agree")
    device_step(dana, keys, "I can see myself")
    expect(dana.heading("Check your microphone")).to_be_visible()
    device_step(dana, keys, "The bar moves")
    keys.press("Play a sound")
    keys.press("Yes, I heard it")
    expect(dana.heading("Check your connection")).to_be_visible()
    keys.press("Go to the waiting room")
    waits(dana)
    keys.go(dana.field("Write a message"))
    keys.write("I am here")
    keys.hit("Enter")
    alice = persons.person("alice", site, signed_in=ALICE).open(booked.desk)
    alice.reads("I am here")
    alice.press("Admit")
    in_call(dana)
    call_by_keyboard(dana, keys)
    keys.press("Leave")
    expect(dana.heading("You have left the consultation")).to_be_visible()
    keys.tick(dana.page.get_by_label("Yes", exact=True))
    keys.press("Send my answers")
    dana.reads("Thank you.")


def call_by_keyboard(dana: Person, keys: Keys) -> None:
    """Mute, write and look through the sheet of the rest, and come back to where one was."""
    keys.press("Mute")
    expect(dana.button("Mute")).to_have_attribute("aria-pressed", "true")
    keys.hit("Alt+m")
    expect(dana.button("Mute")).to_have_attribute("aria-pressed", "false")
    keys.press("Chat")
    expect(dana.field("Write a message")).to_be_focused()
    keys.write("Hello")
    keys.hit("Enter")
    dana.reads("Hello")
    keys.hit("Escape")
    expect(dana.button("Chat")).to_be_focused()
    keys.press("More")
    keys.press("Raise hand")
    expect(dana.button("Raise hand")).to_have_attribute("aria-pressed", "true")
    keys.hit("Escape")
    expect(dana.button("More")).to_be_focused()


@pytest.mark.row("V3")
@pytest.mark.row("N1")
@pytest.mark.row("P4")
def test_the_way_of_a_professional(persons: Persons, site: Site) -> None:
    alice = persons.person("alice", site)
    keys = Keys(alice)
    alice.open("/today")
    keys.go(alice.field("Username"))
    keys.write(ALICE.username)
    keys.go(alice.field("Password"))
    keys.write(ALICE.password)
    keys.hit("Enter")
    keys.press("Consultation now")
    expect(alice.field("Name of the patient")).to_be_focused()
    keys.write("Dana by keyboard")
    keys.press("Make the link")
    link = alice.field("Personal link of the patient")
    keys.go(link)
    address = link.input_value()
    keys.follow("Open the desk")
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, site.booked(address))
    keys.press("Admit")
    for person in (alice, dana):
        in_call(person)
        person.sees_motion()
    keys.go(section(alice, "Plan"))
    keys.write("Sleep diary")
    saved(alice)
    keys.press("End")
    keys.use(alice.page.get_by_role("dialog").get_by_role("button", name="End for all"))
    alice.reads("The consultation has ended")
    expect(dana.heading("The consultation has ended")).to_be_visible()
    keys.follow("Back to Today")
    expect(alice.heading("Today").first).to_be_visible()
    keys.press("Sign out")
    expect(alice.heading("Sign in")).to_be_visible()


@pytest.mark.row("V3")
def test_the_list_and_its_dialogs(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    come_to_waiting_room(dana, booked)
    alice = persons.person("alice", site, signed_in=ALICE).open("/today")
    keys = Keys(alice)
    line = alice.page.locator(".waiting-rows li.line").filter(has=alice.page.locator(f"a[href='{booked.desk}']"))
    keys.use(line.get_by_role("button", name="Message", exact=True))
    keys.write("Nearly there")
    keys.press("Send message")
    dana.reads("Nearly there")
    keys.use(line.get_by_role("button", name="More for"))
    keys.use(line.get_by_role("button", name="Let wait longer"))
    expect(alice.page.get_by_role("dialog")).to_be_visible()
    keys.hit("Escape")
    expect(alice.page.get_by_role("dialog")).to_have_count(0)
    keys.use(line.get_by_role("link", name="Admit"))
    in_call(alice)
    in_call(dana)
