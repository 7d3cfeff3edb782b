"""Somebody in front of a browser window, and what they can tell about the page."""

import asyncio
import contextlib
import itertools
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Route, WebSocket, expect

from server.web.i18n import fill
from server.web.pseudo import LANGUAGES
from tests.cast import Staff
from tests.servers import until
from tests.site import Site

PHONE = (390, 844)
LAPTOP = (1366, 768)
PERMISSIONS = ["camera", "microphone", "screen-wake-lock"]
SLOW_S = 30.0
CLOSE_WITHIN_S = 15.0
AUDIBLE = 1e-4  # of WebRTC's totalAudioEnergy: far above the rounding of silence, and a thousandth of a beep of the fake microphone

# Runs before each page's own scripts: remembers its connections, and turns broken rules of the content policy into console errors.
WATCH = """
(() => {
  const Real = globalThis.RTCPeerConnection;
  globalThis.connections = [];
  if (Real) globalThis.RTCPeerConnection = class extends Real {
    constructor(...given) { super(...given); globalThis.connections.push(this); }
  };
  addEventListener("securitypolicyviolation", (event) => console.error("policy broken:", event.violatedDirective, event.blockedURI));
})()
"""

# The two or three pages of a call encode and decode on two cores: a full-size picture takes twice the processor time of everything else.
SMALL_CAMERA = """
(() => {
  const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (!open) return;
  navigator.mediaDevices.getUserMedia = (wanted) =>
    open(wanted.video ? { ...wanted, video: { ...wanted.video, width: 320, height: 180 } } : wanted);
})()
"""

LISTEN = """() => {
  globalThis.announced = [];
  for (const region of document.querySelectorAll("#announce-polite, #announce-assertive"))
    new MutationObserver(() => globalThis.announced.push(region.textContent)).observe(region, { childList: true, subtree: true });
}"""

RECEIVED = """async () => {
  const found = { frames: 0, width: 0, audio: 0, energy: 0, bytes: 0 };
  for (const connection of globalThis.connections ?? []) {
    if (connection.connectionState === "closed") continue;
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      found.bytes += report.bytesReceived ?? 0;
      if (report.kind === "video") {
        found.frames += report.framesDecoded ?? 0;
        found.width = Math.max(found.width, report.frameWidth ?? 0);
      } else {
        found.audio += report.packetsReceived ?? 0;
        found.energy += report.totalAudioEnergy ?? 0;
      }
    }
  }
  return found;
}"""


# How many pictures the visible <video> has shown; null while it is hidden or its stream, or that of the sound, is not alive.
STAGE = """() => {
  const video = document.querySelector(".stage video.remote");
  const audio = document.querySelector("audio.remote-sound");
  const alive = (media) => media?.srcObject?.getTracks().length > 0 && media.srcObject.getTracks().every((t) => t.readyState === "live");
  const seen = alive(video) && alive(audio) && !audio.paused && getComputedStyle(video).visibility === "visible" && video.videoWidth > 0;
  return seen ? video.getVideoPlaybackQuality().totalVideoFrames : null;
}"""


class Person:
    """One browser context with one page, read in one language: words are given in English and looked for as the page says them.

    Errors of the page are collected and end the test, unless they were announced.
    """

    def __init__(self, name: str, context: BrowserContext, base_url: str, language: str) -> None:
        self.name = name
        self.language = language
        self.context = context
        self.base_url = base_url
        self.errors: list[str] = []
        self._lines: list[str] = []
        self._numbers = itertools.count(1)
        self._allowed: list[re.Pattern[str]] = []
        self.page = self._watch(context.new_page())

    def _watch(self, page: Page) -> Page:
        page.set_default_timeout(SLOW_S * 1000)
        page.on("pageerror", lambda error: self.errors.append(f"{self.name}: {error}"))
        page.on("console", self._heard)
        page.on("websocket", self._follow)
        return page

    def _follow(self, line: WebSocket) -> None:
        """Remember when each line of this person opened, why it was ended, and when it closed: the first question after a failure."""
        name = f"{line.url.rsplit('/', 1)[1]} {next(self._numbers)}"

        def note(what: str) -> None:
            self._lines.append(f"{self.name}: {time.strftime('%X')} line {name} {what}")

        note("opened")
        line.on("framereceived", lambda frame: note(frame) if isinstance(frame, str) and frame.startswith('{"t":"bye"') else None)
        line.on("close", lambda _: note("closed"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{self.name}: {message.text} ({message.location.get('url', '')})")

    def new_tab(self) -> Page:
        return self._watch(self.context.new_page())

    def allow_errors(self, pattern: str) -> None:
        """Say which console errors this test brings about on purpose."""
        self._allowed.append(re.compile(pattern))

    def allow_ended(self) -> None:
        """Say that a sign-in of this test ends while its page is open: the page asks for a ticket once more before it knows."""
        self.allow_errors(r"status of 401 .*/api/tickets")

    @property
    def unexpected(self) -> list[str]:
        return [error for error in self.errors if not any(allowed.search(error) for allowed in self._allowed)]

    @contextlib.contextmanager
    def held(self, pattern: str) -> Iterator[list[Route]]:
        """Leave the requests of a pattern without an answer, and let them go on at the end of the block.

        One that is left waiting must not outlive its page: what Playwright does after its wait, it does where that is collected, in
        whatever thread, and hangs there.
        """
        held: list[Route] = []
        self.page.route(pattern, lambda route: held.insert(0, route))
        try:
            yield held
        finally:
            for route in held:
                route.continue_()
            self.page.unroute(pattern)

    def open(self, path: str) -> "Person":
        self.page.goto(path if path.startswith("http") else f"{self.base_url}{path if path.startswith('/') else '/' + path}")
        return self

    def say(self, words: str, **values: object) -> str:
        """Return the English words as this page says them."""
        if self.language in LANGUAGES:
            words = LANGUAGES[self.language][1](words)
        return fill(words, values)

    def button(self, name: str, **values: object) -> Locator:
        return self.page.get_by_role("button", name=self.say(name, **values), exact=True)

    def press(self, name: str, **values: object) -> None:
        self.button(name, **values).click()

    def link(self, name: str, **values: object) -> Locator:
        return self.page.get_by_role("link", name=self.say(name, **values), exact=True)

    def heading(self, name: str, **values: object) -> Locator:
        return self.page.get_by_role("heading", name=self.say(name, **values), exact=True)

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(self.say(label), exact=True)

    def reads(self, words: str, *, within_s: float = SLOW_S, **values: object) -> None:
        """Wait until the words can be seen on the page."""
        seen = self.page.get_by_text(self.say(words, **values)).locator("visible=true")
        expect(seen.first).to_be_visible(timeout=within_s * 1000)

    def listens(self) -> None:
        """Keep from now on what this page tells a screen reader."""
        self.page.evaluate(LISTEN)

    def is_told(self, words: str) -> None:
        """Wait until a screen reader was told the words since this person `listens`, whatever it was told after them."""
        said = "(words) => globalThis.announced.some((each) => each.includes(words))"
        self.until(lambda: self.page.evaluate(said, words), what=f"{words!r} said to a screen reader")

    def state(self, phase: str, *, within_s: float = SLOW_S, line: str = "open") -> None:
        """Wait until the call of this page is in a phase, with its line to the server in a state."""
        try:
            expect(self.page.locator(f"main[data-call-state={phase}][data-line={line}]")).to_be_attached(timeout=within_s * 1000)
        except AssertionError as error:
            error.add_note("\n".join(self._lines))
            raise

    def until(self, check: Callable[[], object], *, what: str, within_s: float = SLOW_S) -> None:
        """Ask `check()` again and again, giving the browser its turns."""

        def ask() -> object:
            self.page.wait_for_timeout(50)
            return check()

        until(ask, timeout_s=within_s, what=f"{self.name}: {what}")

    def received(self) -> dict[str, float]:
        """Return what the page's connections have received: frames decoded, their width, audio packets, audio energy, bytes."""
        found: dict[str, Any] = self.page.evaluate(RECEIVED)
        return found

    def sees_motion(self, *, frames: int = 5, within_s: float = SLOW_S) -> None:
        """Wait until `frames` more frames of the other side have been decoded."""
        seen = [self.received()["frames"]]

        def moved() -> bool:
            # a connection that is closed takes its frames with it
            seen.append(self.received()["frames"])
            return seen[-1] >= min(seen) + frames

        self.until(moved, what=f"{frames} more frames", within_s=within_s)

    def watches(self, *, frames: int = 5, within_s: float = SLOW_S) -> None:
        """Wait until the picture that can be seen moves, and it and the sound come from a connection that lives."""
        shown: list[int] = []

        def moves() -> bool:
            now = self.page.evaluate(STAGE)
            shown.extend([] if now is None else [now])
            return len(shown) > 0 and shown[-1] >= min(shown) + frames

        self.until(moves, what="a moving picture on the stage", within_s=within_s)

    def hears(self, *, within_s: float = SLOW_S) -> None:
        """Wait until more sound that is not silence has come; the fake microphone beeps about once a second."""
        start = self.received()["energy"]
        self.until(lambda: self.received()["energy"] > start + AUDIBLE, what="sound", within_s=within_s)


class Persons:
    """Makes people and, at the end, closes their windows and reports what went wrong in them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.all: list[Person] = []

    def person(
        self,
        name: str,
        site: Site,
        *,
        browser: Browser | None = None,
        signed_in: Staff | None = None,
        size: tuple[int, int] = LAPTOP,
        language: str = "en-GB",
        scheme: str = "light",
        permissions: list[str] | None = None,
        scripts: bool = True,
        zone: str = "Europe/London",
        full_camera: bool = False,
    ) -> Person:
        """Return somebody with a window of their own; they have a small camera unless the test looks at the size of its picture."""
        chosen = browser or self._browser
        options: dict[str, Any] = {"permissions": PERMISSIONS if permissions is None else permissions}
        if chosen.browser_type.name == "firefox":
            options.clear()
        context = chosen.new_context(
            java_script_enabled=scripts,
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce", locale=language,
            timezone_id=zone, **options,
        )  # fmt: skip
        context.add_init_script(WATCH)
        if not full_camera:
            context.add_init_script(SMALL_CAMERA)
        if signed_in:
            context.add_cookies([{"name": "sid", "value": site.cookie(signed_in), "url": site.url, "httpOnly": True, "sameSite": "Lax"}])
        person = Person(name, context, site.url, language)
        self.all.append(person)
        return person

    def close(self) -> None:
        unexpected = [error for person in self.all for error in person.unexpected]
        for person in self.all:
            close_window(person.context)
        assert not unexpected, "\n".join(unexpected)


def close_window(context: BrowserContext) -> None:
    """Close a window. Chromium sometimes never does while its page is on its way; that window ends with its browser."""
    with contextlib.suppress(TimeoutError):
        context._sync(asyncio.wait_for(context._impl_obj.close(), CLOSE_WITHIN_S))
