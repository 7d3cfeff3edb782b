"""Real browsers in one room of the forwarding engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.engine_room import EngineRoom, Guest

pytestmark = pytest.mark.browser
FLOWING = 20  # frames


@pytest.fixture
def room(tmp_path: Path) -> Iterator[EngineRoom]:
    room = EngineRoom(tmp_path)
    yield room
    room.close()


def seat(room: EngineRoom, *browsers: Browser, width: int = 640) -> list[Guest]:
    """Let a guest in from each browser; returns when everybody sees everybody."""
    guests = [Guest(browser, name, width) for browser, name in zip(browsers, ("ann", "ben", "cleo"), strict=False)]
    for guest in guests:
        room.join(guest)
    room.until(lambda: all_flow(guests))
    return guests


def all_flow(guests: list[Guest]) -> bool:
    return all(one.frames(other.name) >= FLOWING for one in guests for other in guests if other is not one)


def more_frames(guest: Guest, publisher: str) -> Callable[[], bool]:
    before = guest.frames(publisher)
    return lambda: guest.frames(publisher) >= before + FLOWING


@pytest.mark.row("V5")
def test_three_see_and_hear_each_other(room: EngineRoom, chromium: Browser) -> None:
    guests = seat(room, chromium, chromium, chromium)

    def heard() -> list[float]:
        return [found["energy"] for guest in guests for (_, source), found in guest.seen().items() if source == "audio"]

    room.until(lambda: len(heard()) == 6 and all(heard()))
    assert room.gone == []


@pytest.mark.row("V5")
@pytest.mark.parametrize("codec", ["VP9", "H264", "AV1"])
def test_other_codecs_are_forwarded_as_they_come(tmp_path: Path, chromium: Browser, codec: str) -> None:
    room = EngineRoom(tmp_path, codec)
    try:
        ann, ben = seat(room, chromium, chromium)
        assert {ann.seen()["ben", "camera"]["codec"], ben.seen()["ann", "camera"]["codec"]} == {f"video/{codec}"}
    finally:
        room.close()


@pytest.mark.row("V5")
def test_another_layer_comes_without_a_break(room: EngineRoom, chromium: Browser) -> None:
    """A decoder that misses a picture stands still and asks for a whole one. Time would not do: a busy machine freezes pictures, too."""
    ann, ben = seat(room, chromium, chromium, width=1280)
    room.until(lambda: ann.width("ben") == ben.width("ann") == 1280)
    before = ann.asked_anew("ben")
    for layer, width in (("l", 320), ("m", 640), ("h", 1280)):
        room.watch(ann, "ben", layer)
        room.until(lambda width=width: ann.width("ben") == width)
        room.until(more_frames(ann, "ben"))
    assert ann.asked_anew("ben") == before


@pytest.mark.row("V5")
def test_who_leaves_makes_room_for_the_next_one(room: EngineRoom, chromium: Browser) -> None:
    ann, ben = seat(room, chromium, chromium)
    room.leave(ben)
    room.until(lambda: ann.streams == {})
    dora = Guest(chromium, "dora")
    room.join(dora)
    room.until(lambda: all_flow([ann, dora]))
    assert set(ann.streams) == {"0", "1"}, "the lines are used again"


@pytest.mark.row("V6")
def test_media_goes_on_over_an_ice_restart(room: EngineRoom, chromium: Browser) -> None:
    ann, ben = seat(room, chromium, chromium)
    for side in ("publish", "subscribe"):
        room.restart_ice(ann, side)
    room.until(more_frames(ann, "ben"))
    room.until(more_frames(ben, "ann"))
    assert room.gone == []


@pytest.mark.row("V5")
def test_firefox_is_the_third(room: EngineRoom, chromium: Browser, firefox: Browser) -> None:
    seat(room, chromium, chromium, firefox)
