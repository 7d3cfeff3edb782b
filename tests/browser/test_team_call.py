"""A call that grows to three and shrinks to two again, over a real engine, while everybody goes on seeing everybody."""

from collections.abc import Iterator
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
