"""What goes into a note without being typed: templates, snippets, earlier text; and a known patient into a new consultation."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import Inspection
from tests.browser.journeys import at_desk
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_note import saved, section, write, written
from tests.cast import ALICE, BOB
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N7")]

PROMPT = "Presenting complaint:"


def keep_texts(site: Site) -> None:
    """Give dr_alice a template and two snippets, once."""
    client = site.client(ALICE)
    if not client.get("/api/templates").json()["templates"]:
        sections = {"plan": "See {patient.name} again\n- in a week"}
        assert client.post("/api/templates", json={"owner": "own", "name": "Review", "sections": sections}).status_code == 201
        for shortcut, text in {"bp": "Blood pressure:", "two": "First line\nSecond line"}.items():
            assert client.post("/api/snippets", json={"owner": "own", "shortcut": shortcut, "text": text}).status_code == 201


def desk_of(persons: Persons, site: Site) -> Person:
    keep_texts(site)
    alice = at_desk(persons, site, site.consultation())
    expect(alice.button("Insert")).to_have_attribute("aria-busy", "false")
    return alice


def item(person: Person, name: str) -> Locator:
    return person.page.get_by_role("menuitem", name=name, exact=True)


def choose(person: Person, name: str) -> None:
    person.press("Insert")
    item(person, name).click()


def said(person: Person, words: str) -> None:
    expect(person.page.locator("#announce-polite")).to_have_text(words)


def test_a_template_fills_what_is_empty_and_adds_to_the_rest(persons: Persons, site: Site) -> None:
    alice = desk_of(persons, site)
    write(alice, "Plan", "Rest")
    choose(alice, "SOAP")
    said(alice, "SOAP was inserted.")
    expect(section(alice, "Subjective")).to_be_focused()
    expect(section(alice, "Subjective").locator("p")).to_have_text([PROMPT, "History:", "Medication and allergies:"])
    expect(section(alice, "Plan").locator("p").first).to_have_text("Rest")
    expect(section(alice, "Plan")).to_contain_text("Follow-up:")
    saved(alice)
    section(alice, "Plan").click()
    alice.page.keyboard.press("Control+z")
    expect(section(alice, "Plan")).to_have_text("Rest")
    expect(section(alice, "Subjective")).to_contain_text(PROMPT)


def test_placeholders_are_filled_and_lists_are_lists(persons: Persons, site: Site) -> None:
    alice = desk_of(persons, site)
    choose(alice, "Review")
    expect(section(alice, "Plan").locator(":scope > p")).to_have_text("See Dana Diaz again")
    expect(section(alice, "Plan").locator("li")).to_have_text("in a week")
    assert written(alice, "Subjective") == ""


def test_a_shortcut_and_a_space_become_its_words(persons: Persons, site: Site) -> None:
    alice = desk_of(persons, site)
    write(alice, "Objective", "Sitting ;bp 120/80 and x;bp stays")
    expect(section(alice, "Objective")).to_have_text("Sitting Blood pressure: 120/80 and x;bp stays")
    write(alice, "Plan", ";two ")
    expect(section(alice, "Plan").locator("p").filter(has_text="line")).to_have_text(["First line", "Second line"])
    saved(alice)


def test_undo_brings_the_shortcut_back(persons: Persons, site: Site) -> None:
    alice = desk_of(persons, site)
    write(alice, "Objective", "Now ;bp ")
    expect(section(alice, "Objective")).to_have_text(re.compile("^Now Blood pressure: ?$"))
    alice.page.keyboard.press("Control+z")
    expect(section(alice, "Objective")).to_have_text("Now ;bp")


def test_the_menu_is_used_by_keys(persons: Persons, site: Site) -> None:
    alice = desk_of(persons, site)
    opener = alice.button("Insert")
    opener.focus()
    alice.page.keyboard.press("ArrowDown")
    expect(item(alice, "SOAP")).to_be_focused()
    alice.page.keyboard.press("r")
    expect(item(alice, "Review")).to_be_focused()
    alice.page.keyboard.press("End")
    expect(item(alice, "Earlier notes")).to_be_focused()
    looked = Inspection()
    looked.look(alice, "the menu")
    assert looked.wrong == []
    item(alice, "Earlier notes").focus()  # a phone shows another part of the desk first
    alice.page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    expect(alice.page.get_by_role("menu")).to_have_count(0)
    section(alice, "Assessment").click()
    opener.click()
    expect(item(alice, "SOAP")).to_be_focused()
    alice.page.keyboard.press(";")
    expect(item(alice, ";bp")).to_be_focused()
    alice.page.keyboard.press("Enter")
    expect(section(alice, "Assessment")).to_be_focused()
    expect(section(alice, "Assessment")).to_have_text("Blood pressure:")
    said(alice, ";bp was inserted.")


def test_an_earlier_section_is_carried_over(persons: Persons, site: Site) -> None:
    before = desk_of(persons, site)
    write(before, "Plan", "Sleep diary for two weeks")
    saved(before)
    alice = desk_of(persons, site)
    write(alice, "Plan", "Today")
    choose(alice, "Earlier notes")
    expect(alice.heading("Earlier notes")).to_be_focused()
    entry = alice.page.get_by_role("article").filter(has_text="Sleep diary").first
    expect(entry).to_contain_text("Dr Alice Ahmed")
    entry.get_by_role("button", name=re.compile("^Carry over Plan of")).click()
    expect(section(alice, "Plan").locator("p").first).to_have_text("Today")
    expect(section(alice, "Plan")).to_contain_text("Sleep diary for two weeks")
    expect(alice.page.locator("#announce-polite")).to_have_text(re.compile("^Plan of .* was added at the end of Plan.$"))
    looked = Inspection()
    looked.look(alice, "earlier notes")
    assert looked.wrong == []
    alice.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    alice.page.get_by_role("tab", name="Note").click()
    expect(section(alice, "Plan")).to_be_hidden()
    alice.press("Close earlier notes")
    expect(alice.button("Insert")).to_be_focused()
    expect(section(alice, "Plan")).to_be_visible()


def test_a_known_patient_is_chosen_by_keys(persons: Persons, site: Site) -> None:
    site.consultation()
    alice = persons.person("alice", site, signed_in=ALICE).open("/today")
    alice.page.get_by_role("button", name="Consultation now").first.click()
    name = alice.page.get_by_role("combobox", name="Name of the patient")
    name.press_sequentially("dan")
    offered = alice.page.get_by_role("listbox", name="Known patients").get_by_role("option")
    expect(offered).to_have_count(1)
    expect(offered).to_contain_text("Dana Diaz")
    looked = Inspection()
    looked.look(alice, "known patients")
    assert looked.wrong == []
    name.press("Escape")
    expect(offered).to_have_count(0)
    expect(name).to_be_visible()
    name.press_sequentially("a")
    expect(offered).to_have_count(1)
    name.press("ArrowDown")
    name.press("Enter")
    expect(name).to_have_value("Dana Diaz")
    alice.reads("The record's own name is used.")
    name.press_sequentially("z")
    alice.reads("A new record is made, unless you choose somebody from the list.")


def test_the_page_of_templates_is_used_without_a_script(persons: Persons, site: Site) -> None:
    bob = persons.person("bob", site, signed_in=BOB, scripts=False).open("/templates")
    bob.page.get_by_role("link", name="Add a template").click()
    bob.field("Name").fill("Review")
    bob.field("Plan").fill("See {patient.name}\n- soon")
    bob.press("Preview")
    bob.reads("See Dana Diaz")
    bob.press("Save")
    card = bob.page.locator(".text-card").filter(has=bob.heading("Review"))
    card.get_by_text("Preview with example values").click()
    expect(card.get_by_role("listitem")).to_have_text("soon")
    card.get_by_role("button", name="Delete Review").click()
    bob.reads("Review was deleted.")
    bob.press("Undo")
    expect(bob.heading("Review")).to_be_visible()


def test_the_pages_of_templates_are_for_everybody(persons: Persons, site: Site) -> None:
    keep_texts(site)
    alice = persons.person("alice", site, signed_in=ALICE)
    looked = Inspection()
    for path in ("/templates", "/templates/new", "/snippets/new"):
        looked.look(alice.open(path), path)
    assert looked.wrong == []
