"""Measures what a call notices when its server is killed and started again."""

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.bench.browsers import launch_chromium, playwright, running_site
from tests.bench.figures import Figure, middle, worst
from tests.bench.meeting import Diary, Meeting, meeting
from tests.site import Site

STEADY_MS = 2_000
"""So long the picture must have run before an outage begins, and after it ended."""


def measure(kills: int) -> Iterator[Figure]:
    """Kill the server `kills` times in one call."""
    with playwright() as started, running_site() as site:
        chromium = launch_chromium(started)
        with meeting(site, chromium) as met:
            met.professional.allow_errors("")
            met.patient.allow_errors("")
            met.begin()
            runs = [_kill(site, met) for _ in range(kills)]
        chromium.close()
    gaps, back = zip(*runs, strict=True)
    yield worst("kill_media_gap_ms", gaps, "ms")
    yield middle("signalling_back_s", back, "s")


def _kill(site: Site, met: Meeting) -> tuple[float, float]:
    """Return the longest freeze of either picture in ms, and the seconds from the kill until both sockets are welcome again."""
    met.forget()
    met.run_for(STEADY_MS)
    killed = 1000 * time.time()
    site.server.kill()
    site.server.restart()
    met.until(lambda: all(_welcomed(entry, killed) for entry in met.diaries), "signalling on both sides")
    back = max(_welcomed(entry, killed) or 0.0 for entry in met.diaries)
    met.run_for(STEADY_MS)
    return max(longest_freeze(entry) for entry in met.diaries), (back - killed) / 1000


def _welcomed(entry: Diary, killed: float) -> float | None:
    """Return when the room's socket was welcomed after the kill."""
    welcomes = (each["at"] for each in entry["sockets"] if each["what"] == "welcome" and each["path"] == "/ws/room")
    return next((at for at in welcomes if at > killed), None)


def longest_freeze(entry: Diary) -> float:
    """Return the longest time in ms in which no new picture was painted, up to the moment of reading."""
    moments: Sequence[float] = [*entry["pictures"], entry["now"]]
    return max(later - earlier for earlier, later in pairwise(moments))
