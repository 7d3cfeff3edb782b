"""The note for everybody: zoomed in, by keys alone, by ear, and with axe in light and dark."""

import contextlib
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import SETTLE_S, Inspection
from tests.browser.journeys import at_desk
from tests.browser.keys import Keys
from tests.browser.person import LAPTOP, Person, Persons
from tests.browser.test_note import saved, section, write
from tests.browser.test_note_insert import keep_texts
from tests.browser.test_note_signing import do, editor, pane, sign, tab
from tests.cast import ALICE, BOB
from tests.servers import until
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N1"), pytest.mark.row("V11")]

SECTIONS = ("Subjective", "Objective", "Assessment", "Plan")
# 200 % zoom of a laptop, 400 % of a desktop screen, the narrowest phone and an ordinary one.
ZOOMED = [(683, 384), (320, 256), (320, 640), (390, 844)]
SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll('.desk-note, .note, .dialog, .note-menu')]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className || each.tagName)"""
# Those that cannot be brought into view with nothing over their middle; where they scroll to is the browser's choice, as for the focus.
COVERED = """(controls) => controls.map((control) => {
  control.focus();
  control.scrollIntoView({ block: "nearest" });
  const box = control.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 24));
  return at !== null && (control.contains(at) || at.contains(control)) ? null : `${control.textContent} under ${at?.className}`;
}).filter((fault) => fault !== null)"""
CONTROLS = "button:visible, a:visible, input:visible, [role=textbox]:visible, [role=menuitem]:visible"
# Keeps everything that a screen reader is told from now on.
LISTEN = """() => {
  globalThis.told = [];
  for (const region of document.querySelectorAll("[role=status], [role=alert], #announce-polite"))
    new MutationObserver(() => region.textContent && globalThis.told.push(region.textContent))
      .observe(region, { childList: true, characterData: true, subtree: true });
}"""


def told(person: Person) -> list[str]:
    heard: list[str] = person.page.evaluate("() => globalThis.told")
    return heard


def at(person: Person, size: tuple[int, int]) -> None:
    person.page.set_viewport_size({"width": size[0], "height": size[1]})
    if size[0] < LAPTOP[0]:
        person.page.get_by_role("tab", name="Note").click()


def nothing_is_covered(controls: Locator) -> None:
    """Neither the controls nor the page's edges; the page is laid out anew a moment after its window has changed."""
    expect(controls.first).to_be_visible()
    for faults in (lambda: controls.evaluate_all(COVERED), lambda: controls.page.evaluate(SIDEWAYS)):
        with contextlib.suppress(TimeoutError):
            until(lambda faults=faults: faults() == [], timeout_s=SETTLE_S, what="nothing in the way")  # type: ignore[misc]
        assert faults() == []


def opened_to_sign(person: Person) -> Locator:
    do(person, "Sign…")
    dialog = person.page.get_by_role("dialog")
    expect(dialog.get_by_label("The text")).to_contain_text("Rest")
    return dialog


@pytest.mark.parametrize("size", ZOOMED, ids=[f"{width}x{height}" for width, height in ZOOMED])
def test_zoomed_in_nothing_is_covered_and_nothing_moves_sideways(persons: Persons, site: Site, size: tuple[int, int]) -> None:
    keep_texts(site)
    alice = at_desk(persons, site, site.consultation())
    write(alice, "Plan", "Rest. " * 30)
    saved(alice)
    at(alice, size)
    nothing_is_covered(alice.page.locator(".desk-note").locator(CONTROLS))
    alice.press("Insert")
    nothing_is_covered(alice.page.get_by_role("menu").get_by_role("menuitem"))
    alice.page.keyboard.press("Escape")
    dialog = opened_to_sign(alice)
    nothing_is_covered(dialog.locator(CONTROLS))


def test_the_sections_are_text_boxes_with_names_and_tab_leads_through_them(persons: Persons, site: Site) -> None:
    """Tab is no trap: lists are nested by other keys."""
    alice = at_desk(persons, site, site.consultation())
    page = alice.page
    expect(section(alice, "Plan")).to_be_editable()
    for name in SECTIONS:
        box = page.get_by_role("textbox", name=name, exact=True)
        expect(box).to_have_attribute("aria-multiline", "true")
        expect(box).to_have_accessible_name(name)
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    section(alice, "Subjective").focus()
    for name in SECTIONS[1:]:
        page.keyboard.type("a")
        page.keyboard.press("Tab")
        expect(section(alice, name)).to_be_focused()
    page.keyboard.press("Control+Shift+8")
    page.keyboard.type("b")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(pane(alice).get_by_role("button", name="Show who wrote what")).to_be_focused()
    for name in reversed(SECTIONS):
        page.keyboard.press("Shift+Tab")
        expect(section(alice, name)).to_be_focused()


@pytest.mark.row("N6")
def test_a_note_is_written_signed_locked_and_amended_by_keys(persons: Persons, site: Site) -> None:
    keep_texts(site)
    alice = at_desk(persons, site, site.consultation())
    keys, page = Keys(alice), alice.page
    expect(section(alice, "Plan")).to_be_editable()
    expect(alice.button("Insert")).to_have_attribute("aria-busy", "false")
    keys.follow("Skip to the note")
    expect(page.locator("#panel-note")).to_be_focused()
    keys.go(section(alice, "Plan"))
    keys.write("Rest ;bp ")
    expect(section(alice, "Plan")).to_contain_text("Rest Blood pressure:")
    saved(alice)
    opener = pane(alice).get_by_role("button", name="Sign…", exact=True)
    keys.use(opener)
    expect(alice.field("Your password")).to_be_focused()
    keys.hit("Escape")
    expect(opener).to_be_focused()
    sign_by_keys(alice, keys, "Sign…")
    expect(pane(alice)).to_contain_text(f"Signed by {ALICE.full_name}")
    expect(opener).to_be_focused()
    sign_by_keys(alice, keys, "Sign and lock…")
    expect(pane(alice)).to_contain_text(f"Locked by {ALICE.full_name}")
    expect(page.get_by_role("region", name="Signatures")).to_be_focused()
    keys.press("Amend…")
    expect(alice.field("Why?")).to_be_focused()
    keys.write("Wrong dose")
    keys.press("Begin")
    expect(tab(alice, "Amendment 1")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#panel-note")).to_be_focused()
    keys.go(editor(alice, "Plan"))


def sign_by_keys(alice: Person, keys: Keys, button: str) -> None:
    keys.press(button)
    expect(alice.field("Your password")).to_be_focused()
    dialog = alice.page.get_by_role("dialog")
    expect(dialog.get_by_label("The text")).to_contain_text("Rest")
    keys.write(ALICE.password)
    keys.hit("Enter")
    expect(dialog).to_have_count(0)


def test_on_a_phone_the_way_past_the_call_brings_the_note_to_the_front(persons: Persons, site: Site) -> None:
    alice = at_desk(persons, site, site.consultation())
    alice.page.set_viewport_size({"width": 390, "height": 844})
    Keys(alice).follow("Skip to the note")
    expect(alice.page.locator("#panel-note")).to_be_focused()
    expect(section(alice, "Plan")).to_be_visible()


def test_a_screen_reader_is_told_what_changes_and_not_every_key(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    presence = pane(alice).locator("[data-note-presence]")
    for person in (alice, bob):
        expect(section(person, "Plan")).to_be_editable()
    expect(presence).to_contain_text(BOB.full_name)
    for person in (alice, bob):
        person.page.evaluate(LISTEN)
    for key in "Fifty keys, one after the other, each saved alone.":
        write(alice, "Plan", key)
        saved(alice)
    expect(pane(alice).locator("[data-note-said]")).to_have_text("Saved")
    expect(pane(bob).locator("[data-note-presence]")).to_have_text(f"{ALICE.full_name} is writing in Plan")
    assert told(alice) == ["Saved"]
    assert len(told(bob)) <= 3, told(bob)


@pytest.mark.row("N7")
def test_whoever_may_only_read_has_earlier_notes_to_look_at(persons: Persons, site: Site) -> None:
    before = at_desk(persons, site, site.consultation())
    write(before, "Plan", "Sleep diary")
    saved(before)
    alice = at_desk(persons, site, site.consultation())
    write(alice, "Plan", "Rest")
    saved(alice)
    expect(alice.button("Insert")).to_be_visible()
    sign(alice, "Sign and lock…", ALICE.password)
    expect(alice.button("Insert")).to_have_count(0)
    look = alice.button("Earlier notes")
    look.click()
    expect(alice.heading("Earlier notes")).to_be_focused()
    expect(alice.page.get_by_role("article").filter(has_text="Sleep diary").first).to_be_visible()
    expect(alice.page.get_by_role("button", name=re.compile("^Carry over"))).to_have_count(0)
    alice.press("Close earlier notes")
    expect(look).to_be_focused()


@pytest.mark.row("N6")
def test_a_colleagues_signature_and_amendment_show_at_once(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    write(alice, "Plan", "Rest")
    saved(alice)
    expect(section(bob, "Plan")).to_contain_text("Rest")
    sign(alice, "Sign…", ALICE.password)
    expect(pane(bob).locator(".sign-standing")).to_have_text(re.compile(f"^Signed by {ALICE.full_name} on .*[0-9]$"))
    sign(alice, "Sign and lock…", ALICE.password)
    expect(pane(bob).locator(".sign-standing")).to_have_text(re.compile(f"^Locked by {ALICE.full_name}"))
    do(alice, "Add to it…")
    dialog = alice.page.get_by_role("dialog")
    dialog.get_by_label("Why?").fill("Forgot something")
    dialog.get_by_role("button", name="Begin").click()
    expect(tab(bob, "Addendum 1")).to_be_visible()
    expect(tab(bob, "Note").first).to_have_attribute("aria-pressed", "true")


@pytest.mark.row("N6")
def test_every_state_of_signing_is_for_everybody(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    write(alice, "Plan", "Rest")
    saved(alice)
    expect(section(bob, "Plan")).to_contain_text("Rest")
    write(bob, "Plan", " and sleep")
    saved(bob)
    looked = Inspection()
    opened_to_sign(alice)
    looked.look(alice, "the sign dialog")
    alice.page.keyboard.press("Escape")
    do(alice, "Show who wrote what")
    expect(pane(alice).get_by_role("list", name="Who wrote here")).to_be_visible()
    looked.look(alice, "the authors")
    at(alice, (390, 844))
    looked.look(alice, "the authors on a phone")
    at(alice, LAPTOP)
    do(alice, "Go on writing")
    sign(alice, "Sign and lock…", ALICE.password)
    looked.look(alice, "a locked note")
    do(alice, "Amend…")
    looked.look(alice, "the amend dialog")
    assert looked.wrong == []
