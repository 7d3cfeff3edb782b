"""The waiting room, the call, the desk and the list in every state, for everybody: axe in each size, scheme and language.

One consultation for each language is looked at from all sides, from before the patient comes to after everybody has gone.
"""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import expect

from tests.browser.axe import Inspection
from tests.browser.journeys import hurry_to_waiting_room, in_call, sign_in
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_note import section, write
from tests.cast import ALICE, BOB, DANA
from tests.site import Booked, Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11")]

LANGUAGES = ["en-GB", "en-XA", "ar-XB"]


@dataclass
class Story:
    """Who takes part in a consultation, and what was wrong on their pages."""

    site: Site
    booked: Booked
    alice: Person
    dana: Person
    bob: Person
    inspection: Inspection = field(default_factory=Inspection)

    def look(self, person: Person, state: str, sign: str) -> None:
        """Look at the page once it shows the sign of the state."""
        expect(person.page.locator(sign).first).to_be_visible()
        self.inspection.look(person, state)

    def dialog(self, person: Person, opener: str) -> None:
        """Open a dialog by its button and look at it."""
        person.button(opener).first.click()
        self.look(person, opener, "dialog[open]")

    def close_dialog(self, person: Person) -> None:
        person.page.keyboard.press("Escape")
        expect(person.page.locator("dialog[open]")).to_have_count(0)

    def dialogs(self, person: Person, *openers: str) -> None:
        for opener in openers:
            self.dialog(person, opener)
            self.close_dialog(person)

    def tell(self, opener: str, words: str) -> None:
        """Say something to the patient by a dialog of the desk."""
        self.dialog(self.alice, opener)
        self.alice.page.locator("#words").fill(words)
        self.alice.page.locator("dialog[open] button[type=submit]").click()
        expect(self.dana.page.get_by_text(words).first).to_be_visible()

    def part(self, person: Person, way: int) -> None:
        """End for all, or leave."""
        person.page.locator("dialog[open] .part").nth(way).click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_consultation(persons: Persons, site: Site, language: str) -> None:
    booked = site.consultation(mobile=DANA.mobile, email=DANA.email)
    alice = persons.person("alice", site, language=language)
    alice.allow_errors("status of 401|WebSocket")
    dana = persons.person("dana", site, size=PHONE, language=language)
    bob = persons.person("bob", site, signed_in=BOB, language=language)
    story = Story(site, booked, alice, dana, bob)
    sign_in(alice, ALICE, booked.desk)
    expect(section(alice, "Plan")).to_be_editable()
    story.look(alice, "nobody has come", ".lobby[data-scene=early]")
    before_the_call(story)
    in_the_call(story)
    interruptions(story)
    partings(story)
    assert story.inspection.wrong == []


def before_the_call(story: Story) -> None:
    alice, dana = story.alice, story.dana
    hurry_to_waiting_room(dana, story.booked)
    alice.page.locator(".desk-chat textarea").fill("A message")
    alice.page.keyboard.press("Enter")
    story.look(dana, "waiting", ".log :text('A message')")
    story.look(alice, "somebody waits", ".lobby[data-scene=waiting]")
    story.tell("Let wait longer", "Five minutes more")
    story.look(dana, "told to wait", ":text('Five minutes more')")
    story.tell("Can\u2019t see now", "I will ring you")
    story.look(dana, "refused", "main[data-call-state=refused]")
    story.look(alice, "refused", ".lobby[data-scene=refused]")


def in_the_call(story: Story) -> None:
    alice, dana, bob = story.alice, story.dana, story.bob
    alice.press("Admit")
    for person in (alice, dana):
        in_call(person)
        story.inspection.look(person, "call")
    story.dialogs(dana, "Chat", "More")
    story.dialogs(alice, "Chat", "Devices", "Not suitable for video", "End")
    bob.open(story.booked.desk)
    write(bob, "Plan", "Rest")
    expect(section(alice, "Plan")).to_contain_text("Rest")
    story.look(bob, "outside", ".lobby[data-scene=outside]")
    story.inspection.look(alice, "a colleague writes")
    dana.press("Camera")
    dana.press("Mute")
    alice.press("Camera")
    story.look(dana, "everything off", "main[data-camera=off][data-mic=off]")


def interruptions(story: Story) -> None:
    alice, dana = story.alice, story.dana
    room = dana.page.url
    other = dana.new_tab()
    other.goto(room)
    story.look(dana, "taken over by another window", "main[data-call-state=replaced]")
    other.close()
    dana.press("Use here")
    for person in (alice, dana):
        in_call(person)
    alice.page.goto("about:blank")
    story.look(dana, "the other is gone without a word", "main[data-call-state=recovering]")
    alice.open(story.booked.desk)
    in_call(alice)
    dana.page.goto("about:blank")
    story.look(alice, "the patient is gone without a word", "main[data-call-state=recovering]")
    dana.open(room)
    back = dana.page.locator("main[data-call-state=live], main[data-call-state=waiting]")
    expect(back).to_be_attached()
    if back.get_attribute("data-call-state") == "waiting":  # looking at alice's page took longer than a place is kept
        alice.press("Admit")
    for person in (alice, dana):
        in_call(person)


def partings(story: Story) -> None:
    alice, dana, bob = story.alice, story.dana, story.bob
    alice.press("End")
    story.part(alice, 1)
    story.look(alice, "left", "main[data-call-state=left]")
    story.look(bob, "nobody talks with the patient", ".lobby .desk-doings .button")
    story.inspection.look(dana, "alone")
    alice.press("Back to the call")
    for person in (alice, dana):
        in_call(person)
    dana.press("Leave")
    story.look(dana, "after leaving", ".feedback")
    story.look(alice, "the patient has left", ".lobby[data-scene=gone]")
    alice.context.request.post(f"{story.site.url}/sign-out", headers={"origin": story.site.url}, max_redirects=0)
    story.look(alice, "signed out", "main[data-call-state=failed]")
    story.dialog(bob, "End the consultation")
    story.part(bob, 0)
    story.look(bob, "ended", "main[data-call-state=ended]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_desk_on_a_phone(persons: Persons, site: Site, language: str) -> None:
    inspection = Inspection()
    hurry_to_waiting_room(persons.person("dana", site, size=PHONE), site.consultation())
    alice = persons.person("alice", site, signed_in=ALICE, language=language, size=PHONE).open(site.consultation().desk)
    expect(alice.page.locator("#tab-list .count")).to_be_visible()
    for tab in ("note", "list", "call"):
        alice.page.locator(f"#tab-{tab}").click()
        expect(alice.page.locator(f"#panel-{tab}")).to_be_visible()
        inspection.look(alice, tab)
    assert inspection.wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_today(persons: Persons, site: Site, language: str) -> None:
    inspection = Inspection()
    booked = site.consultation(mobile=DANA.mobile, email=DANA.email)
    dana = persons.person("dana", site, size=PHONE, language=language)
    hurry_to_waiting_room(dana, booked)
    alice = persons.person("alice", site, signed_in=ALICE, language=language).open("/today")
    line = alice.page.locator(".waiting-rows li.line").filter(has=alice.page.locator(f"a[href='{booked.desk}']"))
    expect(line).to_be_visible()
    inspection.look(alice, "somebody waits")
    line.locator(".line-toggle").click()
    inspection.look(alice, "more about somebody")
    dialog = alice.page.locator("dialog[open]")
    for choice in ("hold", "refuse", "send", "reissue", "revoke"):
        line.locator(f"[data-focus$=' {choice}']").click()
        expect(dialog).to_be_visible()
        inspection.look(alice, choice)
        alice.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    alice.button("Consultation now").first.click()
    expect(dialog).to_be_visible()
    inspection.look(alice, "consultation now")
    alice.page.locator("#patient-name").fill("Erin")
    dialog.locator("button[type=submit]").click()
    expect(alice.page.locator("#link")).to_be_visible()
    inspection.look(alice, "link")
    site.client(ALICE).delete(f"/api/consultations/{booked.id}/link").raise_for_status()
    expect(dana.page.locator("main[data-call-state=failed]")).to_be_attached()
    inspection.look(dana, "put out")
    assert inspection.wrong == []
