"""Real browsers in front of a real server."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.browser.person import Persons
from tests.cable import Plug, plugged
from tests.cast import seat_in
from tests.networks import Net, Networks, networks
from tests.servers import ForkedServer, need_program
from tests.site import Site

# Three, because the second fake camera of Chromium gives 16-bit depth pictures, which no encoder takes.
FAKE_DEVICES = "--use-fake-device-for-media-stream=device-count=3,fps=15"
FAKE_CONSENT = "--use-fake-ui-for-media-stream"
CHROMIUM = [
    "--auto-select-desktop-capture-source=Entire screen",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--no-sandbox",
]
FIREFOX = {
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
}
WITHOUT_WINDOWS = "chromium-headless-shell"
LaunchChromium = Callable[..., Browser]
LaunchInside = Callable[..., Browser]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        yield playwright


def chromium_program(*, whole: bool = False) -> str:
    """Return the path of Chromium, which is missing the windows around its pages unless `whole`: the same engine of the same version, but
    a window's own pages take three times the processor time of ours. Without that package every test has the whole.
    """
    return (None if whole else shutil.which(WITHOUT_WINDOWS)) or need_program("chromium", "chromium")


@pytest.fixture(scope="session")
def launch_chromium(playwright: Playwright) -> Iterator[LaunchChromium]:
    """Launch the system's Chromium with further flags; it is closed at the end of the run."""
    browsers: list[Browser] = []

    def launch(*flags: str, whole: bool = False) -> Browser:
        program = chromium_program(whole=whole)
        browsers.append(playwright.chromium.launch(executable_path=program, args=[*CHROMIUM, *flags]))
        return browsers[-1]

    yield launch
    for browser in browsers:
        browser.close()


@pytest.fixture(scope="session")
def chromium(launch_chromium: LaunchChromium) -> Browser:
    """Chromium with two fake cameras, whose user always says yes."""
    return launch_chromium(FAKE_DEVICES, FAKE_CONSENT)


@pytest.fixture(scope="session")
def whole_chromium(launch_chromium: LaunchChromium) -> Browser:
    """The same as people have it, for what its windows take part in."""
    return launch_chromium(FAKE_DEVICES, FAKE_CONSENT, whole=True)


@pytest.fixture(scope="session")
def refusing_chromium(launch_chromium: LaunchChromium) -> Browser:
    """Chromium whose user says no, until the test grants the permission."""
    return launch_chromium(FAKE_DEVICES, "--deny-permission-prompts", whole=True)


@pytest.fixture(scope="session")
def deviceless_chromium(launch_chromium: LaunchChromium) -> Browser:
    """Chromium on a machine without camera and microphone."""
    return launch_chromium(FAKE_CONSENT)


@pytest.fixture(scope="session")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    program = need_program("firefox-esr", "firefox-esr")
    browser = playwright.firefox.launch(channel="moz-firefox", executable_path=program, firefox_user_prefs=FIREFOX)
    yield browser
    browser.close()


def start_site(folder: Path, template: Path, locales: Path, **settings: str) -> Site:
    """Start a server of its own with the cast in it; its languages are English and the two that nobody speaks."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, folder / "test.db")
    url = f"sqlite:///{folder / 'test.db'}"
    seat_in(url)
    server = ForkedServer(folder, DATABASE_URL=url, LOCALES_DIR=str(locales), **settings)
    server.start()
    return Site(server)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, locales: Path) -> Iterator[Site]:
    """The server that the tests of a file share; each test makes a consultation of its own in it."""
    site = start_site(tmp_path_factory.mktemp("site"), sqlite_template, locales)
    yield site
    site.close()
    site.server.stop()


@pytest.fixture
def own_site(tmp_path: Path, sqlite_template: Path, locales: Path) -> Iterator[Site]:
    """A server of this test's own, to be killed."""
    site = start_site(tmp_path / "own", sqlite_template, locales)
    yield site
    site.close()
    site.server.stop()


@pytest.fixture
def plug(site: Site) -> Iterator[Plug]:
    """The line to the server of those who sit at `far_chromium`, in the test's hand.

    Chromium's own offline mode is no substitute: it leaves an open WebSocket open, holds its frames in both directions back and delivers
    them all afterwards, so that no line ever breaks and nothing is sent again.
    """
    with plugged(site.server.port) as plug:
        yield plug


@pytest.fixture
def far_chromium(launch_chromium: LaunchChromium, plug: Plug, site: Site) -> Iterator[Browser]:
    """A Chromium that reaches the server over the cable alone; everybody else's leads straight there."""
    browser = launch_chromium(f"--host-resolver-rules=MAP 127.0.0.1:{site.server.port} 127.0.0.1:{plug.near}")
    yield browser
    browser.close()


@pytest.fixture
def nets() -> Iterator[Networks]:
    with networks() as made:
        yield made


@pytest.fixture
def launch_inside(playwright: Playwright, nets: Networks, tmp_path: Path) -> Iterator[LaunchInside]:
    """Launch Chromium in a network of the test's own, for one who always says yes."""
    browsers: list[Browser] = []

    def launch(net: Net, *flags: str) -> Browser:
        program = net.inside(chromium_program(), tmp_path)
        browsers.append(playwright.chromium.launch(executable_path=program, args=[*CHROMIUM, FAKE_DEVICES, FAKE_CONSENT, *flags]))
        return browsers[-1]

    yield launch
    for browser in browsers:
        browser.close()


@pytest.fixture
def persons(chromium: Browser) -> Iterator[Persons]:
    """A factory of people with a browser window each; the test fails when any of their pages reports an error."""
    persons = Persons(chromium)
    yield persons
    persons.close()
