"""Cameras and microphones that come, turn and fail while two people talk."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.journeys import call_of_two, control
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_call_trouble import admitted
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V7")]

# One microphone is not there until the test plugs it in.
PLUGGABLE = """
(() => {
  const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
  const late = (device) => device.kind === "audioinput" && /2/.test(device.label);
  let plugged = false;
  navigator.mediaDevices.enumerateDevices = async () => (await list()).filter((device) => plugged || !late(device));
  globalThis.plug = () => { plugged = true; navigator.mediaDevices.dispatchEvent(new Event("devicechange")); };
})()
"""

# A phone, whose camera in use looks away from the person.
PHONE_LIKE = """
(() => {
  const ask = globalThis.matchMedia.bind(globalThis);
  globalThis.matchMedia = (query) => (query.includes("coarse") ? { matches: true } : ask(query));
  const settings = MediaStreamTrack.prototype.getSettings;
  MediaStreamTrack.prototype.getSettings = function () { return { ...settings.call(this), facingMode: "environment" }; };
})()
"""

MICROPHONE = """() => globalThis.connections.filter((c) => c.connectionState !== "closed")
  .flatMap((c) => c.getSenders()).find((s) => s.track?.kind === "audio")?.track.label ?? "" """
CAMERA = "() => document.querySelector('.self video')?.srcObject?.getVideoTracks()[0]?.id ?? null"
NO_PICTURE = "No picture comes from your camera. Please choose another one."


def cameras(person: Person) -> Locator:
    return person.page.get_by_role("dialog", name="Devices").get_by_label("Camera", exact=True)


def test_a_microphone_plugged_in_is_offered_and_not_taken_unasked(persons: Persons, site: Site) -> None:
    dana = persons.person("dana", site, size=PHONE)
    dana.context.add_init_script(PLUGGABLE)
    alice = admitted(persons, site, dana)
    dana.watches()
    dana.until(lambda: dana.page.evaluate(MICROPHONE), what="a microphone in use")
    before = dana.page.evaluate(MICROPHONE)
    dana.page.evaluate("() => globalThis.plug()")
    dana.reads("was found.")
    assert dana.page.evaluate(MICROPHONE) == before
    dana.press("Use it")
    dana.until(lambda: "2" in dana.page.evaluate(MICROPHONE), what="the new microphone in use")
    expect(dana.button("Use it")).to_have_count(0)
    alice.hears()


def test_a_camera_that_nobody_sees_is_noticed(persons: Persons, site: Site) -> None:
    alice, dana, _ = call_of_two(persons, site)
    control(alice, "Devices").click()
    cameras(alice).select_option(index=1)
    alice.page.keyboard.press("Escape")
    alice.reads(NO_PICTURE)
    alice.page.locator(".banner").get_by_role("button", name="Devices").click()
    cameras(alice).select_option(index=2)
    expect(alice.page.get_by_text(NO_PICTURE).locator("visible=true")).to_have_count(0)
    dana.watches()


def test_the_camera_of_a_phone_turns_back_too(persons: Persons, site: Site) -> None:
    dana = persons.person("dana", site, size=PHONE)
    dana.context.add_init_script(PHONE_LIKE)
    admitted(persons, site, dana)
    dana.watches()
    dana.until(lambda: dana.page.evaluate(CAMERA), what="their own picture")
    expect(dana.page.locator(".self video.mirrored")).to_have_count(0)
    before = dana.page.evaluate(CAMERA)
    dana.press("Turn to the other camera")
    dana.until(lambda: dana.page.evaluate(CAMERA) not in {None, before}, what="another camera")


def test_the_camera_that_is_chosen_is_shown_while_it_is_off(persons: Persons, site: Site) -> None:
    alice, _, _ = call_of_two(persons, site)
    alice.press("Camera")
    control(alice, "Devices").click()
    cameras(alice).select_option(index=2)
    chosen = cameras(alice).input_value()
    alice.page.keyboard.press("Escape")
    control(alice, "Devices").click()
    expect(cameras(alice)).to_have_value(chosen)
