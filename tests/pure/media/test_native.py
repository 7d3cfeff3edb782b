"""What C and Python both call by a name has one value."""

import re
from pathlib import Path

import pytest

from server.media import bwe, delay, lane, limits, publisher, ring, twcc

pytestmark = pytest.mark.row("V5")
FOLDER = Path(lane.__file__).parent
LANE = {
    "SLOT": limits.SLOT, "SLOTS": limits.SEND_SLOTS, "BATCH": limits.READ_BATCH, "SOURCES": publisher.MOST_SSRCS, "RING": ring.SIZE,
    "LOG": bwe.LOG, "HEARD": lane.HEARD, "BLOCK": lane.MOST_BLOCK, "LARGEST_PACKET": limits.LARGEST_PACKET,
    "LARGEST_CLEAR": limits.LARGEST_CLEAR, "MOST_CUTS": limits.MOST_CUTS, "MOST_CUT_BYTES": limits.MOST_CUT_BYTES,
}  # fmt: skip
DELAY = ("SHORTEST_OF", "MOST_COUNTED", "NOISE_GROUPS", "TRUSTED_GROUPS", "WINDOW_MS", "BURST_S", "GROUP_MS", "SLOPE_NOISE", "OFFSET_NOISE",
         "FIRST_THRESHOLD", "LEAST_THRESHOLD", "LARGEST_THRESHOLD", "THRESHOLD_UP", "THRESHOLD_DOWN", "LEAP", "OVERUSE_MS")  # fmt: skip
ARRIVALS = ("MAX_STATUSES", "MAX_TOLD", "MAX_HEARD", "KEPT", "TICKS_PER_S", "TICKS_PER_REFERENCE")
TALLY = ("LOG", "LOSS_TOLD", "LEAP_MS", "HEAVY_LOSS", "LOSS_EVERY_S", "LOSS_LONGEST_S", "LOSS_EVIDENT")


def of(module: object, words: tuple[str, ...]) -> dict[str, float]:
    return {word: getattr(module, word) for word in words}


@pytest.mark.parametrize(
    ("name", "values"),
    [("lane.c", LANE), ("delay.c", of(delay, DELAY)), ("arrivals.c", of(twcc, ARRIVALS)), ("tally.c", of(bwe, TALLY))],
    ids=["lane", "delay", "arrivals", "tally"],
)
def test_constants_are_those_of_python(name: str, values: dict[str, float]) -> None:
    found = dict(re.findall(r"\b([A-Z][A-Z_]+) = ([0-9.e-]+)", (FOLDER / name).read_text()))
    assert {word: float(found[word]) for word in values} == values
