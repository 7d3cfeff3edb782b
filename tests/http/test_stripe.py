"""Stripe as the provider of the whole application: who is paid, what Stripe tells, and what it never told."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.billing.jobs import settle_open
from server.billing.model import ChargeState, Dispute, DisputeState, MerchantAccount, ProviderEvent, Reason
from server.billing.refunds import request_refund
from server.billing.till import perform_refund
from server.booking.model import AppointmentState, Pays, Service
from server.core.house import House
from server.errors import Conflict
from server.settings import Settings
from tests.cast import ALICE, BOB, OLGA, Cast
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of
from tests.http.booking import appointments, offer
from tests.http.paying import Payer, balances, charges, refunds
from tests.stripe.events import CONNECTED, OWN, signed
from tests.stripe.server import KEY, FakeStripe, fake_stripe

pytestmark = [pytest.mark.anyio, pytest.mark.row("M1"), pytest.mark.row("M2")]

TIME = "2026-03-03T09:20Z"
PRICE, FEE = 4500, 450
HOOK = "/hooks/stripe/connect"
PAID = {"patient": -PRICE, "merchant": PRICE - FEE, "platform_fee": FEE}


@pytest.fixture
async def stripe(clock: StillClock, anyio_backend: str) -> AsyncIterator[FakeStripe]:
    async with fake_stripe(clock.now) as stripe:
        yield stripe


@pytest.fixture
def settings(settings: Settings, stripe: FakeStripe) -> Settings:
    return Settings(
        database_url=settings.database_url,
        data_dir=settings.data_dir,
        base_url=ORIGIN,
        payments="stripe",
        stripe_secret_key=KEY,  # type: ignore[arg-type]
        stripe_webhook_secret=OWN,  # type: ignore[arg-type]
        stripe_connect_webhook_secret=CONNECTED,  # type: ignore[arg-type]
        stripe_url=stripe.books.url,
        platform_fee_percent=10,
    )


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        return await offer(tx, clock.now(), price_minor=PRICE, pays=Pays.ONLINE, late_fee_percent=50, no_show_fee_percent=100)


@pytest.fixture
async def alice(sign_in: SignIn, service: Service) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


@pytest.fixture
async def account(alice: httpx2.AsyncClient, house: House, stripe: FakeStripe) -> str:
    """Alice's account at Stripe, which may take money."""
    assert (await alice.post("/money/account")).status_code == 303
    merchant = await merchant_of(house)
    stripe.books.allow(merchant.account)
    assert "Your account is ready" in (await alice.get("/money/account")).text
    return merchant.account


@pytest.fixture
async def erin(app: Starlette, service: Service, account: str) -> AsyncIterator[Payer]:
    async with browser_of(app) as client:
        yield Payer(client, service, ALICE.professional_id)


async def merchant_of(house: House, professional_id: UUID = ALICE.professional_id) -> MerchantAccount:
    async with house.database.read() as tx:
        return await tx.get_one(MerchantAccount, professional_id)


async def paid(erin: Payer, house: House, stripe: FakeStripe) -> str:
    """Pay on Stripe's page and never come back; returns where the time is held."""
    held = await erin.to_the_till(TIME)
    charge = (await charges(house))[-1]
    assert stripe.books.pay(charge.account, str(charge.checkout_id), "good") == "paid"
    return held


async def tell(app: Starlette, event: Any, secret: str = CONNECTED, path: str = HOOK) -> int:
    body, headers = signed(event, secret)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as client:
        return (await client.post(path, content=body, headers=headers)).status_code


async def test_a_webhook_confirms_whoever_never_comes_back(erin: Payer, app: Starlette, house: House, stripe: FakeStripe) -> None:
    await paid(erin, house, stripe)
    assert (await appointments(house))[0].state == AppointmentState.HELD
    assert await tell(app, stripe.books.events[-1]) == 204
    assert (await appointments(house))[0].state == AppointmentState.CONFIRMED
    assert await balances(house) == PAID


async def test_whoever_comes_back_needs_no_webhook(erin: Payer, house: House, stripe: FakeStripe) -> None:
    held = await paid(erin, house, stripe)
    assert (await erin.client.get(f"{held}/paid")).headers["location"].startswith("/v/")
    assert await balances(house) == PAID


async def test_whoever_only_says_that_they_paid_is_not_believed(erin: Payer, house: House) -> None:
    held = await erin.to_the_till(TIME)
    assert (await erin.client.get(f"{held}/paid")).status_code == 200
    assert (await appointments(house))[0].state == AppointmentState.HELD


async def test_bad_11_the_same_twenty_times_counts_once(erin: Payer, app: Starlette, house: House, stripe: FakeStripe) -> None:
    await paid(erin, house, stripe)
    answers = await asyncio.gather(*(tell(app, stripe.books.events[-1]) for _ in range(20)))
    assert set(answers) == {204}
    assert await balances(house) == PAID
    async with house.database.read() as tx:
        assert len((await tx.scalars(select(ProviderEvent).where(ProviderEvent.kind.startswith("checkout")))).all()) == 1


async def test_bad_12_reversed_they_come_to_the_same(erin: Payer, app: Starlette, house: House, stripe: FakeStripe) -> None:
    await paid(erin, house, stripe)
    charge = (await charges(house))[0]
    payment = stripe.books.find(charge.account, str(charge.checkout_id))["payment_intent"]
    opened = stripe.books.dispute(charge.account, payment)
    stripe.books.settle(charge.account, opened["id"], "won")
    for event in reversed(stripe.books.events):
        assert await tell(app, event) == 204
    for event in stripe.books.events:
        assert await tell(app, event) == 204
    assert (await appointments(house))[0].state == AppointmentState.CONFIRMED
    assert await balances(house) == PAID


async def test_bad_13_what_is_signed_for_another_door_is_refused(erin: Payer, app: Starlette, house: House, stripe: FakeStripe) -> None:
    await paid(erin, house, stripe)
    event = stripe.books.events[-1]
    assert await tell(app, event, OWN) == 403
    assert await tell(app, event, CONNECTED, "/hooks/stripe") == 403
    assert await tell(app, event, OWN, "/hooks/stripe") == 403  # the platform's door hears nothing of connected accounts
    own = {name: value for name, value in event.items() if name != "account"}
    assert await tell(app, own, OWN, "/hooks/stripe") == 204
    assert (await appointments(house))[0].state == AppointmentState.HELD


async def test_bad_13_nobody_speaks_about_anothers_money(
    erin: Payer, app: Starlette, house: House, stripe: FakeStripe, sign_in: SignIn
) -> None:
    await paid(erin, house, stripe)
    await (await sign_in(BOB)).post("/money/account")
    other = await merchant_of(house, BOB.professional_id)
    assert await tell(app, {**stripe.books.events[-1], "account": other.account}) == 204
    assert (await appointments(house))[0].state == AppointmentState.HELD


async def test_a_webhook_that_never_came_is_not_missed(erin: Payer, house: House, stripe: FakeStripe, clock: StillClock) -> None:
    await paid(erin, house, stripe)
    clock.advance(180)
    assert await settle_open(house) == 0
    assert (await appointments(house))[0].state == AppointmentState.CONFIRMED


async def test_while_stripe_is_down_it_is_told_again(erin: Payer, app: Starlette, house: House, stripe: FakeStripe) -> None:
    await paid(erin, house, stripe)
    stripe.faults += ["500"] * 3
    assert await tell(app, stripe.books.events[-1]) == 503
    assert await tell(app, stripe.books.events[-1]) == 204
    assert (await appointments(house))[0].state == AppointmentState.CONFIRMED


async def test_bad_09_late_and_taken_goes_back_once(
    erin: Payer, app: Starlette, house: House, stripe: FakeStripe, clock: StillClock
) -> None:
    await paid(erin, house, stripe)
    clock.advance(36 * 60)
    async with browser_of(app) as client:
        await Payer(client, erin.service, ALICE.professional_id).choose(TIME)
    await asyncio.gather(*(tell(app, event) for event in stripe.books.events * 2))
    (refund,) = await refunds(house)
    assert (refund.reason, refund.minor) == (Reason.LATE_PAYMENT, PRICE)
    await perform_refund(house, refund.id)
    await perform_refund(house, refund.id)
    assert [made["amount"] for (_, name), made in stripe.books.objects.items() if name.startswith("re_")] == [PRICE]
    assert await balances(house) == {}


async def test_bad_14_a_disputed_payment_stays_with_the_bank(
    erin: Payer, app: Starlette, house: House, stripe: FakeStripe, alice: httpx2.AsyncClient
) -> None:
    await paid(erin, house, stripe)
    await tell(app, stripe.books.events[-1])
    (charge,) = await charges(house)
    opened = stripe.books.dispute(charge.account, str(charge.payment))
    await tell(app, stripe.books.events[-1])
    assert "Disputes" in (await alice.get("/money/account")).text
    async with house.database.write() as tx:
        with pytest.raises(Conflict, match="disputed"):
            await request_refund(tx, charge, 100, with_fee=True, reason=Reason.GOODWILL, asked_by=None, now=house.clock.now())
    stripe.books.settle(charge.account, opened["id"], "lost")
    await tell(app, stripe.books.events[-1])
    async with house.database.read() as tx:
        assert [dispute.state for dispute in await tx.scalars(select(Dispute))] == [DisputeState.LOST]
    assert await balances(house) == {"merchant": -FEE, "platform_fee": FEE}


async def test_bad_16_coming_back_from_stripe_proves_nothing(alice: httpx2.AsyncClient, house: House, stripe: FakeStripe) -> None:
    assert "You have no account yet" in (await alice.get("/money/account")).text
    assert (await alice.get("/money/account/onboard")).status_code == 404
    await alice.post("/money/account")
    assert "Your account is not ready" in (await alice.get("/money/account?ready=1")).text
    link = (await alice.get("/money/account/onboard")).headers["location"]
    assert link.startswith(stripe.books.url)
    assert not (await merchant_of(house)).ready


async def test_bad_16_an_account_that_is_stopped_is_paid_at_the_practice(
    erin: Payer, app: Starlette, house: House, stripe: FakeStripe, account: str
) -> None:
    stripe.books.allow(account, charges=False)
    assert await tell(app, stripe.books.events[-1]) == 204
    held = await erin.choose(TIME)
    await erin.client.post(held, data={"name": "Erin Evans", "email": "erin@example.org", "mobile": "+447700900002"})
    check = (await erin.client.get(f"{held}/check")).text
    assert "You pay £45.00 at the practice, not now." in check
    stripe.books.allow(account)
    await tell(app, stripe.books.tell(account, "account.application.deauthorized", {"id": "ca_1", "object": "application"}))
    assert not (await merchant_of(house)).ready


async def test_an_event_that_is_too_long_or_of_nothing_we_know_changes_nothing(app: Starlette, service: Service) -> None:
    assert (
        await tell(app, {"id": "evt_x", "object": "event", "type": "payout.paid", "account": "acct_9", "data": {"object": {"id": "po"}}})
        == 204
    )
    long = {"id": "evt_y", "object": "event", "type": "payout.paid", "account": "a", "data": {"object": {"id": "p" * 300_000}}}
    assert await tell(app, long) == 413


async def test_who_gives_no_consultations_has_no_account(sign_in: SignIn, service: Service, app: Starlette) -> None:
    assert (await (await sign_in(OLGA)).get("/money/account")).status_code == 403
    async with browser_of(app) as client:
        assert (await client.get("/money/account")).status_code in {303, 401}


async def test_a_declined_card_can_be_followed_by_another(erin: Payer, house: House, stripe: FakeStripe) -> None:
    held = await erin.to_the_till(TIME)
    (charge,) = await charges(house)
    assert stripe.books.pay(charge.account, str(charge.checkout_id), "bad") == "declined"
    assert (await erin.client.get(f"{held}/pay")).status_code == 200
    stripe.books.pay(charge.account, str(charge.checkout_id), "good")
    assert (await erin.client.get(f"{held}/paid")).status_code == 303
    assert [charge.state for charge in await charges(house)] == [ChargeState.PAID]
