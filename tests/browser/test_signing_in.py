"""Signing in by what is more than a password, in a real browser, with pictures of its pages."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.person import LAPTOP, PHONE, Persons
from tests.cast import ALICE, seat_in
from tests.servers import ForkedServer
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("P4")]

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    """A server of this test's own under a name: passkeys belong to names, and an IP address is none."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    url = f"sqlite:///{tmp_path / 'test.db'}"
    seat_in(url)
    server = ForkedServer(tmp_path, DATABASE_URL=url)
    server.url = server.settings["BASE_URL"] = f"http://localhost:{server.port}"
    server.start()
    site = Site(server)
    yield site
    site.close()
    server.stop()


def test_a_passkey_is_made_and_used(persons: Persons, site: Site) -> None:
    alice = persons.person("alice", site, signed_in=ALICE, size=LAPTOP).open("/account")
    page = alice.page
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    line.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.get_by_role("link", name="Passkeys").click()
    page.get_by_label("Name of this device").fill("my laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="my laptop")).to_be_visible()
    alice.open("/account")
    alice.allow_ended()
    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/today$"))


def test_a_second_factor_is_set_up_by_its_key(persons: Persons, site: Site) -> None:
    alice = persons.person("alice", site, signed_in=ALICE, size=PHONE).open("/account/second-factor")
    page = alice.page
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator("svg.qr")).to_be_visible()
    app = pyotp.TOTP(page.locator(".secret").inner_text().replace(" ", ""))
    page.get_by_label("Code of six numbers").fill(app.now())
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as a file").click()
    assert len(saved.value.path().read_text().split()) == 10
