"""A call that grows to three and shrinks to two again, over a real engine, while everybody goes on seeing everybody."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.call_lab import Caller, CallLab

pytestmark = [pytest.mark.browser, pytest.mark.row("V5")]
FLOWING = 15  # pictures


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[CallLab]:
    lab = CallLab(tmp_path)
    yield lab
    lab.close()


def flow(lab: CallLab) -> None:
    """Wait until everybody has been shown some more pictures of everybody."""
    callers = lab.callers.values()
    before = {(one.name, other): one.frames(other) for one in callers for other in lab.callers if other != one.name}
    lab.until(lambda: all(lab.callers[one].frames(other) >= count + FLOWING for (one, other), count in before.items()))


def two(lab: CallLab, browser: Browser) -> list[Caller]:
    callers = [lab.open(browser, "alice"), lab.open(browser, "dana", "patient")]
    for caller in callers:
        lab.admit(caller)
    flow(lab)
    return callers


class Still:
    """Nothing more comes of somebody's picture while others flow, once what was on its way is there; asked again and again."""

    def __init__(self, viewer: Caller, publisher: str, others: Callable[[], float]) -> None:
        self._viewer, self._publisher, self._others = viewer, publisher, others
        self._shown, self._from = viewer.frames(publisher), others()

    def __call__(self) -> bool:
        shown = self._viewer.frames(self._publisher)
        if shown != self._shown:
            self._shown, self._from = shown, self._others()
        return self._others() >= self._from + FLOWING


def mark(callers: list[Caller]) -> None:
    for caller in callers:
        caller.mark()


def settled(lab: CallLab, path: str) -> None:
    lab.until(lambda: lab.route["path"] == path and lab.route["settled"])


def unbroken(callers: list[Caller]) -> None:
    """Nobody's player began anew, nobody was heard twice, nobody's page spoke of an interruption or failed."""
    for caller in callers:
        assert caller.state()["phase"] == "live"
        assert caller.state()["renewed"] == 0
        assert all(found["voices"] <= 1 for found in caller.seen().values())
        assert caller.errors == []


def longest(callers: list[Caller]) -> float:
    """Of each one's view of the other."""
    names = {caller.name for caller in callers}
    return max(found["longest"] for caller in callers for other, found in caller.seen().items() if other in names)


@pytest.mark.row("V9")
def test_a_third_comes_and_goes(lab: CallLab, chromium: Browser) -> None:
    pair = two(lab, chromium)
    bob = lab.open(chromium, "bob")
    mark(pair)
    flow(lab)
    steady = longest(pair)
    mark(pair)
    lab.admit(bob)
    settled(lab, "engine")
    there = longest(pair)
    flow(lab)
    unbroken(list(lab.callers.values()))
    mark(pair)
    lab.dismiss("bob")
    settled(lab, "p2p")
    print(f"longest time between two pictures: steady {steady:.0f} ms, to the engine {there:.0f} ms, back {longest(pair):.0f} ms")
    flow(lab)
    unbroken(pair)


def three(lab: CallLab, *browsers: Browser) -> list[Caller]:
    callers = [
        lab.open(browser, name, role)
        for browser, (name, role) in zip(browsers, (("alice", "professional"), ("dana", "patient"), ("bob", "professional")), strict=True)
    ]
    for caller in callers:
        lab.admit(caller)
    settled(lab, "engine")
    flow(lab)
    return callers


@pytest.mark.row("V6")
def test_an_engine_that_is_killed_is_replaced_by_itself(lab: CallLab, chromium: Browser) -> None:
    callers = three(lab, chromium, chromium, chromium)
    assert lab.engine is not None
    lab.engine.kill()
    lab.until(lambda: lab.engine is not None and not lab.engine.alive)
    lab.place_anew()
    settled(lab, "engine")
    flow(lab)
    for caller in callers:
        state = caller.state()
        assert (state["phase"], state["renewed"]) == ("live", 0)


@pytest.mark.row("V6")
def test_another_network_and_a_broken_line_interrupt_nothing(lab: CallLab, chromium: Browser) -> None:
    callers = three(lab, chromium, chromium, chromium)
    alice = callers[0]
    before = lab.said("alice", "answer")
    alice.page.evaluate("call.networkChanged()")
    lab.until(lambda: lab.said("alice", "restart_media") >= 2)
    lab.until(lambda: lab.said("alice", "answer") >= before + 2)
    flow(lab)
    answers, hellos = lab.said("alice", "answer"), lab.said("alice", "hello")
    alice.page.evaluate("cut()")
    lab.until(lambda: lab.said("alice", "hello") > hellos)
    flow(lab)
    assert lab.said("alice", "answer") == answers, "a line that comes back with its old peer changes no connection"
    unbroken(callers)


@pytest.mark.row("V7")
def test_devices_are_switched_over_the_engine(lab: CallLab, chromium: Browser) -> None:
    alice, dana, bob = three(lab, chromium, chromium, chromium)
    offers = lab.said("dana", "answer")
    alice.page.evaluate("call.setCamera(false)")
    lab.until(lambda: not alice.flags["camera"])
    lab.until(Still(dana, "alice", lambda: dana.frames("bob")))
    alice.page.evaluate("call.setCamera(true)")
    flow(lab)
    alice.page.evaluate("call.share()")
    lab.until(lambda: alice.flags["screen"])
    flow(lab)
    alice.page.evaluate("call.media.stopSharing()")
    lab.until(lambda: not alice.flags["screen"])
    flow(lab)
    assert lab.said("dana", "answer") == offers, "no switch of a device needs an offer"
    unbroken([alice, dana, bob])


@pytest.mark.row("V7")
def test_sound_only_stops_the_pictures_to_and_fro(lab: CallLab, chromium: Browser) -> None:
    alice, dana, bob = three(lab, chromium, chromium, chromium)
    dana.page.evaluate("call.setSoundOnly(true)")
    lab.until(lambda: all(wish["layer"] is None for wish in lab.last("dana", "watch")["wishes"]))
    lab.until(lambda: not dana.flags["camera"])
    lab.until(Still(dana, "alice", lambda: alice.frames("bob")))
    dana.page.evaluate("call.setSoundOnly(false)")
    flow(lab)
    unbroken([alice, dana, bob])


@pytest.mark.row("V5")
def test_firefox_is_the_third(lab: CallLab, chromium: Browser, firefox: Browser) -> None:
    unbroken(three(lab, chromium, chromium, firefox))
