"""Measures how fast two people see each other: from the patient's last button, and from the professional's 'Admit'."""

from collections.abc import Iterator

from playwright.sync_api import Browser

from tests.bench.browsers import launch_chromium, launch_firefox, playwright, running_site
from tests.bench.figures import Figure, middle
from tests.bench.meeting import meeting
from tests.site import Site

ADMIT = "Admit"


def measure(runs: int) -> Iterator[Figure]:
    with playwright() as started, running_site() as site:
        chromium = launch_chromium(started)
        yield middle("admit_first_frame_ms", [_admit(site, chromium) for _ in range(runs)], "ms")
        yield middle("join_ms", [_join(site, chromium, chromium) for _ in range(runs)], "ms")
        firefox = launch_firefox(started)
        yield middle("join_firefox_ms", [_join(site, chromium, firefox) for _ in range(runs)], "ms")
        firefox.close()
        chromium.close()


def _join(site: Site, chromium: Browser, patients_browser: Browser) -> float:
    """From the patient's click on the last button to the picture on both sides, with a professional who admits at once."""
    with meeting(site, chromium, patients_browser) as met:
        met.professional.page.evaluate("() => globalThis.diary.admitAtOnce()")
        met.enter()
        seen = met.until_pictures()
        clicked: float = met.diaries[0]["click"]
        return seen - clicked


def _admit(site: Site, chromium: Browser) -> float:
    """From the professional's click on 'Admit' to the picture on both sides, with a patient who has waited until connected."""
    with meeting(site, chromium) as met:
        met.enter()
        met.until_connected()
        met.professional.page.get_by_role("button", name=ADMIT).first.click()
        seen = met.until_pictures()
        clicked: float = met.diaries[1]["click"]
        return seen - clicked
