"""What pages around signing in say is for everybody: in three languages, on a telephone and a laptop, with axe's rules.

The pages themselves are in the walk through every page.
"""

import pytest

from tests.browser.person import LAPTOP, PHONE, Persons
from tests.browser.test_accessible_pages import LANGUAGES, Inspection
from tests.cast import ALICE
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V11"), pytest.mark.row("P4")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_around_signing_in(persons: Persons, site: Site, language: str) -> None:
    inspection = Inspection()
    alice = persons.person("alice", site, signed_in=ALICE, size=LAPTOP, language=language)
    alice.allow_errors("status of 4(04|22)")
    alice.open("/account/email?sent")
    inspection.look(alice, "a letter was sent")
    alice.open("/account/second-factor").page.locator("main form button").first.click()
    alice.page.locator("svg.qr").wait_for()
    inspection.look(alice, "the key of an app")
    stranger = persons.person("stranger", site, size=PHONE, language=language)
    stranger.allow_errors("status of 4(04|22)")
    for path in ("/reset/nothing", "/account/email/nothing", "/sign-in?passkey"):
        stranger.open(path)
        inspection.look(stranger, path)
    stranger.open("/register").page.locator("button.primary").click()
    stranger.page.locator(".error-summary").wait_for()
    inspection.look(stranger, "nothing written")
    assert inspection.wrong == []
