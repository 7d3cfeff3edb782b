"""Whether a page can be used by everybody, as far as a program can tell."""

import contextlib
from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.browser.person import LAPTOP, PHONE, Person
from tests.servers import ROOT, missing, until

NARROW = (320, 640)
SETTLE_S = 30.0
MINIFIED = ROOT / "tests" / "qa" / "node_modules" / "axe-core" / "axe.min.js"
# Waits until nothing has moved for three frames in a row, at most some seconds; what never ends (a spinner) does not count.
SETTLE = """async () => {
  const moves = (each) => each.effect.getComputedTiming().endTime < 5000;
  const frame = () => Promise.race([new Promise(requestAnimationFrame), new Promise((done) => setTimeout(done, 100))]);
  for (let still = 0, frames = 0; still < 3 && frames < 60; frames += 1) {
    await frame();
    still = document.getAnimations().some(moves) ? 0 : still + 1;
  }
}"""
# Nothing is fetched for axe: our styles are all here, and a video of a call cannot be loaded a second time.
RUN = "async (options) => (await axe.run(document, { resultTypes: ['violations'], preload: false, ...options })).violations"
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

Options = dict[str, Any]
EVERY_RULE: Options = {}
ALL_BUT_COLOURS: Options = {"rules": {"color-contrast": {"enabled": False}}}

# Both sizes and both schemes, not each with each: no colour of ours depends on the size. The languages nobody speaks change no colour.
IN_ENGLISH = [(PHONE, "light", EVERY_RULE), (LAPTOP, "dark", EVERY_RULE)]
IN_PSEUDO = [(PHONE, "light", ALL_BUT_COLOURS)]


class Inspection:
    """What was wrong in the states that a story came by."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def look(self, person: Person, state: str, page: Page | None = None) -> None:
        """Note what is wrong in this state, and give the window its size back."""
        page = page or person.page
        size = page.viewport_size or {"width": LAPTOP[0], "height": LAPTOP[1]}
        self.wrong += [f"{person.name}, {state}: {line}" for line in looks_good(page)]
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")


@cache
def source() -> str:
    if not MINIFIED.exists():
        missing("axe-core", "try: cd tests/qa && npm ci")
    return MINIFIED.read_text()


def violations(page: Page, options: Options) -> list[str]:
    """Return the broken rules with the elements that break them, on the page as it is now."""
    if not page.evaluate("() => 'axe' in globalThis"):
        page.evaluate(source())
    page.evaluate(SETTLE)
    found: list[dict[str, Any]] = page.evaluate(RUN, options)
    return [f"{rule['id']}: {node['html'][:200]} {_why(node)}" for rule in found for node in rule["nodes"]]


def _why(node: dict[str, Any]) -> str:
    return str(node.get("failureSummary", "")).replace("\n", " ")[:300]


def looks_good(page: Page) -> list[str]:
    """Return everything that is wrong with the page: by axe in each size and colour scheme, and by its width at 320 px."""
    wrong: list[str] = []
    english = page.locator("html").get_attribute("lang") == "en-GB"
    for size, scheme, options in IN_ENGLISH if english else IN_PSEUDO:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        wrong += [f"{size[0]} px, {scheme}: {line}" for line in violations(page, options)]
    return wrong + too_wide(page)


def too_wide(page: Page) -> list[str]:
    """Return a complaint when the page has to be moved sideways on the narrowest phone (400 % zoom)."""
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    with contextlib.suppress(TimeoutError):  # the page is laid out anew a moment after its window has changed
        until(lambda: page.evaluate(SIDEWAYS) <= 0, timeout_s=SETTLE_S, what="no sideways movement")
    beyond = page.evaluate(SIDEWAYS)
    return [f"{beyond} px wider than {NARROW[0]} px"] if beyond > 0 else []
