"""Writing on while there is no connection: what arrives later, what a computer keeps meanwhile, and what it must not."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.journeys import at_desk
from tests.browser.own_desk import NOT_SAVED, all_kept, at_own_desk, kept, nothing_kept
from tests.browser.person import Person, Persons
from tests.browser.test_note import saved, section, write, written
from tests.cable import Plug
from tests.cast import ALICE, BOB, OLGA
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N2")]

EDITS = 50

# How a browser behaves whose storage is full, is switched off, or never answers, as in some private windows.
STORAGE = {
    "full": "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };",
    "none": "Object.defineProperty(globalThis, 'indexedDB', { value: undefined });",
    "silent": "IDBFactory.prototype.open = () => ({});",
}


@pytest.fixture
def alice(persons: Persons, site: Site, far_chromium: Browser) -> Person:
    """dr_alice, at the far end of the cable."""
    return persons.person("alice", site, browser=far_chromium)


def test_words_written_without_a_line_arrive_later(persons: Persons, site: Site, alice: Person, plug: Plug) -> None:
    """And until then each side has its own words alone."""
    booked = site.consultation()
    at_own_desk(alice, ALICE, booked, own=False)
    bob = at_desk(persons, site, booked, BOB)
    plug.pull()
    write(alice, "Plan", "From alice. ")
    alice.reads(NOT_SAVED)
    write(bob, "Plan", "From bob. ")
    saved(bob)
    assert written(alice, "Plan") == "From alice. "
    assert written(bob, "Plan") == "From bob. "
    plug.put_back()
    saved(alice)
    for person in (alice, bob):
        expect(section(person, "Plan")).to_contain_text("From alice.")
        expect(section(person, "Plan")).to_contain_text("From bob.")
    alice.until(lambda: written(alice, "Plan") == written(bob, "Plan"), what="the same text")


def test_many_edits_of_both_sides_are_merged(persons: Persons, site: Site, alice: Person, plug: Plug) -> None:
    """In one paragraph, each at the end that they have before them, on one's own computer."""
    booked = site.consultation()
    at_own_desk(alice, ALICE, booked)
    bob = at_desk(persons, site, booked, BOB)
    write(alice, "Plan", "<>")
    saved(alice)
    expect(section(bob, "Plan")).to_contain_text("<>")
    plug.pull()
    for person in (alice, bob):
        write(person, "Plan", " ")
    for number in range(EDITS):
        alice.page.keyboard.type(f"a{number}.")
        bob.page.keyboard.type(f"b{number}.")
    all_kept(alice)
    plug.put_back()
    saved(alice)
    saved(bob)
    alice.until(lambda: written(alice, "Plan") == written(bob, "Plan"), what="the same text")
    text = written(alice, "Plan")
    for letter in "ab":
        assert re.findall(rf"{letter}\d+", text) == [f"{letter}{number}" for number in range(EDITS)]
    nothing_kept(alice)


def test_a_shared_computer_keeps_nothing_and_says_so(site: Site, alice: Person, plug: Plug) -> None:
    at_own_desk(alice, ALICE, site.consultation(), own=False)
    plug.pull()
    write(alice, "Plan", "Only in this tab")
    alice.reads(NOT_SAVED)
    assert kept(alice) == []


def test_a_practice_that_keeps_no_drafts_keeps_none(persons: Persons, site: Site, alice: Person, plug: Plug) -> None:
    """Its administrator says so on a page of theirs, which also clears what was kept before."""
    booked = site.consultation()
    at_own_desk(alice, ALICE, booked)
    plug.pull()
    write(alice, "Plan", "Zebrafish. ")
    all_kept(alice)
    assert len(kept(alice)) == 1
    decide(persons, site, keeps=False)
    plug.put_back()
    saved(alice)
    nothing_kept(alice)
    plug.pull()
    write(alice, "Plan", "Only in this tab")
    alice.reads(NOT_SAVED)
    assert kept(alice) == []
    decide(persons, site, keeps=True)


def decide(persons: Persons, site: Site, *, keeps: bool) -> None:
    olga = persons.person("olga", site, signed_in=OLGA).open("/account")
    box = olga.page.get_by_label(olga.say("People's own computers may keep text that could not be sent yet"))
    box.set_checked(keeps)
    olga.press("Save")
    olga.reads("Saved.")
    expect(box).to_be_checked(checked=keeps)


@pytest.mark.parametrize("storage", STORAGE)
def test_without_storage_one_writes_as_on_a_shared_computer(site: Site, alice: Person, plug: Plug, storage: str) -> None:
    alice.context.add_init_script(STORAGE[storage])
    at_own_desk(alice, ALICE, site.consultation())
    plug.pull()
    write(alice, "Plan", "Only in this tab")
    alice.reads(NOT_SAVED)
    plug.put_back()
    saved(alice)
    expect(section(alice, "Plan")).to_have_text("Only in this tab")
