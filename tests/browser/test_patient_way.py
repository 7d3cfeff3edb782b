"""The whole way of a patient on a phone, page by page, and what happens beside it."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from server.core.clock import SystemClock
from tests.browser.journeys import (
    agree,
    at_desk,
    check_camera,
    check_microphone,
    check_network,
    check_speaker,
    come_to_waiting_room,
    introduce,
    waits,
    welcome,
)
from tests.browser.person import PHONE, Person, Persons
from tests.cast import ALICE
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V1")]

# What the browser says to a page that has no WebRTC at all.
WITHOUT_CALLS = "delete globalThis.RTCPeerConnection; delete globalThis.webkitRTCPeerConnection;"

# Tells of the answer before the camera is open, as browsers do.
ANSWERED_FIRST = """
(() => {
  globalThis.opened = 0;
  const status = Object.assign(new EventTarget(), { state: "prompt" });
  navigator.permissions.query = async () => status;
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    globalThis.opened += 1;
    await null;
    if (status.state === "prompt") {
      status.state = "granted";
      status.dispatchEvent(new Event("change"));
    }
    return open(wanted);
  };
})()
"""


@pytest.fixture
def dana(persons: Persons, site: Site) -> Person:
    """A patient with a phone."""
    return persons.person("dana", site, size=PHONE)


@pytest.mark.row("V2")
@pytest.mark.row("V3")
def test_from_the_link_to_the_waiting_room(dana: Person, persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana.open(booked.link)
    dana.reads("Your video consultation with Dr Alice Ahmed")
    dana.reads("Not for emergencies")
    assert booked.link.rsplit("/", 1)[1] not in dana.page.url
    dana.press("Start")
    introduce(dana, "Dana D.")
    agree(dana)
    check_camera(dana)
    check_microphone(dana)
    check_speaker(dana)
    check_network(dana)
    waits(dana)
    row = site.row(booked)
    assert (row["stage"], row["patient_name"], row["state"]) == ("waiting", "Dana D.", "waiting")
    assert row["waiting_since"]
    assert row["devices"]
    dana.reads("Dr Alice Ahmed is not at the desk yet")
    alice = at_desk(persons, site, booked)
    alice.reads("Dana D. is waiting")
    dana.reads("Dr Alice Ahmed knows you are here.")


@pytest.mark.row("V2")
def test_in_firefox(persons: Persons, site: Site, firefox: Browser) -> None:
    dana = persons.person("dana", site, browser=firefox, size=PHONE)
    come_to_waiting_room(dana, site.consultation())


def test_somebody_comes_along(dana: Person, persons: Persons, site: Site) -> None:
    booked = site.consultation()
    welcome(dana, booked)
    dana.field("Is somebody with you? (optional)").fill("Erin, a daughter")
    dana.press("Continue")
    agree(dana)
    assert site.row(booked)["companion"] == "Erin, a daughter"
    alice = at_desk(persons, site, booked)
    alice.reads("with Erin, a daughter")


def test_a_name_is_needed_and_the_page_says_so(dana: Person, site: Site) -> None:
    dana.allow_errors("status of 422")
    welcome(dana, site.consultation())
    dana.field("Your name").fill(" ")
    dana.press("Continue")
    dana.reads("Please write your name.")
    dana.link("Please write your name.").click()
    expect(dana.field("Your name")).to_be_focused()


def test_each_consent_is_needed(dana: Person, site: Site) -> None:
    dana.allow_errors("status of 422")
    welcome(dana, site.consultation())
    introduce(dana)
    dana.page.get_by_role("checkbox").first.check()
    dana.press("I agree")
    expect(dana.page.get_by_role("alert").filter(has_text="Please tick these")).to_be_visible()
    expect(dana.page.get_by_role("checkbox").first).to_be_checked()
    agree(dana)
    expect(dana.heading("Check your camera")).to_be_visible()


def test_whoever_does_not_agree_is_met_kindly_and_may_change_their_mind(dana: Person, site: Site) -> None:
    booked = site.consultation()
    welcome(dana, booked)
    introduce(dana)
    dana.press("I do not agree")
    expect(dana.heading("That is all right")).to_be_visible()
    expect(dana.link("Call Harbour Clinic")).to_have_attribute("href", "tel:+442079460018")
    assert site.row(booked)["stage"] == "declined"
    dana.link("I have changed my mind").click()
    agree(dana)
    expect(dana.heading("Check your camera")).to_be_visible()


def test_a_link_can_be_opened_again_on_another_device(dana: Person, persons: Persons, site: Site) -> None:
    booked = site.consultation()
    come_to_waiting_room(dana, booked)
    since = site.row(booked)["waiting_since"]
    tablet = persons.person("dana's tablet", site).open(booked.link)
    tablet.press("Start")
    expect(tablet.heading("Who is there?")).to_be_visible()
    tablet.open("/".join(tablet.page.url.split("/")[:5]) + "/room")
    waits(tablet)
    dana.reads("This call is open in another window")
    assert site.row(booked)["waiting_since"] == since


def test_a_reload_keeps_the_place(dana: Person, site: Site) -> None:
    booked = site.consultation()
    come_to_waiting_room(dana, booked)
    since = site.row(booked)["waiting_since"]
    dana.page.reload()
    waits(dana)
    assert site.row(booked)["waiting_since"] == since


def test_too_early_still_checks_the_devices(dana: Person, site: Site) -> None:
    later = (SystemClock().now() + timedelta(days=3)).isoformat()
    booked = site.consultation(scheduled_at=later)
    dana.open(booked.link)
    dana.reads("You are early.")
    expect(dana.button("Start")).to_have_count(0)
    dana.link("Check my camera now").click()
    check_camera(dana)
    check_microphone(dana)
    check_speaker(dana)
    dana.press("Finish the check")
    dana.reads("You are early.")
    assert site.row(booked)["stage"] == "not_arrived"


def test_a_revoked_link_says_what_to_do(dana: Person, site: Site) -> None:
    dana.allow_errors("status of 410")
    booked = site.consultation()
    site.client(ALICE).delete(f"/api/consultations/{booked.id}/link").raise_for_status()
    dana.open(booked.link)
    expect(dana.heading("This link is no longer in use")).to_be_visible()
    expect(dana.link("Call Harbour Clinic")).to_be_visible()


def test_revoking_the_link_puts_out_whoever_waits(dana: Person, site: Site) -> None:
    booked = site.consultation()
    come_to_waiting_room(dana, booked)
    site.client(ALICE).delete(f"/api/consultations/{booked.id}/link").raise_for_status()
    dana.reads("This link was replaced or withdrawn.")


@pytest.mark.row("V2")
def test_a_refused_permission_is_explained_and_recovers_by_itself(persons: Persons, site: Site, refusing_chromium: Browser) -> None:
    dana = persons.person("dana", site, browser=refusing_chromium, size=PHONE, permissions=[])
    welcome(dana, site.consultation())
    introduce(dana)
    agree(dana)
    dana.press("Turn on my camera")
    trouble = dana.page.locator("#trouble")
    expect(trouble).to_be_visible()
    expect(trouble).to_contain_text("camera")
    expect(dana.button("Continue without camera")).to_be_visible()
    dana.context.grant_permissions(["camera", "microphone"], origin=site.url)
    expect(dana.button("I can see myself")).to_be_visible()
    expect(trouble).to_be_hidden()


@pytest.mark.row("V2")
def test_a_camera_that_was_permitted_is_opened_once(dana: Person, site: Site) -> None:
    dana.context.add_init_script(ANSWERED_FIRST)
    welcome(dana, site.consultation())
    introduce(dana)
    agree(dana)
    dana.press("Turn on my camera")
    expect(dana.button("I can see myself")).to_be_visible()
    expect(dana.button("Turn on my camera")).to_have_count(0)
    assert dana.page.evaluate("() => globalThis.opened") == 1


@pytest.mark.row("V2")
def test_without_any_device_the_way_goes_on(persons: Persons, site: Site, deviceless_chromium: Browser) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, browser=deviceless_chromium, size=PHONE)
    welcome(dana, booked)
    introduce(dana)
    agree(dana)
    expect(dana.page.locator("#trouble")).to_be_visible()
    dana.press("Continue without camera")
    expect(dana.heading("Check your microphone")).to_be_visible()
    dana.press("Continue anyway")
    dana.press("Continue without testing")
    check_network(dana)
    waits(dana)
    dana.reads("No microphone was found.")
    assert "camera" in str(site.row(booked)["devices"]).lower()


@pytest.mark.row("V2")
def test_a_browser_that_cannot_call_is_told_at_once(dana: Person, site: Site) -> None:
    dana.context.add_init_script(WITHOUT_CALLS)
    dana.open(site.consultation().link)
    expect(dana.page.locator("#obstacle")).to_be_visible()
    expect(dana.page.locator("#obstacle")).to_contain_text("browser")


def test_without_scripts_the_forms_still_work(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE, scripts=False)
    welcome(dana, booked)
    introduce(dana, "Dana without scripts")
    agree(dana)
    dana.press("Continue without camera")
    dana.press("Continue anyway")
    dana.press("Continue without testing")
    check_network(dana)
    expect(dana.heading("Opening the waiting room…")).to_be_visible()
    dana.reads("If this page stays as it is, load it again, or call Harbour Clinic")
    assert dana.page.get_by_text("You are in the waiting room").count() == 0
    assert site.row(booked)["patient_name"] == "Dana without scripts"


def test_a_script_that_fails_does_not_claim_that_somebody_waits(dana: Person, site: Site) -> None:
    welcome(dana, site.consultation())
    introduce(dana)
    agree(dana)
    dana.allow_errors("ERR_FAILED|Failed to load")
    dana.page.route("**/room-*.js", lambda route: route.abort())
    expect(dana.heading("Check your camera")).to_be_visible()
    dana.open(dana.page.url.rsplit("/", 1)[0] + "/room")
    expect(dana.heading("Opening the waiting room…")).to_be_visible()
    dana.reads("If this page stays as it is, load it again")
