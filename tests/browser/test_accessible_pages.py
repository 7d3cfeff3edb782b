"""Every page before the call, for everybody: axe in light and dark, on phone and laptop, in English, stretched and right to left."""

from collections.abc import Callable

import pytest

from tests.browser.axe import looks_good
from tests.browser.journeys import turn_on
from tests.browser.person import PHONE, Person, Persons
from tests.cast import ALICE, DANA, ERIN
from tests.site import Booked, Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11")]

LANGUAGES = ["en-GB", "en-XA", "ar-XB"]
Way = Callable[[Person, Booked, Site], None]


def at_welcome(dana: Person, booked: Booked, site: Site) -> None:
    dana.open(booked.link)


def at(path: str) -> Way:
    """The page at a path of the visit, once the patient has agreed."""

    def go(dana: Person, booked: Booked, site: Site) -> None:
        agreed(dana, booked, site)
        dana.open(visit_of(dana) + path)

    return go


def visit_of(dana: Person) -> str:
    return "/".join(dana.page.url.split("/")[:5])


def at_name(dana: Person, booked: Booked, site: Site) -> None:
    """Take the forms by their structure, because their words are in another language."""
    dana.open(booked.link)
    dana.page.locator("main form button").first.click()
    dana.page.locator("#name").wait_for()


def at_consent(dana: Person, booked: Booked, site: Site) -> None:
    at_name(dana, booked, site)
    dana.page.locator("main form button").first.click()
    dana.page.locator("#agree").wait_for()


def agreed(dana: Person, booked: Booked, site: Site) -> None:
    at_consent(dana, booked, site)
    for box in dana.page.locator("#agree input[type=checkbox]").all():
        box.check()
    dana.page.locator("#agree button").click()
    dana.page.locator("#step").wait_for()


def at_missing_name(dana: Person, booked: Booked, site: Site) -> None:
    at_name(dana, booked, site)
    dana.page.locator("#name").fill("")
    dana.page.locator("main form button").first.click()
    dana.page.locator(".error-summary").wait_for()


def at_missing_consent(dana: Person, booked: Booked, site: Site) -> None:
    at_consent(dana, booked, site)
    dana.page.locator("#agree button").click()
    dana.page.locator(".error-summary").wait_for()
    dana.page.locator("details summary").first.click()


def at_declined(dana: Person, booked: Booked, site: Site) -> None:
    at_consent(dana, booked, site)
    dana.page.locator("form[action$=declined] button").click()
    dana.page.locator("#agree").wait_for(state="detached")


def at_camera_on(dana: Person, booked: Booked, site: Site) -> None:
    at("/camera")(dana, booked, site)
    turn_on(dana)


def at_revoked(dana: Person, booked: Booked, site: Site) -> None:
    site.client(ALICE).delete(f"/api/consultations/{booked.id}/link").raise_for_status()
    dana.open(booked.link)


def at_after(dana: Person, booked: Booked, site: Site) -> None:
    agreed(dana, booked, site)
    site.client(ALICE).post(f"/api/consultations/{booked.id}/end", json={"outcome": "completed", "reason": None}).raise_for_status()
    dana.open(visit_of(dana) + "/after")


def at_unknown(dana: Person, booked: Booked, site: Site) -> None:
    dana.allow_errors("404")
    dana.open("/j/" + "x" * 43)


PATIENT: dict[str, Way] = {
    "welcome": at_welcome,
    "name": at_name,
    "name missing": at_missing_name,
    "consent": at_consent,
    "consent missing": at_missing_consent,
    "declined": at_declined,
    "camera": at("/camera"),
    "camera on": at_camera_on,
    "microphone": at("/microphone"),
    "speaker": at("/speaker"),
    "network": at("/network"),
    "after": at_after,
    "revoked": at_revoked,
    "unknown link": at_unknown,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", PATIENT)
def test_patient_page(persons: Persons, site: Site, state: str, language: str) -> None:
    dana = persons.person("dana", site, size=PHONE, language=language)
    dana.allow_errors("status of 4(10|22)")
    PATIENT[state](dana, site.consultation(), site)
    assert dana.page.locator("html").get_attribute("lang") == language
    assert dana.page.locator("html").get_attribute("dir") == ("rtl" if language.startswith("ar") else "ltr")
    assert looks_good(dana.page) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/sign-in", "/today", "/outbox", "/account", "/nowhere"])
def test_staff_page(persons: Persons, site: Site, path: str, language: str) -> None:
    site.consultation(guest=ERIN, mobile=ERIN.mobile)
    alice = persons.person("alice", site, signed_in=None if path == "/sign-in" else ALICE, language=language)
    alice.allow_errors("404")
    alice.open(path)
    assert alice.page.locator("html").get_attribute("lang") == language
    assert looks_good(alice.page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_password(persons: Persons, site: Site, language: str) -> None:
    alice = persons.person("alice", site, language=language)
    alice.allow_errors("401")
    alice.open("/sign-in")
    alice.page.locator("#username").fill("dr_wrong")
    alice.page.locator("#password").fill("wrong")
    alice.page.locator("main button").click()
    alice.page.locator(".error-summary").wait_for()
    assert looks_good(alice.page) == []


@pytest.mark.parametrize("language", ["en-XA"])
@pytest.mark.parametrize("state", ["welcome", "name missing", "camera", "microphone", "speaker", "network", "after", "declined", "revoked"])
def test_no_word_of_a_patient_page_escapes_translation(persons: Persons, site: Site, state: str, language: str) -> None:
    dana = persons.person("dana", site, size=PHONE, language=language)
    dana.allow_errors("status of 4(10|22)")
    PATIENT[state](dana, site.consultation(), site)
    assert untranslated(dana) == []


# Every text outside ⟦…⟧ that holds a word, apart from names and numbers that are nobody's to translate.
UNTRANSLATED = """(names) => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (element.closest("script, style, option, noscript, [hidden]")) continue;
    let text = node.textContent;
    for (const name of names) text = text.replaceAll(name, "");
    let depth = 0;
    const rest = [...text].filter((letter) => {
      if (letter === "⟦") depth += 1;
      const outside = depth === 0;
      if (letter === "⟧") depth -= 1;
      return outside;
    }).join("");
    if (/[a-z]{2}/i.test(rest)) found.push(text.trim());
  }
  return found;
}"""


def untranslated(person: Person) -> list[str]:
    names = ["Dr Alice Ahmed", "Harbour Clinic", DANA.name, ERIN.name, "+44 20 7946 0018", "Consilium", "AA"]
    found: list[str] = person.page.evaluate(UNTRANSLATED, names)
    return found
