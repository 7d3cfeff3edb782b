"""A call is recorded with everybody's yes, seen to be, played, and taken back; with the server's own engine."""

import os
import re
import signal

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import looks_good
from tests.browser.journeys import at_desk, control, hurry_to_waiting_room, in_call
from tests.browser.person import PHONE, Person, Persons
from tests.browser.sentences import follow_sentences, one_sentence
from tests.browser.team import children_of, engine_of, joins, over_engine
from tests.cast import ALICE, DANA
from tests.site import Booked, Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V8")]

INTERRUPTED = "Nothing is recorded at the moment. It goes on by itself as soon as it can."

RUNNING = """[...document.querySelectorAll("[data-person]")].every(person =>
    [...person.querySelectorAll("video")].some(video => !video.hidden && video.currentTime > 0.3 && video.videoWidth > 0))"""

# Keeps every sign from now on, in `signs`, as `listens` keeps what is said, in `announced`.
FOLLOW_SIGN = """() => {
  globalThis.signs = [];
  new MutationObserver(() => globalThis.signs.push(document.querySelector(".recorded")?.textContent.trim() ?? ""))
    .observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
IN_TURN = """([first, then]) => [globalThis.signs, globalThis.announced].every((texts) => {
  const at = texts.findIndex((words) => words.includes(first));
  return at >= 0 && texts.slice(at + 1).some((words) => words.includes(then));
})"""

# How far the pictures are apart, in seconds.
APART = """() => {
  const times = [...document.querySelectorAll("video:not([hidden])")].map((video) => video.currentTime + Number(video.dataset.begun));
  return Math.max(...times) - Math.min(...times);
}"""


@pytest.fixture
def booked(site: Site) -> Booked:
    return site.consultation()


@pytest.fixture
def call(persons: Persons, site: Site, booked: Booked) -> tuple[Person, Person]:
    """Alice and dana, who talk."""
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    alice = at_desk(persons, site, booked)
    alice.press("Admit")
    for person in (alice, dana):
        in_call(person)
        person.sees_motion()
    return alice, dana


def ask(alice: Person) -> None:
    control(alice, "Devices").click()
    alice.press("Record: ask everybody")


def sign(person: Person) -> Locator:
    return person.page.locator(".recorded")


@pytest.mark.row("V11")
def test_from_the_question_to_the_player_and_back(call: tuple[Person, Person], persons: Persons, site: Site, booked: Booked) -> None:
    alice, dana = call
    dana.listens()
    focus = dana.page.evaluate("document.activeElement.outerHTML")
    ask(alice)
    question = dana.page.get_by_role("region", name="Dr Alice Ahmed asks to record this call")
    expect(question).to_be_visible()
    dana.is_told("asks to record this call")
    assert dana.page.evaluate("document.activeElement.outerHTML") == focus
    expect(alice.page.locator(".banner").get_by_text("Waiting until Dana Diaz has agreed to be recorded")).to_be_visible()
    assert looks_good(dana.page) == []
    yes = question.get_by_role("button", name="Yes, I agree")
    follow_sentences(alice, dana)
    yes.focus()
    dana.page.keyboard.press("Enter")
    for person in (alice, dana):
        expect(sign(person)).to_have_text("Being recorded")
        person.watches(frames=60)
    dana.is_told("Being recorded")
    over_engine(alice, dana)
    one_sentence(alice, dana)
    control(alice, "Devices").click()
    alice.press("Stop recording, and keep it")
    for person in (alice, dana):
        expect(sign(person)).to_have_count(0)
    plays(alice, booked)
    takes_back(persons, site)


def plays(alice: Person, booked: Booked) -> None:
    alice.until(lambda: listed(alice, booked), what="the files are whole")
    alice.page.get_by_role("link", name=re.compile("20")).last.click()
    alice.field("What you listen for").fill("Training")
    alice.press("Open the recording")
    expect(alice.page.locator("[data-person]")).to_have_count(2)
    expect(alice.page.get_by_text("damaged")).to_have_count(0)
    alice.press("Play")
    alice.until(
        lambda: alice.page.evaluate(RUNNING),
        what="both pictures run",
    )
    alice.until(lambda: alice.page.evaluate(APART) < 0.5, what="both pictures show the same moment")
    alice.press("Pause")
    alice.page.get_by_label("Mute").first.check()
    assert alice.page.evaluate("document.querySelector('video').muted")
    alice.page.locator("[data-seek]").focus()
    alice.page.keyboard.press("Home")
    expect(alice.page.locator("[data-clock]")).to_have_text(re.compile(r"^0:00"))
    assert looks_good(alice.page) == []


def listed(alice: Person, booked: Booked) -> bool:
    """Whether the record shows it as kept."""
    alice.open(f"/patients/{DANA.patient_id}")
    return alice.page.locator("#recordings").get_by_text("Kept until").count() > 0


def takes_back(persons: Persons, site: Site) -> None:
    dana = persons.person("dana at home", site, size=PHONE).open("/sign-in?next=/my")
    dana.field("Username").fill(str(DANA.username))
    dana.field("Password").fill("dana likes long walks")
    dana.press("Sign in")
    dana.page.get_by_text("Take back my agreement to this recording").click()
    dana.press("Take it back and delete the recording")
    dana.reads("The recording is deleted. Nobody can play it any more.")
    alice = persons.person("alice later", site, signed_in=ALICE).open(f"/patients/{DANA.patient_id}")
    expect(alice.page.locator("#recordings")).to_contain_text("Deleted")


def signed(words: str, *people: Person) -> None:
    """Everybody sees this sign and hears it, and begins to listen for the next one."""
    for person in people:
        expect(sign(person)).to_have_text(words)
        person.is_told(words)
        person.listens()


def goes_on(person: Person) -> None:
    """Sees and hears of the interruption, and then of its end, however short it was."""
    person.until(lambda: person.page.evaluate(IN_TURN, [INTERRUPTED, "Being recorded"]), what="both signs in turn, seen and heard")
    expect(sign(person)).to_have_text("Being recorded")
    person.listens()


def a_recorder_dies(site: Site, alice: Person, dana: Person) -> None:
    for person in (alice, dana):
        person.page.evaluate(FOLLOW_SIGN)
    for recorder in children_of(engine_of(site)):
        os.kill(recorder, signal.SIGKILL)
    for person in (alice, dana):
        goes_on(person)


def bob_comes_and_agrees(bob: Person, alice: Person, dana: Person) -> None:
    bob.press("Join the call")
    signed("Recording paused until Nurse Bob Brown has agreed", alice, dana)
    expect(sign(bob)).to_have_text("Recording paused until you have agreed")
    bob.is_told("asks to record this call")
    bob.press("Yes, I agree")
    signed("Being recorded", alice, dana, bob)


def test_a_no_is_enough_and_an_agreement_can_be_taken_back(
    call: tuple[Person, Person], persons: Persons, site: Site, booked: Booked
) -> None:
    alice, dana = call
    alice.listens()
    ask(alice)
    dana.page.get_by_role("button", name="No", exact=True).click()
    expect(dana.page.get_by_role("button", name="Yes, I agree")).to_have_count(0)
    alice.is_told("Nothing is recorded.")
    ask(alice)
    dana.listens()
    dana.press("Yes, I agree")
    signed("Being recorded", alice, dana)
    a_recorder_dies(site, alice, dana)
    bob = joins(persons, site, booked)
    bob.listens()
    bob_comes_and_agrees(bob, alice, dana)
    dana.press("More")
    dana.press("I no longer agree: stop and delete the recording")
    for person in (alice, bob):
        expect(sign(person)).to_have_count(0)
        person.is_told("The recording has ended.")
