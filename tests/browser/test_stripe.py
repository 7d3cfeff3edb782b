"""Paying by Stripe in a real browser, on the page of our own Stripe: its owner opens an account, and a patient pays into it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from playwright.sync_api import expect

from tests.browser.conftest import start_site
from tests.browser.person import PHONE, Persons
from tests.browser.test_booking import FRONT, choose_first, write_details
from tests.browser.test_paying import PAID, offered
from tests.cast import ALICE
from tests.site import Site
from tests.stripe.events import CONNECTED, OWN, signed
from tests.stripe.server import KEY, FakeStripe, fake_stripe

__all__ = ["offered"]
pytestmark = [pytest.mark.browser, pytest.mark.row("M1")]


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="module")
def stripe(portal: BlockingPortal) -> Iterator[FakeStripe]:
    with portal.wrap_async_context_manager(fake_stripe(lambda: datetime.now(UTC))) as stripe:  # noqa: TID251 - the browser's clock
        yield stripe


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, locales: Path, stripe: FakeStripe) -> Iterator[Site]:
    """A server that takes cards by Stripe, and is told by it of each payment before whoever paid comes back."""
    secrets = {"STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": OWN, "STRIPE_CONNECT_WEBHOOK_SECRET": CONNECTED}
    folder = tmp_path_factory.mktemp("site")
    site = start_site(folder, sqlite_template, locales, PAYMENTS="stripe", STRIPE_URL=stripe.books.url, **secrets)

    async def tell() -> None:
        body, headers = signed(stripe.books.events[-1])
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.post(f"{site.url}/hooks/stripe/connect", content=body, headers=headers)).status_code == 204

    stripe.on_paid = tell
    yield site
    site.close()
    site.server.stop()


@pytest.mark.usefixtures("offered")
def test_an_account_is_opened_and_paid_into_after_a_declined_card(persons: Persons, site: Site) -> None:
    alice = persons.person("dr_alice", site, signed_in=ALICE)
    alice.open("/offer")
    alice.link("Getting paid").click()
    expect(alice.heading("You have no account yet")).to_be_visible()
    alice.press("Open an account")
    expect(alice.heading("Your account is not ready")).to_be_visible()
    alice.link("Continue at Stripe").click()
    expect(alice.heading("Your account is ready")).to_be_visible()

    erin = persons.person("erin", site, size=PHONE)
    erin.open(FRONT)
    erin.page.get_by_role("link", name=PAID).click()
    choose_first(erin)
    erin.press("Continue")
    write_details(erin)
    erin.press("Continue to payment")
    erin.link("Pay £45.00 now").click()
    expect(erin.heading("SANDBOX of the tests")).to_be_visible()
    erin.press("Pay with a card that is declined")
    expect(erin.page.get_by_role("status")).to_have_text("declined")
    erin.press("Pay")
    expect(erin.heading("Your appointment is booked")).to_be_visible()
    erin.reads("You paid £45.00.")
