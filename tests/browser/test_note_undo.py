"""Undo belongs to a person: what a colleague wrote stays, whoever takes back what."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.journeys import at_desk
from tests.browser.person import Person, Persons
from tests.browser.test_note import saved, section, write, written
from tests.cast import BOB
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N1")]

AGREE_S = 30.0
EACH_LETTER = 14  # a slow machine makes each letter of the longest text a step of its own; further steps change nothing
UNDO, REDO = "Control+z", "Control+Shift+z"
# A gesture of a phone or the browser's own menu undoes without a key.
GESTURE = """(editor) => editor.dispatchEvent(
  new InputEvent("beforeinput", { inputType: "historyUndo", bubbles: true, cancelable: true }))"""


def pair_at(persons: Persons, site: Site) -> tuple[Person, Person]:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    for person in (alice, bob):
        expect(section(person, "Plan")).to_be_editable()
    return alice, bob


def agree(alice: Person, bob: Person, words: str, name: str = "Plan") -> None:
    """Wait until both have the same words in a section."""
    for person in (alice, bob):
        try:
            person.until(lambda person=person: written(person, name) == words, what=f"{words!r}", within_s=AGREE_S)
        except TimeoutError as error:
            raise AssertionError(f"{person.name} reads {written(person, name)!r}, not {words!r}") from error


def press(person: Person, key: str, times: int = 1, name: str = "Plan") -> None:
    section(person, name).focus()
    for _ in range(times):
        person.page.keyboard.press(key)


def items(person: Person) -> Locator:
    return section(person, "Plan").locator("li")


def test_each_takes_back_their_own_words_and_no_others(persons: Persons, site: Site) -> None:
    alice, bob = pair_at(persons, site)
    write(alice, "Plan", "Rest.")
    agree(alice, bob, "Rest.")
    write(bob, "Plan", " Sleep.")
    agree(alice, bob, "Rest. Sleep.")
    write(alice, "Plan", " Water.")
    agree(alice, bob, "Rest. Sleep. Water.")
    press(alice, UNDO, EACH_LETTER)
    agree(alice, bob, " Sleep.")
    press(bob, UNDO, EACH_LETTER)
    agree(alice, bob, "")
    press(alice, REDO, EACH_LETTER)
    agree(alice, bob, "Rest. Water.")
    press(bob, "Control+y", EACH_LETTER)
    alice.until(lambda: "Sleep." in written(alice, "Plan"), what="the colleague's words again")
    for person in (alice, bob):
        saved(person)


def test_words_inside_anothers_words_and_paragraphs_stay(persons: Persons, site: Site) -> None:
    alice, bob = pair_at(persons, site)
    write(alice, "Plan", "Tablets daily")
    alice.page.keyboard.press("Enter")
    expect(section(bob, "Plan").locator("p")).to_have_count(2)
    section(bob, "Plan").locator("p").first.click()
    bob.page.keyboard.press("Home")
    for _ in "Tablets":
        bob.page.keyboard.press("ArrowRight")
    bob.page.keyboard.type("TWICE")
    bob.page.keyboard.press("Control+End")
    bob.page.keyboard.type("And sleep")
    agree(alice, bob, "TabletsTWICE dailyAnd sleep")
    press(alice, UNDO, EACH_LETTER)
    agree(alice, bob, "TWICEAnd sleep")


def pair_in_one_list(persons: Persons, site: Site) -> tuple[Person, Person]:
    """Alice has begun a list with one item, and Bob the next one."""
    alice, bob = pair_at(persons, site)
    section(alice, "Plan").click()
    alice.press("List")
    alice.page.keyboard.type("Rest")
    expect(items(bob)).to_contain_text("Rest")
    section(bob, "Plan").click()
    bob.page.keyboard.press("Control+End")
    bob.page.keyboard.press("Enter")
    return alice, bob


def test_what_stands_in_anothers_list_stays(persons: Persons, site: Site) -> None:
    alice, bob = pair_in_one_list(persons, site)
    bob.page.keyboard.type("Sleep")
    expect(items(alice)).to_have_count(2)
    bob.page.keyboard.press("Enter")
    bob.page.keyboard.press("Control+]")
    bob.page.keyboard.type("eight hours")
    alice.until(lambda: written(alice, "Plan") == "RestSleepeight hours", what="the whole list")
    press(alice, UNDO, EACH_LETTER)
    agree(alice, bob, "Sleepeight hours")
    press(bob, UNDO, 20)
    agree(alice, bob, "")


def test_a_list_below_anothers_item_stays(persons: Persons, site: Site) -> None:
    alice, bob = pair_in_one_list(persons, site)
    bob.page.keyboard.press("Control+]")
    bob.page.keyboard.type("eight hours")
    agree(alice, bob, "Resteight hours")
    press(alice, UNDO, EACH_LETTER)
    agree(alice, bob, "eight hours")
    alice.page.reload()
    expect(section(alice, "Plan")).to_contain_text("eight hours")


def test_where_there_is_nothing_to_take_back_nothing_changes(persons: Persons, site: Site) -> None:
    """The browser has an undo of its own, which knows nothing of colleagues: it must not come to its turn."""
    alice, bob = pair_at(persons, site)
    section(alice, "Plan").click()
    alice.page.keyboard.insert_text("Rest.")  # one step, however slowly a machine types
    agree(alice, bob, "Rest.")
    write(bob, "Plan", " Sleep.")
    agree(alice, bob, "Rest. Sleep.")
    press(alice, UNDO, 3)
    agree(alice, bob, " Sleep.")
    press(alice, UNDO, 10)
    press(alice, REDO, 10)
    agree(alice, bob, "Rest. Sleep.")
    section(alice, "Plan").evaluate(GESTURE)
    agree(alice, bob, " Sleep.")
    press(alice, UNDO, 3, "Objective")
    assert written(alice, "Objective") == ""
