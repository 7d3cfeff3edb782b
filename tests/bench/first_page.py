"""Measures the patient's first page on a slow phone line: its first paint, and everything that comes over the wire."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from tests.bench.browsers import launch_chromium, playwright, running_site
from tests.bench.figures import Figure, middle, worst

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "is_mobile": True, "has_touch": True}
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 // 8, "uploadThroughput": 400_000 // 8}
SLOWER_CPU = {"rate": 4}
FIRST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  const found = list.getEntriesByName("first-contentful-paint")[0];
  if (found) resolve(found.startTime);
}).observe({ type: "paint", buffered: true }))"""


def measure(runs: int) -> Iterator[Figure]:
    """Open the personal link `runs` times, each time with an empty cache."""
    with playwright() as started, running_site() as site:
        browser = launch_chromium(started)
        link = site.consultation().link
        paints, sizes = zip(*(_open(browser, link) for _ in range(runs)), strict=True)
        browser.close()
    yield middle("first_paint_ms", paints, "ms")
    yield worst("first_page_bytes", sizes, "bytes")


def _open(browser: Browser, link: str) -> tuple[float, int]:
    """Return milliseconds from the tap on the link to the first contentful paint, and the bytes received."""
    context = browser.new_context(**PHONE)
    try:
        return _load(context, link)
    finally:
        context.close()


def _load(context: BrowserContext, link: str) -> tuple[float, int]:
    page = context.new_page()
    chrome = context.new_cdp_session(page)
    received: list[int] = []
    chrome.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    chrome.on("Network.requestWillBeSent", lambda event: received.append(_redirected(event)))
    chrome.send("Network.enable")
    chrome.send("Network.emulateNetworkConditions", SLOW_3G)
    chrome.send("Emulation.setCPUThrottlingRate", SLOWER_CPU)
    page.goto(link, wait_until="networkidle")
    paint: float = page.evaluate(FIRST_PAINT)
    return paint, sum(received)


def _redirected(event: dict[str, Any]) -> int:
    """Return the bytes of the redirect that led to this request; the browser reports them nowhere else."""
    return int(event.get("redirectResponse", {}).get("encodedDataLength", 0))
