"""What a person has decided in a call holds: off is off over a reload and a refusal, sound only and a shared screen exclude each other."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.journeys import at_desk, call_of_two, hurry_to_waiting_room, in_call, takes_sound_only
from tests.browser.person import PHONE, Person, Persons
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V7")]

TRACKS = "() => globalThis.connections.flatMap((c) => c.getSenders()).filter((s) => s.track?.enabled).map((s) => s.track.kind)"


def devices_are(person: Person, *, mic: str, camera: str) -> None:
    expect(person.page.locator(f"main[data-mic={mic}][data-camera={camera}]")).to_be_attached()


@pytest.mark.parametrize("who", ["patient", "professional"])
def test_muted_and_unseen_stay_so_over_a_reload(persons: Persons, site: Site, who: str) -> None:
    alice, dana, _ = call_of_two(persons, site)
    one, other = (dana, alice) if who == "patient" else (alice, dana)
    one.press("Mute")
    one.press("Camera")
    devices_are(one, mic="off", camera="off")
    one.page.reload()
    in_call(one)
    expect(one.button("Mute")).to_have_attribute("aria-pressed", "true")
    devices_are(one, mic="off", camera="off")
    assert one.page.evaluate(TRACKS) == []
    one.press("Mute")
    one.press("Camera")
    devices_are(one, mic="on", camera="on")
    other.watches()


def test_a_refused_patient_is_not_filmed_and_is_called_when_let_in(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    devices_are(dana, mic="on", camera="on")
    alice = at_desk(persons, site, booked)
    alice.press("Can\u2019t see now")
    alice.field("What should happen instead?").fill("I will ring you at three.")
    alice.press("Tell them and close the waiting room")
    dana.state("refused")
    devices_are(dana, mic="off", camera="off")
    dana.listens()
    alice.press("Admit")
    dana.is_told("Dr Alice Ahmed is ready for you.")
    in_call(dana)
    devices_are(dana, mic="on", camera="on")
    alice.watches()


def test_a_shared_screen_ends_sound_only_and_the_other_way_round(persons: Persons, site: Site, whole_chromium: Browser) -> None:
    alice, dana, _ = call_of_two(persons, site, professional=whole_chromium)
    takes_sound_only(alice)
    dana.reads("Dr Alice Ahmed uses sound only.")
    alice.press("Share")
    expect(alice.page.locator("main[data-screen=on]")).to_be_attached()
    dana.watches()
    takes_sound_only(alice)
    expect(alice.page.locator("main[data-screen=off]")).to_be_attached()
    dana.reads("Dr Alice Ahmed uses sound only.")


def test_shortcuts_act_only_where_their_buttons_are(persons: Persons, site: Site) -> None:
    alice, _, _ = call_of_two(persons, site)
    alice.page.keyboard.press("Alt+v")
    devices_are(alice, mic="on", camera="off")
    alice.press("End")
    alice.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    alice.reads("You left the call")
    alice.page.keyboard.press("Alt+v")
    alice.page.keyboard.press("Alt+m")
    alice.press("Back to the call")
    in_call(alice)
    devices_are(alice, mic="on", camera="off")


def test_a_message_begun_in_the_waiting_room_is_there_in_the_call(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    dana.field("Write a message").fill("I wanted to say")
    at_desk(persons, site, booked).press("Admit")
    in_call(dana)
    dana.press("Chat")
    expect(dana.field("Write a message")).to_have_value("I wanted to say")
    dana.field("Write a message").fill("I wanted to say more")
    dana.page.keyboard.press("Escape")
    dana.press("Chat")
    expect(dana.field("Write a message")).to_have_value("I wanted to say more")
