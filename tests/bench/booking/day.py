"""How long the page of one day takes, over HTTP, for a professional who has forty appointments on it."""

import argparse
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from datetime import time as clock_time
from statistics import quantiles
from zoneinfo import ZoneInfo

from server.core.clock import SystemClock
from tests.bench.browsers import running_site
from tests.bench.figures import Figure
from tests.cast import ALICE, DANA, ERIN
from tests.site import Site

APPOINTMENTS = 40
READINGS = 200
TO_WARM_UP = 20
FIRST, APART = clock_time(8), timedelta(minutes=15)


def measure(_options: argparse.Namespace) -> Iterator[Figure]:
    with running_site() as site:
        _fill(site)
        times = [_open(site) for _ in range(TO_WARM_UP + READINGS)][TO_WARM_UP:]
    yield Figure("day_page_p95_ms", quantiles(times, n=20)[-1], "ms")


def _tomorrow() -> datetime:
    zone = ZoneInfo("Europe/London")
    return datetime.combine((SystemClock().now().astimezone(zone) + timedelta(days=1)).date(), FIRST, zone)


def _fill(site: Site) -> None:
    for place in range(APPOINTMENTS):
        site.consultation(guest=(DANA, ERIN)[place % 2], scheduled_at=(_tomorrow() + place * APART).isoformat(), duration_min=15)


def _open(site: Site) -> float:
    """Return milliseconds from the request to the last byte of the page."""
    began = time.perf_counter()
    page = site.client(ALICE).get("/day", params={"on": _tomorrow().date().isoformat()})
    took = (time.perf_counter() - began) * 1000
    assert page.text.count('href="/desk/') >= APPOINTMENTS, page.status_code
    return took
