"""The desk when something is in the way: no server, no calls in this browser, no eye for what moves."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.journeys import call_of_two, hurry_to_waiting_room
from tests.browser.person import PHONE, Persons
from tests.browser.test_note import saved, write
from tests.browser.test_patient_way import WITHOUT_CALLS
from tests.cast import ALICE, DANA
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V3")]

DEAD_SERVER = "WebSocket|ERR_CONNECTION|ERR_FAILED|Failed to load resource"


def refuse_room(route: Route) -> None:
    """Let the note have its ticket and the room none, as a proxy in the way would."""
    if '"room"' in (route.request.post_data or ""):
        route.abort()
    else:
        route.continue_()


@pytest.mark.row("N1")
def test_a_desk_that_never_reaches_the_server_says_so_and_keeps_the_note(persons: Persons, site: Site) -> None:
    alice = persons.person("alice", site, signed_in=ALICE)
    alice.allow_errors(DEAD_SERVER)
    alice.page.route("**/tickets", refuse_room)
    alice.open(site.consultation().desk)
    expect(alice.heading("The server cannot be reached")).to_be_visible()
    alice.reads("No connection to the server. We keep trying")
    write(alice, "Plan", "By phone instead")
    saved(alice)
    alice.page.unroute("**/tickets")
    alice.state("waiting")
    expect(alice.page.get_by_text("No connection to the server.")).to_have_count(0)


@pytest.mark.row("N1")
def test_a_browser_that_cannot_call_still_has_the_note_and_the_phone_number(persons: Persons, site: Site) -> None:
    booked = site.consultation(mobile=DANA.mobile)
    alice = persons.person("alice", site, signed_in=ALICE)
    alice.context.add_init_script(WITHOUT_CALLS)
    alice.open(booked.desk)
    expect(alice.heading("No calls in this browser")).to_be_visible()
    expect(alice.page.get_by_role("link", name="Ring")).to_have_attribute("href", f"tel:{DANA.mobile}")
    write(alice, "Plan", "By phone")
    saved(alice)
    hurry_to_waiting_room(persons.person("dana", site, size=PHONE), booked)
    expect(alice.page.locator(".waiting-rows")).to_contain_text("Dana")
    expect(alice.heading("No calls in this browser")).to_be_visible()


@pytest.mark.row("V11")
def test_nothing_is_on_its_way_where_less_motion_is_wanted(persons: Persons, site: Site) -> None:
    """Not for a moment, either: every browser of these tests wants less motion, and they look at once at what they have brought about."""
    alice = persons.person("alice", site, signed_in=ALICE).open(site.consultation().desk)
    way = alice.link("Skip to the note")
    expect(way).to_be_attached()
    assert way.evaluate("(way) => { way.focus(); return way.getBoundingClientRect().top; }") >= 0
    assert alice.page.evaluate("() => document.getAnimations().filter((each) => each instanceof CSSTransition).length") == 0


def test_whoever_did_not_come_is_said_not_to_have_come(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    alice = persons.person("alice", site, signed_in=ALICE).open(booked.desk)
    alice.press("End the consultation")
    alice.page.get_by_role("dialog").get_by_role("button", name="The patient did not come").click()
    alice.reads("The consultation has ended")
    alice.reads("The patient did not come")
    assert site.row(booked)["state"] == "abandoned"


@pytest.mark.row("V6")
def test_without_a_server_ending_is_refused_in_words_and_leaving_works(persons: Persons, own_site: Site) -> None:
    alice, dana, _ = call_of_two(persons, own_site)
    for person in (alice, dana):
        person.allow_errors(DEAD_SERVER)
    own_site.server.kill()
    expect(alice.page.locator("main[data-line=retrying]")).to_be_attached()
    alice.press("End")
    dialog = alice.page.get_by_role("dialog")
    dialog.get_by_role("button", name="End for all").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The server cannot be reached at the moment.")
    dialog.get_by_role("button", name="Leave").click()
    expect(alice.heading("You left the call")).to_be_visible()
    expect(alice.page.locator("main[data-camera=off][data-mic=off][data-media=none]")).to_be_attached()
