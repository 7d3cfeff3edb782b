"""Every journey by keyboard alone."""

from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from server.core.clock import SystemClock
from tests.browser.journeys import control, hurry_to_waiting_room, in_call, sign_in, waits
from tests.browser.keys import Keys
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_note import saved, section
from tests.cast import ALICE, BOB, CHARLIE, DANA, ERIN, SAM
from tests.site import Booked, Site

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
    expect(dana.button("I agree")).to_be_visible()
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
    keys.tick(dana.page.get_by_label("Very good", exact=True))
    keys.press("Send my answer")
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
    hurry_to_waiting_room(dana, site.booked(address, "Dana by keyboard"))
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
    expect(alice.page.locator("#panel-call:focus, #main:focus")).to_be_attached()
    expect(dana.heading("The consultation has ended")).to_be_visible()
    keys.follow("Back to Today")
    expect(alice.heading("Today").first).to_be_visible()
    alice.allow_ended()
    keys.press("Sign out")
    expect(alice.heading("Sign in")).to_be_visible()


def test_declining_and_changing_ones_mind(persons: Persons, site: Site) -> None:
    dana = persons.person("dana", site, size=PHONE).open(site.consultation().link)
    keys = Keys(dana)
    keys.press("Start")
    keys.press("Continue")
    keys.press("I do not agree")
    expect(dana.heading("That is all right")).to_be_visible()
    keys.follow("I have changed my mind")
    expect(dana.heading("Before we start")).to_be_visible()


def line_of(person: Person, booked: Booked) -> Locator:
    return person.page.locator("li.line").filter(has=person.page.locator(f"a[href='{booked.desk}']"))


@pytest.mark.row("V3")
def test_the_list_and_its_dialogs(persons: Persons, site: Site) -> None:
    """After each dialog the focus is where it came from."""
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    alice = persons.person("alice", site, signed_in=ALICE).open("/today")
    keys = Keys(alice)
    line = line_of(alice, booked)
    message, wait, refuse = (
        line.get_by_role("button", name=name, exact=True) for name in ("Message", "Let wait longer", "Can\u2019t see now")
    )
    keys.use(message)
    keys.write("Nearly there")
    keys.press("Send message")
    dana.reads("Nearly there")
    expect(message).to_be_focused()
    keys.use(line.get_by_role("button", name="More for"))
    keys.use(wait)
    for _ in range(5):
        keys.hit("Escape")
        keys.hit("Enter")
    expect(alice.page.get_by_role("dialog")).to_be_visible()
    keys.hit("Escape")
    expect(wait).to_be_focused()
    keys.hit("Enter")
    keys.write("Ten minutes more")
    keys.press("Tell them")
    dana.reads("Ten minutes more")
    expect(wait).to_be_focused()
    keys.use(refuse)
    keys.write("I will ring you at three")
    keys.press("Tell them and close the waiting room")
    dana.reads("I will ring you at three")
    expect(line.locator(":focus")).to_be_visible()
    keys.use(line.get_by_role("link", name="Admit"))
    in_call(alice)
    in_call(dana)


@pytest.mark.row("V1")
def test_links_are_made_anew_and_revoked(persons: Persons, site: Site) -> None:
    booked = site.consultation(guest=ERIN)
    alice = persons.person("alice", site, signed_in=ALICE).open("/today")
    keys = Keys(alice)
    line = line_of(alice, booked)
    keys.use(line.get_by_role("button", name="More for"))
    keys.use(line.get_by_role("button", name="New link"))
    keys.press("Make a new link")
    expect(alice.field("Personal link of the patient")).to_be_focused()
    keys.press("Done")
    expect(line.get_by_role("button", name="New link")).to_be_focused()
    keys.use(line.get_by_role("button", name="Revoke link"))
    keys.press("Revoke the link")
    expect(line).to_contain_text("The link was revoked")
    expect(line.locator(":focus")).to_be_visible()
    keys.press("Make a new link")
    expect(alice.field("Personal link of the patient")).to_be_focused()


@pytest.mark.row("N1")
def test_a_colleague_comes_to_the_desk_and_writes(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    bob = persons.person("bob", site, signed_in=BOB).open("/today")
    keys = Keys(bob)
    keys.use(line_of(bob, booked).get_by_role("link", name="Dana Diaz", exact=True))
    expect(section(bob, "Plan")).to_be_editable()
    keys.go(section(bob, "Plan"))
    keys.write("Sleep diary")
    saved(bob)


@pytest.mark.row("V3")
def test_the_desk_before_and_in_a_call(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    alice = persons.person("alice", site, signed_in=ALICE).open(booked.desk)
    keys = Keys(alice)
    keys.go(alice.field("Write a message"))
    keys.write("One moment")
    keys.hit("Enter")
    dana.reads("One moment")
    keys.press("Admit")
    in_call(alice)
    expect(alice.page.locator("#panel-call")).to_be_focused()
    for name in ("Devices", "Chat"):
        keys.use(control(alice, name))
        expect(alice.page.get_by_role("dialog")).to_be_visible()
        keys.hit("Escape")
        expect(control(alice, name)).to_be_focused()
    unsuitable = alice.button("Not suitable for video")
    keys.use(unsuitable)
    keys.hit("Escape")
    expect(unsuitable).to_be_focused()
    keys.hit("Enter")
    keys.write("No light where she is")
    keys.press("End as not suitable")
    alice.reads("The consultation has ended")
    expect(alice.page.locator("#panel-call:focus, #main:focus")).to_be_attached()
    keys.follow("Back to Today")
    expect(alice.heading("Today").first).to_be_visible()


@pytest.mark.row("N3")
@pytest.mark.row("N4")
def test_a_record_is_permitted_and_opened_in_an_emergency(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    site.client(ALICE).post(f"/api/consultations/{booked.id}/notes", json={}).raise_for_status()
    alice = persons.person("alice", site, signed_in=ALICE).open("/today")
    charlie = persons.person("charlie", site, signed_in=CHARLIE)
    keys = Keys(alice)
    keys.follow("Patients")
    keys.follow(DANA.name)
    keys.go(alice.page.locator("#person"))
    alice.page.keyboard.type(SAM.name)
    keys.go(alice.page.locator("#until"))
    alice.page.keyboard.type(SystemClock().now().astimezone(ZoneInfo("Europe/London")).strftime("%m%d%Y"))
    keys.go(alice.page.locator("#reason"))
    keys.write("Letters")
    keys.press("Permit")
    keys.use(alice.page.locator("form[action$=withdraw] button"))
    alice.reads("You have permitted nobody.")
    alice.open("/today")
    in_an_emergency(charlie)
    alice.reads("Their reason: Collapsed in the corridor")
    keys.press("I have read this")
    expect(alice.button("I have read this")).to_have_count(0)


def in_an_emergency(charlie: Person) -> None:
    """Open dana's record by keys, and end that."""
    keys = Keys(charlie.open("/patients"))
    keys.follow("Open a record in an emergency")
    keys.go(charlie.page.locator("#name"))
    keys.write(DANA.name)
    keys.hit("Enter")
    keys.tick(charlie.page.locator("#patient"))
    keys.go(charlie.page.locator("#reason"))
    keys.write("Collapsed in the corridor")
    keys.tick(charlie.page.locator("#now"))
    keys.press("Open the record")
    keys.press("End it now")
    expect(charlie.heading("Patients").first).to_be_visible()


@pytest.mark.row("P4")
@pytest.mark.row("S4")
def test_messages_and_account(persons: Persons, site: Site) -> None:
    """By somebody whom no other test has signed in, because everywhere is everywhere."""
    here, there = (persons.person(name, site) for name in ("here", "there"))
    here.allow_ended()
    there.allow_errors("status of 401|WebSocket")
    sign_in(here, CHARLIE)
    sign_in(there, CHARLIE)
    site.consultation(owner=CHARLIE, guest=ERIN, team_id=None, mobile=ERIN.mobile)
    here.context.grant_permissions(["clipboard-read", "clipboard-write"])
    keys = Keys(here)
    keys.follow("Messages")
    keys.press("Copy the link")
    here.reads("Copied.")
    keys.follow("Account")
    expect(here.button("Sign out this device")).to_have_count(2)  # `there`, and the client that made the consultation
    keys.press("Sign out this device")
    expect(here.button("Sign out this device")).to_have_count(1)
    keys.press("Sign out everywhere")
    expect(here.heading("Sign in")).to_be_visible()
    there.open("/today")
    expect(there.heading("Sign in")).to_be_visible()
