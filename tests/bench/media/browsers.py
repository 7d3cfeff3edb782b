"""Calls of three with real browsers: how long a picture stands still when the call changes its way, and how it fares on a bad line.

The server's part is played by the test (tests/browser/call_lab.py): what is measured is the browser's side and the engine's.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser

from tests.bench.browsers import launch_chromium, playwright
from tests.bench.figures import Figure, worst
from tests.bench.media.kept import Kept
from tests.bench.media.rough import LOSS
from tests.browser.call_lab import Caller, CallLab
from tests.browser.engine_link import EngineProcess

NAMES = (("alice", "professional"), ("dana", "patient"), ("bob", "professional"))
FLOWING = 15  # pictures
LOST = 0.05
LAYERED = 360  # lines: a camera of so many sends two layers; three of them are more than two cores can encode thrice
WATCHED_S = 30.0
PROGRAM = ("-m", "tests.bench.media.rough")


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Yield the four figures of calls that change."""
    runs = range(1 if options.quick else options.runs)
    with playwright() as started:
        browser = launch_chromium(started)
        changes: tuple[tuple[str, Callable[[Browser], float]], ...] = (
            ("switch_freeze_ms", _switch),
            ("engine_kill_recover_ms", _kill),
            ("ice_restart_ms", _move),
        )
        for name, one in changes:
            yield worst(name, [one(browser) for _ in runs], "ms")
        yield Figure("freezes_30s", _freezes(browser, 5.0 if options.quick else WATCHED_S), "freezes")
        browser.close()


def _switch(browser: Browser) -> float:
    with _lab() as lab:
        *pair, third = _open(lab, browser)
        for caller in pair:
            lab.admit(caller)
        _flow(lab)
        _mark(pair)
        lab.admit(third)
        lab.until(lambda: lab.route["path"] == "engine" and lab.route["settled"])
        _flow(lab)
        return _longest(pair)


def _kill(browser: Browser) -> float:
    with _kept_lab() as lab:
        callers = _three(lab, browser)
        _mark(callers)
        engine = _engine(lab)
        engine.kill()
        lab.until(lambda: not engine.alive)
        lab.place_anew()
        _flow(lab)
        return _longest(callers)


def _move(browser: Browser) -> float:
    with _lab() as lab:
        callers = _three(lab, browser)
        _mark(callers)
        _engine(lab).process.tell(signal.SIGUSR1)
        for caller in callers:
            caller.page.evaluate("call.networkChanged()")
        _flow(lab)
        return _longest(callers)


def _freezes(browser: Browser, watched_s: float) -> float:
    with _lab(loss=LOST, height=LAYERED) as lab:
        callers = _three(lab, browser)
        before = _frozen(callers)
        ends = time.monotonic() + watched_s
        lab.until(lambda: time.monotonic() >= ends, within_s=2 * watched_s)
        return _frozen(callers) - before


@contextmanager
def _lab(*, loss: float = 0.0, height: int = 180) -> Iterator[CallLab]:
    with tempfile.TemporaryDirectory(prefix="consilium-call-") as folder:
        lab = CallLab(Path(folder), partial(EngineProcess, program=(*PROGRAM, LOSS, str(loss))), height)
        try:
            yield lab
        finally:
            lab.close()


@contextmanager
def _kept_lab() -> Iterator[CallLab]:
    """With engines that a keeper starts, as the server's own are."""
    with tempfile.TemporaryDirectory(prefix="consilium-call-") as folder:
        kept = Kept(Path(folder))
        lab = CallLab(Path(folder), kept)
        try:
            yield lab
        finally:
            lab.close()
            kept.close()


def _open(lab: CallLab, browser: Browser) -> list[Caller]:
    return [lab.open(browser, name, role) for name, role in NAMES]


def _three(lab: CallLab, browser: Browser) -> list[Caller]:
    callers = _open(lab, browser)
    for caller in callers:
        lab.admit(caller)
    lab.until(lambda: lab.route["path"] == "engine" and lab.route["settled"])
    _flow(lab)
    return callers


def _engine(lab: CallLab) -> EngineProcess:
    if lab.engine is None:
        sys.exit("the call has no engine")
    return lab.engine


def _flow(lab: CallLab) -> None:
    """Wait until everybody has been shown some more pictures of everybody."""
    pairs = [(one, other) for one in lab.callers for other in lab.callers if one != other]
    before = {(one, other): lab.callers[one].frames(other) for one, other in pairs}
    lab.until(lambda: all(lab.callers[one].frames(other) >= before[one, other] + FLOWING for one, other in pairs))


def _mark(callers: list[Caller]) -> None:
    for caller in callers:
        caller.mark()


def _longest(callers: list[Caller]) -> float:
    names = {caller.name for caller in callers}
    return max(found["longest"] for caller in callers for other, found in caller.seen().items() if other in names)


def _frozen(callers: list[Caller]) -> int:
    return sum(int(caller.page.evaluate("freezes()")) for caller in callers)
