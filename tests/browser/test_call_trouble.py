"""What a call says and does when something is in its way: no connection, no server, no sound until a tap, a device pulled out."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import at_desk, call_of_two, control, hurry_to_waiting_room, in_call, waits
from tests.browser.person import PHONE, Person, Persons
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V6")]

# A relay is asked for where none is set: no connection ever comes about.
NO_WAY = """
(() => {
  const Watched = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Watched {
    constructor(configuration) { super({ ...configuration, iceTransportPolicy: "relay" }); }
    setConfiguration(configuration) { super.setConfiguration({ ...configuration, iceTransportPolicy: "relay" }); }
  };
})()
"""

# Like a browser that holds sound back until a tap: the first `play` of a voice is refused.
NEEDS_TAP = """
(() => {
  const play = HTMLAudioElement.prototype.play;
  let refused = false;
  HTMLAudioElement.prototype.play = function () {
    if (refused) return play.call(this);
    refused = true;
    return Promise.reject(new DOMException("a gesture is needed", "NotAllowedError"));
  };
})()
"""

# Keeps every opened track, so that a test can pull its device out: `stop` alone says nothing to the page.
PULLABLE = """
(() => {
  globalThis.opened = [];
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    globalThis.opened.push(...stream.getTracks());
    return stream;
  };
  globalThis.pull = (kind) => {
    const track = globalThis.opened.filter((each) => each.kind === kind && each.readyState === "live").at(-1);
    track.stop();
    track.dispatchEvent(new Event("ended"));
  };
})()
"""

# Counts what a page asks of the screen and of the loudspeaker.
COUNTED = """
(() => {
  globalThis.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...given) { globalThis.tones += 1; return start.apply(this, given); };
  globalThis.locks = [];
  const request = navigator.wakeLock.request.bind(navigator.wakeLock);
  navigator.wakeLock.request = async (kind) => {
    const lock = await request(kind);
    globalThis.locks.push(lock);
    return lock;
  };
})()
"""

AWAKE = "() => globalThis.locks.some((lock) => !lock.released)"


def patient(persons: Persons, site: Site, script: str) -> Person:
    dana = persons.person("dana", site, size=PHONE)
    dana.context.add_init_script(script)
    return dana


def admitted(persons: Persons, site: Site, dana: Person) -> Person:
    booked = site.consultation()
    hurry_to_waiting_room(dana, booked)
    alice = at_desk(persons, site, booked)
    alice.press("Admit")
    return alice


def test_the_phone_is_offered_where_no_connection_comes_about(persons: Persons, site: Site) -> None:
    dana = patient(persons, site, NO_WAY)
    alice = admitted(persons, site, dana)
    for person in (alice, dana):
        person.state("called")
    dana.listens()
    dana.reads("Connecting you with Dr Alice Ahmed…")
    dana.reads("Still trying. You can also call", within_s=30)  # after 20 s, although the engine is tried after 14
    expect(dana.link("Call")).to_have_attribute("href", re.compile("^tel:"))
    dana.is_told("Still trying. You can also call")


def test_a_waiting_room_that_does_not_open_says_so(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    dana.allow_errors("status of 503")
    dana.page.route("**/tickets", lambda route: route.fulfill(status=503))
    dana.page.reload()
    expect(dana.heading("Opening the waiting room…")).to_be_visible()
    dana.reads("The connection to the practice is interrupted. Trying again, please stay here.")
    expect(dana.page.get_by_text("Do you need help? Call").locator("a[href^='tel:']")).to_be_visible()
    dana.page.unroute("**/tickets")
    waits(dana)


@pytest.mark.row("V4")
def test_a_browser_that_holds_sound_back_asks_for_a_tap(persons: Persons, site: Site) -> None:
    dana = patient(persons, site, NEEDS_TAP)
    admitted(persons, site, dana)
    in_call(dana)
    expect(dana.button("Tap to hear")).to_be_focused()
    dana.press("Tap to hear")
    expect(dana.button("Tap to hear")).to_have_count(0)
    dana.watches()


@pytest.mark.row("V7")
def test_sound_that_a_telephone_call_stopped_goes_on(persons: Persons, site: Site) -> None:
    _, dana, _ = call_of_two(persons, site)
    dana.page.evaluate("""() => new Promise((resolve) => {
      const audio = document.querySelector("audio.remote-sound");
      audio.addEventListener("pause", resolve, { once: true });
      audio.pause();
    })""")
    dana.watches()


@pytest.mark.row("V7")
def test_speaking_while_muted_is_noticed(persons: Persons, site: Site) -> None:
    _, dana, _ = call_of_two(persons, site)
    dana.press("Mute")
    dana.reads("You are muted.")
    dana.press("Unmute")
    expect(dana.button("Mute")).to_have_attribute("aria-pressed", "false")


@pytest.mark.row("V7")
def test_a_camera_pulled_out_gives_way_to_another(persons: Persons, site: Site) -> None:
    dana = patient(persons, site, PULLABLE)
    alice = admitted(persons, site, dana)
    for person in (alice, dana):
        in_call(person)
    expect(dana.page.locator("main[data-camera=on]")).to_be_attached()
    dana.page.evaluate("() => globalThis.pull('video')")
    told = dana.page.locator(".told[aria-live=polite]")
    expect(told).to_contain_text(re.compile(r"Now using fake_device_\d\."))
    expect(dana.page.locator("main[data-camera=on]")).to_be_attached()
    alice.watches()


@pytest.mark.row("V3")
def test_the_one_who_waits_sees_themself_and_is_called_by_a_sound(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = patient(persons, site, COUNTED)
    hurry_to_waiting_room(dana, booked)
    mirror = "() => document.querySelector('.mirror video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0"
    dana.until(lambda: dana.page.evaluate(mirror) > 5, what="their own picture")
    dana.until(lambda: dana.page.evaluate(AWAKE), what="a screen that stays on")
    dana.press("Play a sound so I hear when I am called")
    dana.reads("You will hear this sound when it is your turn.")
    proof = dana.page.evaluate("() => globalThis.tones")
    alice = at_desk(persons, site, booked)
    alice.press("Admit")
    dana.until(lambda: dana.page.evaluate("() => globalThis.tones") > proof, what="the chime")
    in_call(dana)
    dana.until(lambda: dana.page.evaluate(AWAKE), what="a screen that stays on in the call")
    alice.press("End")
    alice.page.get_by_role("dialog").get_by_role("button", name="End for all").click()
    dana.reads("What happens next")


@pytest.mark.row("V7")
def test_the_picture_floats_in_a_small_window_where_the_browser_can(persons: Persons, site: Site) -> None:
    alice, _, _ = call_of_two(persons, site)
    control(alice, "Devices").click()
    floats = alice.button("Picture in a small window")
    if not alice.page.evaluate("() => document.pictureInPictureEnabled"):
        expect(floats).to_have_count(0)
        return
    floats.click()
    alice.until(
        lambda: alice.page.evaluate("() => document.pictureInPictureElement?.matches('.stage video.remote')"), what="the small window"
    )
    floats.click()
    alice.until(lambda: alice.page.evaluate("() => document.pictureInPictureElement === null"), what="the window gone")
