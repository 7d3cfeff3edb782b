"""A call of two, with everything that can be done in it."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.journeys import at_desk, call_of_two, control, hurry_to_waiting_room, in_call, takes_sound_only, waits
from tests.browser.person import PHONE, Person, Persons
from tests.cast import BOB
from tests.site import Site

# Well below the 30 s for which a connection may wait for a restarted server.
AT_ONCE_S = 10

pytestmark = [pytest.mark.browser, pytest.mark.row("V4")]


@pytest.fixture
def call(persons: Persons, site: Site) -> tuple[Person, Person]:
    """dr_alice and dana in a call."""
    alice, dana, _ = call_of_two(persons, site)
    return alice, dana


def camera_is(person: Person, state: str) -> None:
    expect(person.page.locator(f"main[data-camera={state}]")).to_be_attached()


SENDS_PICTURE = """() => globalThis.connections.filter((c) => c.connectionState !== "closed")
  .flatMap((c) => c.getTransceivers()).some((t) => t.sender.track?.kind === "video" && t.currentDirection !== "inactive")"""

FAKE_CAMERAS = 3

# Longer than the fake microphone is silent between two beeps, at 50 packets a second.
SILENT_PACKETS = 100
# Energy of one packet; what is one step of 16 bits off zero for 20 ms has 2e-11, and a beep a tenth.
ROUNDING = 1e-9


def receives_sound(person: Person) -> None:
    """Wait until packets with sound come; Firefox does not tell their energy."""
    person.until(lambda: person.received()["audio"] > 0, what="packets with sound")


def hears_nothing(person: Person) -> None:
    """Wait until many packets in a row have brought no sound; digital silence may be off by one step of the 16 bits."""
    marks = [person.received()]

    def silent() -> bool:
        now = person.received()
        packets = now["audio"] - marks[-1]["audio"]  # below nothing, as the energy is, where another connection takes over
        if packets < 0 or not 0 <= now["energy"] - marks[-1]["energy"] <= ROUNDING * (packets + 1):
            marks.append(now)
        return now["audio"] >= marks[-1]["audio"] + SILENT_PACKETS

    person.until(silent, what="silence")


def sends_no_picture(person: Person) -> None:
    """Wait until this page has no camera on any line."""
    person.until(lambda: not person.page.evaluate(SENDS_PICTURE), what="no picture on the line")


@pytest.mark.row("V1")
def test_chromium_with_chromium(persons: Persons, site: Site, whole_chromium: Browser) -> None:
    alice, dana, _ = call_of_two(persons, site, professional=whole_chromium, patient=whole_chromium)
    for person in (alice, dana):
        person.sees_motion(frames=15)
        person.hears()
        expect(person.page.locator("video.remote")).to_be_visible()
        expect(person.page.locator("main[data-media=connected]")).to_be_attached()


@pytest.mark.parametrize("patient_has_firefox", [True, False])
def test_chromium_with_firefox(persons: Persons, site: Site, firefox: Browser, patient_has_firefox: bool) -> None:
    who = {"patient": firefox} if patient_has_firefox else {"professional": firefox}
    alice, dana, _ = call_of_two(persons, site, **who)
    for person in (alice, dana):
        person.sees_motion(frames=15)
        receives_sound(person)


@pytest.mark.row("V7")
def test_a_muted_microphone_sends_silence(call: tuple[Person, Person]) -> None:
    alice, dana = call
    dana.hears()
    mute = alice.button("Mute")
    expect(mute).to_have_attribute("aria-pressed", "false")
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "true")
    hears_nothing(dana)
    dana.press("More")
    dana.reads("Microphone off")
    alice.page.keyboard.press("Alt+m")
    expect(mute).to_have_attribute("aria-pressed", "false")
    dana.hears()


@pytest.mark.row("V7")
def test_a_camera_that_is_off_sends_nothing(call: tuple[Person, Person]) -> None:
    alice, dana = call
    alice.press("Camera")
    camera_is(alice, "off")
    dana.reads("Dr Alice Ahmed's camera is off.")
    sends_no_picture(alice)
    alice.reads("Your camera is off")
    expect(alice.page.locator(".self video")).to_have_count(0)
    alice.press("Camera")
    camera_is(alice, "on")
    dana.sees_motion()


def test_the_room_fills_the_window_and_does_not_scroll(call: tuple[Person, Person]) -> None:
    _, dana = call
    assert dana.page.evaluate("document.documentElement.scrollHeight") == PHONE[1]


@pytest.mark.row("V7")
def test_a_shared_screen_replaces_the_camera(persons: Persons, site: Site, whole_chromium: Browser) -> None:
    alice, dana, _ = call_of_two(persons, site, professional=whole_chromium)
    before = dana.received()["width"]
    alice.press("Share")
    expect(alice.page.locator("main[data-screen=on]")).to_be_attached()
    dana.until(lambda: dana.received()["width"] not in {0, before}, what="another picture size")
    shared = dana.received()["width"]
    alice.reads("The list is hidden while you share your screen.")
    alice.press("Share")
    expect(alice.page.locator("main[data-screen=off]")).to_be_attached()
    # not "as before": an encoder short of processor sends the camera's picture smaller
    dana.until(lambda: dana.received()["width"] not in {0, shared}, what="the camera's picture again")
    dana.sees_motion()


@pytest.mark.row("V7")
def test_what_is_written_is_counted_read_and_kept(call: tuple[Person, Person]) -> None:
    alice, dana = call
    dana.press("Chat")
    dana.field("Write a message").fill("Can you <b>hear</b> me?")
    dana.press("Send")
    chat = alice.page.get_by_role("group", name="Call controls").get_by_role("button", name="Chat")
    expect(chat).to_contain_text("1")
    chat.click()
    alice.reads("Can you <b>hear</b> me?")
    alice.field("Write a message").press_sequentially("Yes, I can")
    alice.page.keyboard.press("Enter")
    dana.reads("Yes, I can")
    dana.page.reload()
    in_call(dana)
    dana.press("Chat")
    dana.reads("Yes, I can")


@pytest.mark.row("V7")
def test_a_raised_hand_is_seen(call: tuple[Person, Person]) -> None:
    alice, dana = call
    dana.press("More")
    dana.press("Raise hand")
    alice.reads("Hand raised")
    expect(dana.button("Raise hand")).to_have_attribute("aria-pressed", "true")
    dana.press("Raise hand")
    expect(alice.page.get_by_text("Hand raised").locator("visible=true")).to_have_count(0)


@pytest.mark.row("V7")
def test_sound_only_stops_both_pictures(call: tuple[Person, Person]) -> None:
    alice, dana = call
    takes_sound_only(dana, behind="More")
    dana.page.keyboard.press("Escape")
    dana.reads("You hear each other without a picture.")
    alice.reads("Dana Diaz uses sound only.")
    for person in call:
        sends_no_picture(person)
    dana.hears()
    dana.press("Picture on")
    for person in call:
        person.sees_motion()


@pytest.mark.row("V7")
def test_the_other_camera_is_chosen_while_talking(call: tuple[Person, Person]) -> None:
    alice, dana = call
    control(alice, "Devices").click()
    choice = alice.page.get_by_role("dialog", name="Devices").get_by_label("Camera", exact=True)
    expect(choice.locator("option")).to_have_count(FAKE_CAMERAS)
    other = choice.locator("option").last.get_attribute("value")
    assert other != choice.input_value()
    choice.select_option(value=other)
    alice.until(lambda: camera_id(alice) == other, what="the other camera in use")
    dana.sees_motion(frames=15)
    dana.watches()


def camera_id(person: Person) -> str | None:
    found: str | None = person.page.evaluate(
        "() => globalThis.connections.filter((c) => c.connectionState !== 'closed')"
        ".flatMap((c) => c.getSenders()).map((s) => s.track)"
        ".filter((t) => t?.kind === 'video').map((t) => t.getSettings().deviceId)[0] ?? null"
    )
    return found


@pytest.mark.row("V6")
@pytest.mark.parametrize("who", ["patient", "professional", "both"])
def test_a_reload_comes_back_by_itself(call: tuple[Person, Person], who: str) -> None:
    alice, dana = call
    for person in {"patient": [dana], "professional": [alice], "both": [alice, dana]}[who]:
        person.page.reload()
    for person in call:
        in_call(person)
        person.sees_motion()


def test_the_same_person_in_another_window(call: tuple[Person, Person]) -> None:
    alice, dana = call
    newer = dana.new_tab()
    newer.goto(dana.page.url)
    dana.reads("This call is open in another window")
    expect(newer.locator("main[data-call-state=live]")).to_be_attached()
    alice.sees_motion()
    newer.close()
    dana.press("Use here")
    in_call(dana)
    for person in call:
        person.sees_motion()


@pytest.mark.row("P3")
@pytest.mark.row("V9")
def test_a_third_person_is_told_who_talks_and_offered_both_ways_in(persons: Persons, site: Site) -> None:
    alice, dana, booked = call_of_two(persons, site)
    bob = at_desk(persons, site, booked, BOB)
    bob.reads("With them: Dr Alice Ahmed. There is a place for you.")
    expect(bob.button("Join the call")).to_be_visible()
    expect(bob.button("Join quietly")).to_be_visible()
    bob.reads("Quietly: you see and hear, and everybody sees that you are here.")
    expect(bob.page.get_by_role("textbox", name="Plan")).to_be_editable()
    for person in (alice, dana):
        person.sees_motion()


@pytest.mark.row("P3")
def test_a_colleague_takes_the_place_that_was_left(persons: Persons, site: Site) -> None:
    alice, dana, booked = call_of_two(persons, site)
    bob = at_desk(persons, site, booked, BOB)
    alice.press("End")
    alice.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    alice.reads("You left the call")
    dana.reads("Dr Alice Ahmed is not in the call at the moment. Please stay on this page.", within_s=AT_ONCE_S)
    expect(dana.heading("Dr Alice Ahmed")).to_be_visible()
    bob.press("Join the call")
    expect(dana.heading("Nurse Bob Brown")).to_be_visible(timeout=AT_ONCE_S * 1000)
    for person in (bob, dana):
        in_call(person)
        person.watches(within_s=AT_ONCE_S)


@pytest.mark.row("V10")
def test_ending_for_all_leads_to_what_happens_next(persons: Persons, site: Site) -> None:
    alice, dana, booked = call_of_two(persons, site)
    alice.press("End")
    alice.page.get_by_role("dialog").get_by_role("button", name="End for all").click()
    expect(dana.heading("The consultation has ended")).to_be_visible()
    alice.reads("The consultation has ended")
    expect(dana.page).to_have_url(re.compile("/after$"))
    assert (site.row(booked)["state"], site.row(booked)["stage"]) == ("ended", "done")
    dana.page.get_by_label("Not good", exact=True).check()
    dana.field("What could be better? (optional)").fill("The sound was low")
    dana.press("Send my answer")
    dana.reads("Thank you.")


@pytest.mark.row("V10")
def test_a_patient_comes_back_within_ten_minutes(persons: Persons, site: Site) -> None:
    alice, dana, _ = call_of_two(persons, site)
    alice.press("End")
    alice.page.get_by_role("dialog").get_by_role("button", name="End for all").click()
    dana.link("Go back to the consultation").click()
    waits(dana)
    alice.press("Admit")
    for person in (alice, dana):
        in_call(person)
        person.sees_motion()


def test_leaving_by_mistake(persons: Persons, site: Site) -> None:
    alice, dana, booked = call_of_two(persons, site)
    dana.press("Leave")
    expect(dana.heading("You have left the consultation")).to_be_visible()
    alice.reads("Dana Diaz has left")
    assert site.row(booked)["stage"] == "left"
    dana.link("Go back to the consultation").click()
    waits(dana)


def test_not_suitable_for_video(persons: Persons, site: Site) -> None:
    alice, dana, booked = call_of_two(persons, site)
    alice.press("Not suitable for video")
    alice.reads("You can go on by phone:")
    alice.field("Why?").fill("A rash that needs touching")
    alice.press("End as not suitable")
    alice.reads("Not suitable for video")
    dana.reads("would like to go on in another way")
    dana.reads("What happens next")
    assert "rash" not in dana.page.content()
    assert site.row(booked)["state"] == "ended"


def test_a_patient_without_camera_is_heard(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    dana.press("Camera")
    camera_is(dana, "off")
    alice = at_desk(persons, site, booked)
    alice.press("Admit")
    in_call(alice)
    alice.reads("Dana Diaz's camera is off.")
    alice.hears()
    dana.sees_motion()


def test_nothing_is_sent_before_admission(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    hurry_to_waiting_room(dana, booked)
    alice = at_desk(persons, site, booked)
    alice.reads("Dana Diaz is waiting")
    expect(dana.page.locator("main[data-media=connected]")).to_be_attached()
    for person in (alice, dana):
        received = person.received()
        assert (received["frames"], received["audio"]) == (0, 0)
        assert person.page.evaluate("() => globalThis.connections.every((c) => c.getSenders().every((s) => s.track === null))")
