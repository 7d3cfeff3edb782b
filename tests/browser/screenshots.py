"""Takes the pictures of the documentation into docs/images: `make screenshots`.

It runs as a test so that it has the browsers and the server of the tests; its name keeps it out of their ordinary run.
"""

from playwright.sync_api import expect

from tests.browser.journeys import agree, check_camera, check_microphone, check_speaker, in_call, introduce, turn_on, waits, welcome
from tests.browser.person import LAPTOP, PHONE, Person, Persons
from tests.browser.test_note import saved, section, write
from tests.cast import ALICE, BOB, DANA, ERIN
from tests.servers import ROOT
from tests.site import Site

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 120 * 1024


def take(person: Person, name: str) -> None:
    """Take what is in view; a picture that would make the repository heavy fails."""
    path = IMAGES / f"{name}.png"
    person.page.screenshot(path=path, animations="disabled", caret="hide")
    assert path.stat().st_size <= MOST_BYTES, f"{path.name} has {path.stat().st_size} bytes"


def test_take_the_pictures(persons: Persons, site: Site) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    booked = site.consultation(mobile=DANA.mobile)
    site.consultation(guest=ERIN, duration_min=30)
    dana = persons.person("dana", site, size=PHONE)
    dana.open(booked.link)
    take(dana, "welcome")
    welcome(dana, booked)
    introduce(dana)
    agree(dana)
    turn_on(dana)
    take(dana, "camera")
    check_camera(dana)
    check_microphone(dana)
    check_speaker(dana)
    dana.press("Go to the waiting room")
    waits(dana)
    alice = persons.person("alice", site, signed_in=ALICE, size=LAPTOP).open("/today")
    expect(alice.page.locator(".waiting-rows a").first).to_be_visible()
    take(alice, "today")
    alice.open(booked.desk)
    dana.reads("Dr Alice Ahmed knows you are here.")
    take(dana, "waiting")
    alice.press("Admit")
    for person in (alice, dana):
        in_call(person)
        person.sees_motion()
    bob = persons.person("bob", site, signed_in=BOB).open(booked.desk)
    write(alice, "Subjective", "Headache since Monday, worse in the evening.")
    write(alice, "Assessment", "Tension headache.")
    write(bob, "Plan", "Sleep diary for two weeks")
    saved(bob)
    expect(section(alice, "Plan")).to_contain_text("Sleep diary for two weeks")
    take(dana, "call")
    take(alice, "desk")
