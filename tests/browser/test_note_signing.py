"""Signing, locking, amending and releasing at the desk."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.journeys import at_desk
from tests.browser.person import Person, Persons
from tests.browser.test_note import saved, section, write
from tests.cast import ALICE, BOB
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N5")]


def pane(person: Person) -> Locator:
    """Return the note that is looked at."""
    return person.page.locator(".note:visible")


def editor(person: Person, name: str) -> Locator:
    return pane(person).get_by_role("textbox", name=name)


def tab(person: Person, name: str) -> Locator:
    return person.page.get_by_role("group", name="Which note").get_by_role("button", name=name)


def do(person: Person, name: str) -> None:
    pane(person).get_by_role("button", name=name, exact=True).click()


def sign(person: Person, button: str, password: str) -> Locator:
    """Open the dialog of a button under the note and send it; returns the dialog, which a success closes."""
    do(person, button)
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(password)
    send(dialog, button)
    return dialog


def send(dialog: Locator, button: str) -> None:
    go = dialog.get_by_role("button", name=button.rstrip("…"), exact=True)
    expect(go).not_to_have_attribute("aria-disabled", "true")
    go.click()


def test_a_signature_stands_until_somebody_writes_on(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    write(alice, "Plan", "Rest and water")
    saved(alice)
    expect(section(bob, "Plan")).to_contain_text("Rest and water")
    alice.allow_errors("status of 403")
    dialog = sign(alice, "Sign…", "not her password")
    expect(dialog.get_by_role("alert").get_by_text("This is not your password.")).to_be_visible()
    expect(dialog.get_by_label("The text")).to_contain_text("Rest and water")
    expect(dialog).to_contain_text("Written by you (14 letters)")
    expect(dialog).to_contain_text(f"Also in this note, and able to change it: {BOB.full_name}")
    dialog.get_by_label("Your password").fill(ALICE.password)
    send(dialog, "Sign…")
    expect(dialog).to_have_count(0)
    expect(pane(alice)).to_contain_text(f"Signed by {ALICE.full_name}")
    write(bob, "Plan", ", and sleep")
    expect(pane(alice)).to_contain_text("changed since")


def test_a_text_that_changed_behind_the_dialog_is_shown_anew(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    write(alice, "Plan", "Rest")
    saved(alice)
    alice.allow_errors("status of 409")
    do(alice, "Sign…")
    dialog = alice.page.get_by_role("dialog")
    expect(dialog.get_by_label("The text")).to_contain_text("Rest")
    expect(section(bob, "Plan")).to_contain_text("Rest")
    write(bob, "Plan", " and sleep")
    saved(bob)
    dialog.get_by_label("Your password").fill(ALICE.password)
    send(dialog, "Sign…")
    expect(dialog.get_by_role("alert").first).to_contain_text("The note has changed since you looked at it.")
    expect(dialog.get_by_label("The text")).to_contain_text("Rest and sleep")
    send(dialog, "Sign…")
    expect(dialog).to_have_count(0)


def test_a_locked_note_is_read_only_for_all_and_can_be_amended(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    write(alice, "Plan", "Take one tablet")
    saved(alice)
    expect(pane(bob).get_by_role("button", name="Sign and lock…")).to_have_count(0)
    sign(alice, "Sign and lock…", ALICE.password)
    for person in (alice, bob):
        expect(pane(person)).to_contain_text(re.compile(f"Locked by {ALICE.full_name} on"))
        expect(editor(person, "Plan")).to_have_attribute("aria-readonly", "true")
    do(bob, "Amend…")
    dialog = bob.page.get_by_role("dialog")
    dialog.get_by_label("Why?").fill("Wrong dose")
    dialog.get_by_role("button", name="Begin").click()
    expect(tab(bob, "Amendment 1")).to_have_attribute("aria-pressed", "true")
    expect(editor(bob, "Plan")).to_have_text("Take one tablet")
    expect(pane(bob)).to_contain_text("Why: Wrong dose")
    write_here(bob, "Plan", " twice a day")
    expect(pane(bob).locator(".note-state")).to_have_text(re.compile(r"^Saved \d"))
    tab(bob, "Note").first.click()
    expect(editor(bob, "Plan")).to_have_text("Take one tablet")


def write_here(person: Person, name: str, words: str) -> None:
    expect(editor(person, name)).to_be_editable()
    editor(person, name).click()
    person.page.keyboard.press("Control+End")
    person.page.keyboard.type(words)


def test_a_summary_is_released_and_taken_back(persons: Persons, site: Site) -> None:
    alice = at_desk(persons, site, site.consultation())
    expect(section(alice, "Plan")).to_be_editable()
    tab(alice, "Patient summary").click()
    write_here(alice, "Plan", "Drink more water")
    expect(pane(alice)).to_contain_text("Not released: the patient cannot read this")
    do(alice, "Release to the patient…")
    dialog = alice.page.get_by_role("dialog")
    expect(dialog.get_by_label("The text")).to_contain_text("Drink more water")
    send(dialog, "Release")
    expect(pane(alice).get_by_text(re.compile(r"^Released on .*\d$"))).to_be_visible()
    write_here(alice, "Plan", "!")
    expect(pane(alice)).to_contain_text(re.compile(r"Released on .* · changed since"))
    do(alice, "Take back")
    expect(pane(alice)).to_contain_text("Not released: the patient cannot read this")


@pytest.mark.row("N4")
def test_the_words_of_each_writer_carry_their_sign(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    write(alice, "Plan", "Rest")
    saved(alice)
    expect(section(bob, "Plan")).to_contain_text("Rest")
    write(bob, "Plan", " and sleep")
    saved(bob)
    do(alice, "Show who wrote what")
    shown = pane(alice).get_by_role("region", name="Who wrote what")
    expect(shown.locator(".written [data-by]")).to_have_text([f"{ALICE.full_name}: Rest", f"{BOB.full_name}:  and sleep"])
    expect(shown.get_by_role("list", name="Who wrote here").get_by_role("listitem")).to_have_text([ALICE.full_name, BOB.full_name])
    expect(editor(alice, "Plan")).to_have_count(0)
    write(bob, "Plan", "!")
    expect(shown).to_contain_text("and sleep!")
    do(alice, "Go on writing")
    expect(editor(alice, "Plan")).to_contain_text("and sleep!")
