"""A call of three in which one has a narrow line: their sound goes on, their pictures get smaller, and come back with a wide one."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.call_lab import Caller, CallLab
from tests.browser.conftest import FAKE_CONSENT, LaunchChromium, LaunchInside
from tests.browser.engine_link import EngineProcess
from tests.networks import Net, Networks

pytestmark = [pytest.mark.browser, pytest.mark.row("V6")]

WIDTH, HEIGHT, BLOCK = 640, 360, 8  # a camera of so many lines sends two layers
SMALLER = HEIGHT // 2
NARROW_KBIT = 600
FEWEST_PICTURES = 10
SAMPLES_S = 2 * 48_000  # of two voices
ENOUGH_SOUND, MOST_MISSED = 3 * SAMPLES_S, 0.02
MOST_MADE_UP_S = 1.0  # until the pictures have made room


@pytest.fixture
def net(nets: Networks) -> Net:
    return nets.lay()


@pytest.fixture
def busy(launch_chromium: LaunchChromium, tmp_path: Path) -> Browser:
    """Chromium whose camera shows what takes all that an encoder may send: its own fake picture would fit the narrow line."""
    film = tmp_path / "busy.y4m"
    film.write_bytes(b"YUV4MPEG2 W%d H%d F15:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT) + b"".join(_snow() for _ in range(15)))
    return launch_chromium(f"--use-file-for-fake-video-capture={film}", "--use-fake-device-for-media-stream", FAKE_CONSENT)


def _snow() -> bytes:
    """Return a picture of small squares, each of some grey."""
    rows = (bytes(grey for value in os.urandom(WIDTH // BLOCK) for grey in [64 + value // 2] * BLOCK) for _ in range(HEIGHT // BLOCK))
    return b"FRAME\n" + b"".join(row * BLOCK for row in rows) + bytes([128]) * (WIDTH * HEIGHT // 2)


@pytest.fixture
def lab(tmp_path: Path, net: Net) -> Iterator[CallLab]:
    lab = CallLab(tmp_path, partial(EngineProcess, address=net.near), HEIGHT)
    yield lab
    lab.close()


def heights(caller: Caller) -> list[float]:
    """Return how tall each other's picture is now; 0 where it is held back."""
    paused = caller.served[-1]["paused"] if caller.served else []
    return [0 if f"{name}-1" in paused else found["height"] for name, found in caller.seen().items()]


class Whole:
    """The sound has been whole for some seconds; asked again and again. `made_up` are the samples of all the time."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._began = self._from = caller.sound()

    def __call__(self) -> bool:
        now = self._caller.sound()
        if now["missed"] - self._from["missed"] > MOST_MISSED * ENOUGH_SOUND:
            self._from = now
        return now["played"] - self._from["played"] >= ENOUGH_SOUND

    @property
    def made_up(self) -> float:
        return self._from["missed"] - self._began["missed"]


def test_a_narrow_line_gets_smaller_pictures_and_whole_sound(lab: CallLab, net: Net, busy: Browser, launch_inside: LaunchInside) -> None:
    narrow = launch_inside(net)
    roles = ((busy, "alice", "professional"), (narrow, "dana", "patient"), (busy, "bob", "professional"))
    alice, dana, bob = [lab.open(browser, name, role) for browser, name, role in roles]
    for caller in (alice, dana, bob):
        lab.admit(caller)
    lab.until(lambda: HEIGHT in heights(dana))
    net.narrow(NARROW_KBIT)
    whole, told, shown = Whole(dana), len(dana.served), {caller.name: caller.frames("dana") for caller in (alice, bob)}
    lab.until(lambda: max(heights(dana)) <= SMALLER)
    lab.until(lambda: len(dana.served) > told and dana.served[-1]["budget_bps"] <= NARROW_KBIT * 1000)
    lab.until(whole)
    lab.until(lambda: all(caller.frames("dana") >= shown[caller.name] + FEWEST_PICTURES for caller in (alice, bob)))
    net.widen()
    lab.until(lambda: min(heights(dana)) == HEIGHT)
    print(f"before the sound was whole on the narrow line {whole.made_up / SAMPLES_S:.2f} s of it were made up")
    assert whole.made_up <= MOST_MADE_UP_S * SAMPLES_S
    assert [caller.errors for caller in (alice, dana, bob)] == [[], [], []]
