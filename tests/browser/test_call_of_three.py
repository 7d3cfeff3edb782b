"""A call that grows from two to three and shrinks again, over a real server with an engine of its own."""

import os
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import at_desk, call_of_two, in_call
from tests.browser.person import Person, Persons
from tests.cast import BOB
from tests.servers import children_of
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V5")]

# How many pictures of others the page shows that have come on since the last time it was asked.
MOVING = """() => {
  const seen = (globalThis.shownFrames ??= new WeakMap());
  return [...document.querySelectorAll("video")].filter((video) => {
    const own = video.closest(".self") !== null;
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    const before = seen.get(video) ?? 0;
    seen.set(video, frames);
    return !own && frames > before;
  }).length;
}"""


def sees(person: Person, others: int) -> None:
    person.until(lambda: person.page.evaluate(MOVING) == others, what=f"{others} moving pictures")


@pytest.fixture
def trio(persons: Persons, site: Site) -> tuple[Person, Person, Person]:
    """dr_alice and dana, who talked already, and nurse_bob, who has joined them."""
    alice, dana, booked = call_of_two(persons, site)
    bob = at_desk(persons, site, booked, BOB)
    bob.press("Join the call")
    for person in (alice, dana, bob):
        in_call(person)
        sees(person, 2)
    return alice, dana, bob


def test_a_third_person_joins_and_leaves(trio: tuple[Person, Person, Person]) -> None:
    alice, dana, bob = trio
    bob.press("End")
    bob.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    for person in (alice, dana):
        in_call(person)
        sees(person, 1)


def test_an_engine_that_is_killed_is_replaced(trio: tuple[Person, Person, Person], site: Site) -> None:
    (engine,) = children_of(site.server.pid)
    os.kill(engine, signal.SIGKILL)
    for person in trio:
        person.until(lambda person=person: person.page.evaluate(MOVING) < 2, what="the pictures to stop")
    for person in trio:
        in_call(person)
        sees(person, 2)
    expect(trio[1].page.locator("main")).to_be_visible()
