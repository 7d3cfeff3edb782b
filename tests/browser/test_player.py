"""A long recording in the player: it is sought in without loading all of it, in both browsers, by keys and by a screen reader."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Response, expect

from server.notes.recording_files import MOST_AT_ONCE
from tests.browser.axe import looks_good
from tests.browser.long_tape import HOUR_S, lay_an_hour
from tests.browser.person import Person, Persons
from tests.cast import ALICE
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V8")]

PLACE = "() => document.querySelector('[data-player] video').currentTime"
READY = """() => {
  const video = document.querySelector("[data-player] video");
  return !video.seeking && video.readyState >= 2 && video.videoWidth > 0;
}"""
SOUGHT = 3_000  # seconds
FARTHEST = 0.9  # of the file, for a place at five sixths of the hour
AT_LEAST = 2 * MOST_AT_ONCE  # bytes that are skipped at once; without an index all that comes before the place is asked for


@pytest.fixture(scope="module")
def page(site: Site) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.media.reel.os.fsync", lambda _: None)
        yield lay_an_hour(site, site.consultation())


class Loaded:
    """From where on a page asked for a track, in the order of asking, and how large that is.

    How much it took cannot be told: it asks for all that follows a place, breaks the answer off when it has enough, and may load ahead
    beside that. But a browser that does not know its way goes on from where it is.
    """

    def __init__(self, person: Person) -> None:
        self.starts: list[int] = []
        self.size = 0
        person.page.on("response", self._take)

    def _take(self, response: Response) -> None:
        told = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("content-range", ""))
        if told is not None:
            self.starts.append(int(told[1]))
            self.size = int(told[2])

    @property
    def leap(self) -> int:
        """The farthest that it went ahead at once, in bytes."""
        return max(after - before for before, after in pairwise([0, *self.starts]))


def opened(persons: Persons, site: Site, page: str, browser: Browser | None = None) -> Person:
    alice = persons.person("alice", site, signed_in=ALICE, browser=browser).open(page)
    if alice.page.get_by_label("What you listen for").count():
        alice.field("What you listen for").fill("Training")
        alice.press("Open the recording")
    expect(alice.page.locator("[data-clock]")).to_have_text("0:00 / 1:00:00", timeout=60_000)
    return alice


def seeks_and_plays(alice: Person, loaded: Loaded) -> None:
    """A browser may go on loading before and afterwards as it likes; what counts is that it goes straight to the place.

    Not by way of the end: Chromium gives an index that it has to fetch from there up when the answer is late, and then reads all before
    the place.
    """
    expect(alice.page.locator("[data-player] video").first).to_be_attached()
    alice.until(lambda: alice.page.evaluate("document.querySelector('[data-player] video').readyState >= 1"), what="the head is read")
    assert alice.page.evaluate("document.querySelector('[data-player] video').duration") == pytest.approx(HOUR_S, abs=2)
    alice.page.locator("[data-seek]").fill(str(SOUGHT))
    alice.until(lambda: alice.page.evaluate(READY) and abs(alice.page.evaluate(PLACE) - SOUGHT) < 1, what="it stands where it was sought")
    assert loaded.leap > AT_LEAST, loaded.starts
    assert max(loaded.starts) < loaded.size * FARTHEST, loaded.starts
    alice.press("Play")
    alice.until(lambda: alice.page.evaluate(PLACE) > SOUGHT + 1.5, what="it goes on from there")
    alice.press("Pause")


@pytest.mark.parametrize("which", ["chromium", "firefox"])
def test_a_seek_in_an_hour_loads_little_of_it(request: pytest.FixtureRequest, persons: Persons, site: Site, page: str, which: str) -> None:
    browser: Browser = request.getfixturevalue(which)
    alice = persons.person("alice", site, signed_in=ALICE, browser=browser)
    loaded = Loaded(alice)
    alice.open(page)
    if alice.page.get_by_label("What you listen for").count():
        alice.field("What you listen for").fill("Training")
        alice.press("Open the recording")
    seeks_and_plays(alice, loaded)


def test_nothing_can_be_pressed_before_the_script_is_there(persons: Persons, site: Site, page: str) -> None:
    alice = opened(persons, site, page)
    with alice.held("**/player-*.js") as held:
        alice.page.reload(wait_until="commit")
        expect(alice.button("Play")).to_be_disabled()
        alice.until(lambda: held, what="the script is asked for")
    expect(alice.button("Play")).to_be_enabled()


@pytest.mark.row("V11")
def test_it_is_used_by_keys_and_read_aloud(persons: Persons, site: Site, page: str) -> None:
    alice = opened(persons, site, page)
    seek = alice.page.get_by_role("slider", name="Position")
    seek.focus()
    for _ in range(3):
        alice.page.keyboard.press("ArrowRight")
    expect(seek).to_have_attribute("aria-valuetext", "0:15 of 1:00:00")
    alice.page.keyboard.press("End")
    expect(seek).to_have_attribute("aria-valuetext", "1:00:00 of 1:00:00")
    alice.page.keyboard.press("Home")
    expect(seek).to_have_attribute("aria-valuetext", "0:00 of 1:00:00")
    alice.page.keyboard.press(" ")
    expect(alice.page.get_by_role("button", name="Pause")).to_be_visible()
    alice.until(lambda: alice.page.evaluate(PLACE) > 0.5, what="it plays")
    alice.page.keyboard.press(" ")
    expect(alice.page.get_by_role("button", name="Play")).to_be_visible()
    assert looks_good(alice.page) == []
