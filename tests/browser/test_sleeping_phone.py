"""Phones that fall asleep in a call, for longer than the others go on sending to them, and wake up again."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import LaunchInside, start_site
from tests.browser.journeys import in_call
from tests.browser.person import Person, Persons
from tests.browser.pictures import more_pictures
from tests.browser.sentences import follow_sentences, stood_still
from tests.browser.team import joins, over_engine, pair, straight
from tests.cable import plugged
from tests.networks import Net, Networks
from tests.servers import Process, free_port, listening
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V6")]

SECRET = "only for the tests"
CONSENT_S = 4  # of the engine; less than the server takes to call somebody away
WATCH_PHASES = """() => {
  const main = document.querySelector("main");
  globalThis.phases = new Set();
  new MutationObserver(() => globalThis.phases.add(main.dataset.callState)).observe(main, { attributeFilter: ["data-call-state"] });
}"""


@pytest.fixture
def net(nets: Networks) -> Net:
    return nets.lay()


@pytest.fixture
def impatient(net: Net, tmp_path: Path, sqlite_template: Path, locales: Path) -> Iterator[Site]:
    """A server whose engine lets go of a silent browser after a few seconds."""
    with ExitStack() as stack:
        control, secret = f"127.0.0.1:{free_port()}", tmp_path / "secret"
        secret.write_text(SECRET)
        words = ["-m", "tests.bench.media.rough", "--consent", str(CONSENT_S), "--listen", f"{net.near}:0", "--control", control]
        engine = Process([sys.executable, *words, "--secret-file", str(secret)], tmp_path / "engine.log")
        stack.callback(engine.stop)
        engine.until_up(lambda: listening(int(control.rpartition(":")[2])))
        site = start_site(tmp_path / "site", sqlite_template, locales, MEDIA_NODES=control, MEDIA_SECRET=SECRET)
        stack.callback(site.server.stop)
        stack.callback(site.close)
        yield site


@pytest.fixture
def phones(impatient: Site, net: Net, launch_inside: LaunchInside) -> Iterator[Browser]:
    """The browser of a phone, in a network of its own, from where the server can be reached."""
    with plugged(impatient.server.port, net.near) as plug:
        browser = launch_inside(net, f"--host-resolver-rules=MAP 127.0.0.1:{impatient.server.port} {net.near}:{plug.near}")
        yield browser
        net.wake()  # a test that failed leaves it asleep, and what sleeps cannot be closed
        browser.close()  # before its line goes, of which its pages would complain


def say(person: Person, words: str) -> None:
    person.press("Chat")
    person.field("Write a message").fill(words)
    person.press("Send")


def test_a_phone_that_sleeps_between_two(persons: Persons, impatient: Site, net: Net, phones: Browser) -> None:
    alice, dana, _ = pair(persons, impatient, patient=phones)
    net.put_to_sleep()
    alice.reads("Dana Diaz is reconnecting.")
    say(alice, "Are you still there?")
    net.wake()
    for person in (alice, dana):
        in_call(person)
    straight(alice, dana)
    more_pictures(alice, dana, count=1)
    dana.press("Chat 1 new")
    dana.reads("Are you still there?")


def test_a_phone_that_sleeps_in_a_call_of_three(persons: Persons, impatient: Site, net: Net, phones: Browser) -> None:
    alice, dana, booked = pair(persons, impatient, patient=phones)
    bob = joins(persons, impatient, booked)
    bob.press("Join the call")
    over_engine(alice, dana, bob)
    more_pictures(alice, dana, bob, count=2)
    alice.page.evaluate(WATCH_PHASES)
    follow_sentences(alice, bob)
    net.put_to_sleep()
    bob.press("People")
    bob.reads("In the call, reconnecting")
    more_pictures(alice, bob, count=1)
    phases = alice.page.evaluate("() => [...globalThis.phases]")
    assert phases == ["live"] or stood_still(alice, bob), f"the others talk on: {phases}"
    net.wake()
    for person in (alice, dana, bob):
        in_call(person)
    bob.page.keyboard.press("Escape")
    over_engine(alice, dana, bob)
    more_pictures(alice, dana, bob, count=2)
