"""A call that grows to three and shrinks to two again, with the whole server and its own forwarding engine."""

import os
import signal

import pytest
from playwright.sync_api import Browser

from tests.browser.journeys import in_call
from tests.browser.person import Persons
from tests.browser.pictures import follow_pictures, go_on, longest, more_pictures
from tests.browser.sentences import follow_sentences, no_interruption, one_sentence
from tests.browser.team import engine_of, joins, over_engine, pair, straight, unbroken
from tests.site import Site

MADE_SINCE = """(count) => globalThis.connections.slice(count).filter((c) => c.connectionState === "connected").length"""

pytestmark = [pytest.mark.browser, pytest.mark.row("V5")]


@pytest.mark.row("V9")
def test_a_colleague_comes_and_goes(persons: Persons, site: Site) -> None:
    alice, dana, booked = pair(persons, site)
    bob = joins(persons, site, booked)
    follow_pictures(alice, dana)
    follow_sentences(alice, dana, bob)
    bob.press("Join the call")
    in_call(bob)
    over_engine(alice, dana, bob)
    there = longest(alice, dana)
    more_pictures(alice, dana, bob, count=2)
    unbroken(alice, dana, bob)
    one_sentence(alice, dana)
    no_interruption(bob)
    follow_pictures(alice, dana)
    follow_sentences(alice, dana)
    bob.press("Leave")
    straight(alice, dana)
    print(f"longest time between two pictures: to the engine {there:.0f} ms, back {longest(alice, dana):.0f} ms")
    more_pictures(alice, dana, count=1)
    unbroken(alice, dana)
    one_sentence(alice, dana)


@pytest.mark.row("V6")
def test_an_engine_that_is_killed_is_replaced_by_itself(persons: Persons, own_site: Site) -> None:
    alice, dana, booked = pair(persons, own_site)
    bob = joins(persons, own_site, booked)
    bob.press("Join the call")
    over_engine(alice, dana, bob)
    more_pictures(alice, dana, bob, count=2)
    killed = engine_of(own_site)
    os.kill(killed, signal.SIGKILL)
    alice.until(lambda: engine_of(own_site) not in {0, killed}, what="another engine")
    go_on(alice, dana, bob)
    print(f"engine killed: pictures again after {longest(alice, dana, bob):.0f} ms")
    more_pictures(alice, dana, bob, count=2)
    unbroken(alice, dana, bob)


@pytest.mark.row("V6")
@pytest.mark.parametrize("who", [0, 1])
def test_a_reload_of_one_of_three_comes_back_by_itself(persons: Persons, site: Site, who: int) -> None:
    alice, dana, booked = pair(persons, site)
    bob = joins(persons, site, booked)
    bob.press("Join the call")
    over_engine(alice, dana, bob)
    (alice, dana)[who].page.reload()
    for person in (alice, dana, bob):
        in_call(person)
    over_engine(alice, dana, bob)
    more_pictures(alice, dana, bob, count=2)


@pytest.mark.row("V6")
def test_three_go_on_after_a_restart_of_the_server(persons: Persons, own_site: Site) -> None:
    alice, dana, booked = pair(persons, own_site)
    bob = joins(persons, own_site, booked)
    bob.press("Join the call")
    over_engine(alice, dana, bob)
    for person in (alice, dana, bob):
        person.allow_errors("Failed to load resource|WebSocket connection")
    before = {person: person.page.evaluate("globalThis.connections.length") for person in (alice, dana, bob)}
    own_site.server.kill()
    own_site.server.start()
    for person, count in before.items():
        person.until(lambda person=person, count=count: person.page.evaluate(MADE_SINCE, count) == 2, what="two fresh connections")  # type: ignore[misc]
        person.state("live")
    over_engine(alice, dana, bob)
    more_pictures(alice, dana, bob, count=2)


@pytest.mark.row("V9")
def test_firefox_was_there_before_the_third(persons: Persons, site: Site, firefox: Browser) -> None:
    alice, dana, booked = pair(persons, site, patient=firefox)
    more_pictures(alice, dana, count=1)
    bob = joins(persons, site, booked)
    bob.press("Join the call")
    over_engine(alice, dana, bob)
    more_pictures(alice, dana, bob, count=2)
    bob.press("Leave")
    straight(alice, dana)
    more_pictures(alice, dana, count=1)


@pytest.mark.row("V5")
def test_firefox_is_the_third(persons: Persons, site: Site, firefox: Browser) -> None:
    alice, dana, booked = pair(persons, site)
    bob = joins(persons, site, booked, browser=firefox)
    bob.press("Join the call")
    in_call(bob)
    over_engine(alice, dana, bob)
    more_pictures(alice, dana, count=2)
    bob.sees_motion(frames=15)
