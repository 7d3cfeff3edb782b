"""A server with the cast in it, browsers in front of it, and pages that keep a diary of what happens in them."""

import compileall
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Playwright, sync_playwright

from server.core.migrate import migrate
from tests.browser.conftest import CHROMIUM, FAKE_CONSENT, FAKE_DEVICES, FIREFOX
from tests.browser.person import Person
from tests.cast import seat_in
from tests.servers import ROOT, AppServer, need_program
from tests.site import Site

DIARY = (Path(__file__).parent / "diary.js").read_text()


@contextmanager
def running_site(url: str | None = None) -> Iterator[Site]:
    """Start a server of our own with the cast in an empty database (SQLite unless told), compiled beforehand as `make run` does."""
    compileall.compile_dir(ROOT / "server", quiet=1)
    with tempfile.TemporaryDirectory(prefix="consilium-bench-") as folder:
        url = url or f"sqlite:///{folder}/bench.db"
        migrate(url)
        seat_in(url)
        server = AppServer(Path(folder), DATABASE_URL=url)
        server.start()
        site = Site(server)
        try:
            yield site
        finally:
            site.close()
            server.stop()


@contextmanager
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def launch_chromium(playwright: Playwright) -> Browser:
    """Chromium with a fake camera and microphone, whose user always says yes."""
    flags = [*CHROMIUM, FAKE_DEVICES, FAKE_CONSENT]
    return playwright.chromium.launch(executable_path=need_program("chromium", "chromium"), args=flags)


def launch_firefox(playwright: Playwright) -> Browser:
    program = need_program("firefox-esr", "firefox-esr")
    return playwright.firefox.launch(channel="moz-firefox", executable_path=program, firefox_user_prefs=dict(FIREFOX))


def keep_diary(person: Person) -> Person:
    """Have every page that this person opens from now on write its diary (diary.js)."""
    person.context.add_init_script(DIARY)
    return person


def diary(person: Person) -> dict[str, Any]:
    """Return what the page wrote down; all times are milliseconds of the machine's one clock."""
    written: dict[str, Any] = person.page.evaluate("() => globalThis.diary.read()")
    return written
