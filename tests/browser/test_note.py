"""The live note, written by two at once."""

import re
from collections.abc import Iterator
from threading import Event

import pytest
from playwright.sync_api import Browser, Locator, WebSocketRoute, expect

from tests.browser.journeys import at_desk, call_of_two, sign_in
from tests.browser.person import Person, Persons
from tests.cast import ALICE, BOB
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N1")]


def section(person: Person, name: str) -> Locator:
    """Return the editor of a section, by its heading."""
    return person.page.get_by_role("textbox", name=person.say(name))


def write(person: Person, name: str, words: str) -> None:
    expect(section(person, name)).to_be_editable()
    section(person, name).click()
    person.page.keyboard.press("Control+End")
    person.page.keyboard.type(words)


# The text of a section as it is stored: without the others' carets, which stand in it with their names.
WRITTEN = """(editor) => {
  const copy = editor.cloneNode(true);
  for (const caret of copy.querySelectorAll(".caret")) caret.remove();
  return copy.textContent;
}"""


def written(person: Person, name: str) -> str:
    found: str = section(person, name).evaluate(WRITTEN)
    return found


def saved(person: Person) -> None:
    expect(person.page.locator(".note-state")).to_have_text(re.compile(r"^Saved \d|^Everything is saved"))


@pytest.fixture(scope="module")
def pair(chromium: Browser, site: Site) -> Iterator[tuple[Person, Person]]:
    """dr_alice and nurse_bob at the desk of one consultation of their team; each test writes in a section that is its own."""
    persons = Persons(chromium)
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    for person in (alice, bob):
        expect(section(person, "Plan")).to_be_editable()
    yield alice, bob
    persons.close()


def test_the_style_buttons_work_before_anybody_has_chosen_a_section(pair: tuple[Person, Person]) -> None:
    bob = pair[1]
    bob.press("Bold")
    expect(section(bob, "Subjective")).to_be_focused()
    expect(bob.button("Bold")).to_have_attribute("aria-pressed", "true")
    bob.press("Bold")


def test_each_sees_what_the_other_writes(pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    write(alice, "Subjective", "Headache since Monday")
    expect(section(bob, "Subjective")).to_contain_text("Headache since Monday")
    write(bob, "Subjective", ", worse at night")
    expect(section(alice, "Subjective")).to_contain_text("Headache since Monday, worse at night")
    for person in pair:
        saved(person)


def test_the_other_is_named_where_they_write(pair: tuple[Person, Person]) -> None:
    """Keeps writing until it is seen: who pauses is no longer writing."""
    alice, bob = pair
    section(bob, "Subjective").click()
    named = alice.page.get_by_text("Nurse Bob Brown is writing in Subjective")

    def told_while_writing() -> bool:
        bob.page.keyboard.type(".")
        return named.count() > 0

    alice.until(told_while_writing, what="who writes where")
    expect(alice.page.locator("[data-section=subjective]")).to_contain_text("Bob Brown")


def test_both_write_at_once_in_one_section(pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    for person in pair:
        section(person, "Plan").click()
    for first, second in zip("abcdefghijklmnopqrst", "ABCDEFGHIJKLMNOPQRST", strict=True):
        alice.page.keyboard.type(first)
        bob.page.keyboard.type(second)
    for person in pair:
        saved(person)
    alice.until(lambda: written(alice, "Plan") == written(bob, "Plan"), what="the same text")
    letters = written(alice, "Plan")
    assert re.sub("[A-Z]", "", letters) == "abcdefghijklmnopqrst"
    assert re.sub("[a-z]", "", letters) == "ABCDEFGHIJKLMNOPQRST"


@pytest.mark.row("N2")
def test_a_reload_brings_back_every_word(pair: tuple[Person, Person]) -> None:
    alice = pair[0]
    write(alice, "Assessment", "Migraine. ")
    saved(alice)
    for person in pair:
        person.page.reload()
        expect(section(person, "Assessment")).to_contain_text("Migraine")


def test_bold_and_lists_are_kept_and_hostile_markup_is_not(pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    section(alice, "Objective").click()
    alice.page.keyboard.press("Control+b")
    alice.page.keyboard.type("Calm")
    alice.page.keyboard.press("Control+b")
    expect(section(bob, "Objective").locator("strong")).to_have_text("Calm")
    alice.page.keyboard.press("Enter")
    alice.press("List")
    alice.page.keyboard.type("Pulse 72")
    alice.page.keyboard.press("Enter")
    alice.page.keyboard.type("No fever")
    expect(section(bob, "Objective").locator("ul > li")).to_contain_text(["Pulse 72", "No fever"])
    paste(alice, "text/html", "<p>Seen<img src=x onerror='alert(1)'><script>alert(2)</" + "script></p>")
    expect(section(bob, "Objective")).to_contain_text("Seen")
    assert section(bob, "Objective").locator("img:not(.ProseMirror-separator), script").count() == 0


def paste(person: Person, kind: str, text: str) -> None:
    """Paste where the caret is, as from another program."""
    person.page.evaluate(
        """([kind, text]) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData(kind, text);
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        [kind, text],
    )


def test_too_much_at_once_is_refused_until_something_else_is_written(pair: tuple[Person, Person]) -> None:
    bob = pair[1]
    section(bob, "Objective").click()
    paste(bob, "text/plain", "x" * 50_000)
    bob.reads("That is too much to paste at once.")
    bob.page.keyboard.press("Control+End")
    bob.page.keyboard.type("!")
    expect(bob.page.get_by_text("That is too much to paste at once.")).to_have_count(0)
    assert "xxx" not in written(bob, "Objective")


# The browser keeps the clipboard back, as it does on pages without https.
NO_CLIPBOARD = "() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }"


@pytest.mark.row("N2")
def test_what_cannot_be_saved_can_be_copied_or_at_least_selected(persons: Persons, site: Site) -> None:
    """The line dies while something is unsaved, and the right to write is gone when it comes back."""
    alice = persons.person("alice", site, signed_in=ALICE)
    lines: list[WebSocketRoute] = []
    dead = Event()

    def relay(line: WebSocketRoute) -> None:
        lines.append(line)
        server = line.connect_to_server()
        line.on_message(lambda message: None if dead.is_set() else server.send(message))

    alice.page.route_web_socket("**/ws/note", relay)
    alice.open(site.consultation().desk)
    expect(section(alice, "Plan")).to_be_editable()
    dead.set()
    write(alice, "Plan", "Never arrives")
    lines[0].close(code=4403)
    alice.reads("You may no longer open this note.")
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    alice.press("Copy the text")
    alice.reads("Copied.")
    assert "Never arrives" in alice.page.evaluate("() => navigator.clipboard.readText()")
    alice.page.evaluate(NO_CLIPBOARD)
    alice.press("Copy the text")
    alice.reads("This page may not copy. Select the text below instead.")


@pytest.mark.row("N3")
def test_the_note_of_a_consultation_of_ones_own_is_closed_to_colleagues(persons: Persons, site: Site) -> None:
    booked = site.consultation(team_id=None)
    alice = at_desk(persons, site, booked)
    write(alice, "Plan", "For my eyes only")
    saved(alice)
    bob = persons.person("bob", site, signed_in=BOB)
    bob.allow_errors("status of 404")
    bob.open(booked.desk)
    assert "For my eyes only" not in bob.page.content()
    assert site.client(BOB).post(f"/api/consultations/{booked.id}/notes", json={}).status_code == 404


def test_the_note_is_written_while_talking(persons: Persons, site: Site) -> None:
    alice, dana, _ = call_of_two(persons, site)
    write(alice, "Subjective", "Says that she sleeps badly")
    saved(alice)
    alice.sees_motion()
    assert "sleeps badly" not in dana.page.content()
    alice.press("End")
    alice.page.get_by_role("dialog").get_by_role("button", name="End for all").click()
    alice.reads("The note stays open, so that you can complete it.")
    write(alice, "Plan", "Sleep diary")
    saved(alice)


@pytest.mark.row("P4")
def test_signing_out_in_another_tab_closes_the_desk(persons: Persons, site: Site) -> None:
    """Uses a login of its own, so that the other tests keep theirs."""
    booked = site.consultation()
    alice = persons.person("alice", site)
    alice.allow_errors("status of 401|WebSocket")
    sign_in(alice, ALICE, booked.desk)
    write(alice, "Plan", "Before")
    saved(alice)
    other = alice.new_tab()
    other.goto(f"{site.url}/today")
    other.get_by_role("button", name="Sign out").click()
    alice.reads("You have been signed out")
