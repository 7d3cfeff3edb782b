"""Words that are not saved when a colleague locks the note, or takes the right away: they are shown, copied, or go on elsewhere."""

import re
from threading import Event

import pytest
from playwright.sync_api import Locator, WebSocketRoute, expect

from tests.browser.axe import Inspection
from tests.browser.journeys import at_desk
from tests.browser.person import Person, Persons
from tests.browser.test_note import saved, section, write
from tests.browser.test_note_signing import editor, pane, sign, tab
from tests.cast import ALICE, BOB, DANA
from tests.site import Booked, Site

pytestmark = [pytest.mark.browser, pytest.mark.row("N6"), pytest.mark.row("N2")]


class Line:
    """A person's line to the note, through which nothing more goes up once it is stuck; what comes down goes on."""

    def __init__(self, person: Person) -> None:
        self._stuck = Event()
        person.page.route_web_socket("**/ws/note", self._relay)

    def _relay(self, line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        line.on_message(lambda message: None if self._stuck.is_set() else server.send(message))

    def stick(self) -> None:
        self._stuck.set()

    def free(self) -> None:
        self._stuck.clear()


def late_writer(persons: Persons, site: Site, booked: Booked) -> tuple[Person, Line]:
    """nurse_bob, who has just written what cannot arrive, while dr_alice locks the note."""
    alice = at_desk(persons, site, booked)
    write(alice, "Plan", "Rest")
    saved(alice)
    bob = persons.person("bob", site, signed_in=BOB)
    line = Line(bob)
    bob.open(booked.desk)
    expect(section(bob, "Plan")).to_contain_text("Rest")
    line.stick()
    write(bob, "Objective", "Pulse 72")
    sign(alice, "Sign and lock…", ALICE.password)
    expect(callout(bob)).to_contain_text("This note was locked while you were writing. Your last changes are not in it.")
    return bob, line


def callout(person: Person) -> Locator:
    return pane(person).get_by_role("alert").filter(has_text="locked while you were writing")


def test_late_words_are_shown_and_copied_and_can_be_discarded(persons: Persons, site: Site) -> None:
    bob, line = late_writer(persons, site, site.consultation())
    expect(callout(bob).locator("pre")).to_have_text("Objective\nPulse 72\n")
    expect(pane(bob).locator(".sign-standing")).to_have_text(re.compile(f"^Locked by {ALICE.full_name}"))
    looked = Inspection()
    looked.look(bob, "late words")
    assert looked.wrong == []
    bob.context.grant_permissions(["clipboard-read", "clipboard-write"])
    callout(bob).get_by_role("button", name="Copy the text").click()
    bob.reads("Copied.")
    assert bob.page.evaluate("() => navigator.clipboard.readText()") == "Objective\nPulse 72\n"
    line.free()
    callout(bob).get_by_role("button", name="Discard it").click()
    expect(callout(bob)).to_have_count(0)
    expect(editor(bob, "Plan")).to_contain_text("Rest")
    expect(editor(bob, "Objective")).to_have_text("")


def test_late_words_go_on_as_an_addendum(persons: Persons, site: Site) -> None:
    bob, line = late_writer(persons, site, site.consultation())
    line.free()
    callout(bob).get_by_role("button", name="Add it as an addendum").click()
    dialog = bob.page.get_by_role("dialog")
    dialog.get_by_label("Why?").fill("Written too late")
    dialog.get_by_role("button", name="Begin").click()
    expect(tab(bob, "Addendum 1")).to_have_attribute("aria-pressed", "true")
    expect(editor(bob, "Objective")).to_have_text("Pulse 72")
    expect(pane(bob).locator(".note-state")).to_have_text(re.compile(r"^Saved \d"))
    tab(bob, "Note").first.click()
    expect(editor(bob, "Objective")).to_have_text("")
    expect(callout(bob)).to_have_count(0)


def decide(dana: Person, answer: str) -> None:
    """Say whether the team may see the notes, as the patient's own page sends it."""
    headers = {"origin": dana.base_url}
    sent = dana.context.request.post(f"{dana.base_url}/my/{DANA.patient_id}/sharing", form={"agree": answer}, headers=headers)
    assert sent.ok


@pytest.mark.row("N3")
def test_a_withdrawn_right_leaves_a_way_to_what_may_be_opened(persons: Persons, site: Site) -> None:
    """The patient's agreement goes while bob has the note open: he keeps what he sees, and has notes of his own."""
    booked = site.consultation()
    alice, bob = at_desk(persons, site, booked), at_desk(persons, site, booked, BOB)
    write(alice, "Plan", "Rest")
    saved(alice)
    expect(section(bob, "Plan")).to_contain_text("Rest")
    bob.allow_errors("status of 40[34]|WebSocket")
    dana = persons.person("dana", site)
    dana.open("/sign-in")
    dana.field("Username").fill(str(DANA.username))
    dana.field("Password").fill(f"{DANA.username} likes long walks")
    dana.press("Sign in")
    expect(dana.page.locator("form[action$=sharing]")).to_be_attached()
    decide(dana, "no")
    try:
        bob.reads("You may no longer open this note.")
        looked = Inspection()
        looked.look(bob, "a withdrawn right")
        assert looked.wrong == []
        bob.press("Show the notes that you may open")
        expect(bob.page.get_by_text("You may no longer open this note.")).to_have_count(0)
        expect(editor(bob, "Plan")).to_be_editable()
        expect(editor(bob, "Plan")).to_have_text("")
    finally:
        decide(dana, "yes")
