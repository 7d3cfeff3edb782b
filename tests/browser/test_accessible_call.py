"""The waiting room, the call and the desk in every state, for everybody: axe in light and dark, small and large, in three languages."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import looks_good
from tests.browser.journeys import hurry_to_waiting_room, in_call
from tests.browser.person import LAPTOP, PHONE, Person, Persons
from tests.browser.test_note import section
from tests.cast import ALICE, BOB, DANA
from tests.site import Booked, Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11")]

LANGUAGES = ["en-GB", "en-XA", "ar-XB"]


def inspect(person: Person, state: str, wrong: list[str]) -> None:
    """Note what is wrong in this state, and give the window its size back."""
    size = person.page.viewport_size or {"width": LAPTOP[0], "height": LAPTOP[1]}
    wrong += [f"{person.name}, {state}: {line}" for line in looks_good(person.page)]
    person.page.set_viewport_size(size)


def waiting_pair(persons: Persons, site: Site, language: str) -> tuple[Person, Person, Booked]:
    booked = site.consultation(mobile=DANA.mobile, email=DANA.email)
    dana = persons.person("dana", site, size=PHONE, language=language)
    hurry_to_waiting_room(dana, booked)
    alice = persons.person("alice", site, signed_in=ALICE, language=language).open(booked.desk)
    expect(alice.button("Admit")).to_be_visible()
    expect(section(alice, "Plan")).to_be_editable()
    return alice, dana, booked


def dialog_of(person: Person, opener: str, wrong: list[str]) -> None:
    """Open a dialog by its button, look at it, and close it."""
    person.button(opener).first.click()
    expect(person.page.locator("dialog[open]")).to_be_visible()
    inspect(person, opener, wrong)
    person.page.keyboard.press("Escape")
    expect(person.page.locator("dialog[open]")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_patient(persons: Persons, site: Site, language: str) -> None:
    wrong: list[str] = []
    alice, dana, _ = waiting_pair(persons, site, language)
    alice.page.locator(".desk-chat textarea").fill("A message")
    alice.page.keyboard.press("Enter")
    dana.reads("A message") if language == "en-GB" else expect(dana.page.get_by_role("log")).to_contain_text("A message")
    inspect(dana, "waiting", wrong)
    alice.press("Admit")
    in_call(dana)
    inspect(dana, "call", wrong)
    dialog_of(dana, "Chat", wrong)
    dialog_of(dana, "More", wrong)
    dana.press("Camera")
    dana.press("Mute")
    alice.press("Camera")
    expect(dana.page.locator("main[data-camera=off][data-mic=off]")).to_be_attached()
    inspect(dana, "everything off", wrong)
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_professional(persons: Persons, site: Site, language: str) -> None:
    wrong: list[str] = []
    alice, _, booked = waiting_pair(persons, site, language)
    inspect(alice, "waiting", wrong)
    dialog_of(alice, "Let wait longer", wrong)
    dialog_of(alice, "Can\u2019t see now", wrong)
    alice.press("Admit")
    in_call(alice)
    inspect(alice, "call", wrong)
    dialog_of(alice, "Chat", wrong)
    dialog_of(alice, "Devices", wrong)
    dialog_of(alice, "Not suitable for video", wrong)
    bob = persons.person("bob", site, signed_in=BOB, language=language).open(booked.desk)
    section(bob, "Plan").click()
    bob.page.keyboard.type("Rest")
    expect(section(alice, "Plan")).to_contain_text("Rest")
    inspect(bob, "outside", wrong)
    inspect(alice, "a colleague writes", wrong)
    dialog_of(alice, "End", wrong)
    alice.press("End")
    alice.page.locator("dialog[open] .part").first.click()
    expect(alice.page.locator("main[data-call-state=ended]")).to_be_attached()
    inspect(alice, "ended", wrong)
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tab", ["note", "list"])
def test_desk_on_a_phone(persons: Persons, site: Site, language: str, tab: str) -> None:
    wrong: list[str] = []
    booked = site.consultation()
    alice = persons.person("alice", site, signed_in=ALICE, language=language, size=PHONE).open(booked.desk)
    alice.page.locator(f"#tab-{tab}").click()
    expect(alice.page.locator(f"#panel-{tab}")).to_be_visible()
    inspect(alice, tab, wrong)
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_today(persons: Persons, site: Site, language: str) -> None:
    wrong: list[str] = []
    booked = site.consultation(mobile=DANA.mobile, email=DANA.email)
    dana = persons.person("dana", site, size=PHONE, language=language)
    hurry_to_waiting_room(dana, booked)
    alice = persons.person("alice", site, signed_in=ALICE, language=language).open("/today")
    line = alice.page.locator(".waiting-rows li.line").filter(has=alice.page.locator(f"a[href='{booked.desk}']"))
    expect(line).to_be_visible()
    inspect(alice, "somebody waits", wrong)
    dialog_of(alice, "Consultation now", wrong)
    for choice in ("hold", "refuse", "send", "reissue", "revoke"):
        line.locator(".line-toggle").click()
        line.locator(f"[data-focus$=' {choice}']").click()
        expect(alice.page.locator("dialog[open]")).to_be_visible()
        inspect(alice, choice, wrong)
        alice.page.keyboard.press("Escape")
        expect(alice.page.locator("dialog[open]")).to_have_count(0)
    alice.button("Consultation now").first.click()
    alice.page.locator("#patient-name").fill("Erin")
    alice.page.locator("dialog[open] button[type=submit]").click()
    expect(alice.page.locator("#link")).to_be_visible()
    inspect(alice, "link", wrong)
    assert wrong == []
