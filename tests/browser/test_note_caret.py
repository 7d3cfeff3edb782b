"""A browser moves the caret at once and tells of it with its next frame: a key or a colleague's words that come in between must know it.

Chromium takes keys before frames, so a busy computer shows this to anybody who presses End and Enter; here both happen in one task.
"""

import pytest
from playwright.sync_api import expect

from server.notes.yproto import AWARENESS, SYNC
from tests.browser.journeys import at_desk
from tests.browser.person import Person, Persons
from tests.browser.test_note import section, write, written
from tests.cast import BOB
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N1")]

# What End does to the caret, and at once another key.
END_AND = """(editor, key) => {
  getSelection().modify("move", "forward", "lineboundary");
  editor.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
}"""
ENTER = {"key": "Enter", "code": "Enter", "keyCode": 13}
# Lets a test act in the page in the moment before it hears a frame of a kind on its lines.
BEFORE_FRAMES = """
globalThis.before = new Map();
const Real = globalThis.WebSocket;
globalThis.WebSocket = class extends Real {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const kind = data instanceof ArrayBuffer ? new Uint8Array(data)[0] : null;
      const act = globalThis.before.get(kind);
      globalThis.before.delete(kind);
      act?.();
    });
  }
};"""
END_BEFORE = """(kind) => {
  globalThis.before.set(kind, () => getSelection().modify("move", "forward", "lineboundary"));
}"""
# The editor draws the others' carets in a task of its own after it has heard of them.
END_AFTER = """(kind) => {
  globalThis.before.set(kind, () => setTimeout(() => getSelection().modify("move", "forward", "lineboundary")));
}"""
HEARD = "(kind) => !globalThis.before.has(kind)"
AT_REST = "() => new Promise((rest) => requestAnimationFrame(() => requestAnimationFrame(rest)))"


def go_home(person: Person) -> None:
    """Put the caret before everything, and wait until the editor has heard so."""
    section(person, "Plan").focus()
    person.page.keyboard.press("Control+Home")
    person.page.evaluate(AT_REST)


def test_a_key_acts_where_the_caret_has_just_gone(persons: Persons, site: Site) -> None:
    alice = at_desk(persons, site, site.consultation())
    write(alice, "Plan", "Rest")
    go_home(alice)
    section(alice, "Plan").evaluate(END_AND, ENTER)
    expect(section(alice, "Plan").locator("p")).to_have_text(["Rest", ""])


@pytest.mark.parametrize(("kind", "move"), [(SYNC, END_BEFORE), (AWARENESS, END_AFTER)])
def test_what_others_do_leaves_the_caret_where_it_has_just_gone(persons: Persons, site: Site, kind: int, move: str) -> None:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), persons.person("bob", site, signed_in=BOB)
    bob.page.add_init_script(BEFORE_FRAMES)
    bob.open(booked.desk)
    write(alice, "Plan", "Rest")
    expect(section(bob, "Plan")).to_contain_text("Rest")
    go_home(alice)
    go_home(bob)
    bob.page.evaluate(move, kind)
    alice.page.keyboard.type("Bed ")
    bob.page.wait_for_function(HEARD, arg=kind)
    expect(section(bob, "Plan")).to_contain_text("Bed ")
    bob.page.keyboard.type("ing")
    bob.until(lambda: "ing" in written(bob, "Plan"), what="what was typed")
    assert written(bob, "Plan") == "Bed Resting"
