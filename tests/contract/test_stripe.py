"""Payments by Stripe: the real SDK against a small server of ours, and what Stripe tells us by itself."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest
import stripe as sdk

from server.adapters import stripe_payments
from server.adapters.stripe_payments import StripePayments, reader_of
from server.ports import CheckoutAsk, CheckoutStatus, DisputeStatus, PaymentRefused, RefundAsk, RefundStatus
from server.settings import Settings
from tests.stripe.events import CONNECTED, OWN, signed
from tests.stripe.server import KEY, FakeStripe, fake_stripe

pytestmark = [pytest.mark.anyio, pytest.mark.row("M1")]

CHARGE, REFUND = UUID(int=1), UUID(int=2)
ALICE, BOB = UUID(int=3), UUID(int=4)


def now() -> datetime:
    return datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
async def fake(anyio_backend: str) -> AsyncIterator[FakeStripe]:
    async with fake_stripe(now) as fake:
        yield fake


@pytest.fixture
async def payments(fake: FakeStripe, tmp_path: Path) -> AsyncIterator[StripePayments]:
    settings = Settings(
        data_dir=tmp_path,
        payments="stripe",
        stripe_secret_key=KEY,  # type: ignore[arg-type]
        stripe_webhook_secret=OWN,  # type: ignore[arg-type]
        stripe_connect_webhook_secret=CONNECTED,  # type: ignore[arg-type]
        stripe_url=fake.books.url,
    )
    payments = StripePayments(settings)
    yield payments
    await payments.close()


@pytest.fixture
async def account(payments: StripePayments, fake: FakeStripe) -> str:
    """One that may take money."""
    account = (await payments.open_merchant(ALICE, "alice@example.org")).account
    fake.books.allow(account)
    return account


def ask(account: str, fee_minor: int = 450) -> CheckoutAsk:
    back = "https://clinic.example/book/held/x"
    return CheckoutAsk(
        CHARGE, account, 4500, "GBP", fee_minor, "Video consultation", "erin@example.org", f"{back}/paid", f"{back}/pay",
        now() + timedelta(minutes=31),
    )  # fmt: skip


async def paid(payments: StripePayments, fake: FakeStripe, account: str) -> str:
    """Return the payment of a checkout that somebody paid."""
    checkout = await payments.open_checkout(ask(account))
    assert fake.books.pay(account, checkout.id, "good") == "paid"
    return str((await payments.find_checkout(account, checkout.id)).payment)


async def test_a_checkout_is_on_the_account_of_whoever_is_paid(payments: StripePayments, fake: FakeStripe, account: str) -> None:
    checkout = await payments.open_checkout(ask(account))
    assert checkout.url.startswith(f"{fake.books.url}/pay/{account}/")
    seen = await payments.find_checkout(account, checkout.id)
    assert (seen.status, seen.payment, seen.minor, seen.currency, seen.charge_id) == (CheckoutStatus.OPEN, None, 4500, "GBP", CHARGE)
    assert fake.books.find(account, checkout.id)["fee"] == 450
    assert fake.asked[-1] == ("/v1/checkout/sessions", account, f"charge:{CHARGE}")
    other = (await payments.open_merchant(BOB, None)).account
    with pytest.raises(PaymentRefused, match="resource_missing"):
        await payments.find_checkout(other, checkout.id)


async def test_a_decline_leaves_it_open_and_a_payment_closes_it(payments: StripePayments, fake: FakeStripe, account: str) -> None:
    checkout = await payments.open_checkout(ask(account, fee_minor=0))
    assert fake.books.pay(account, checkout.id, "bad") == "declined"
    assert (await payments.find_checkout(account, checkout.id)).status == CheckoutStatus.OPEN
    fake.books.pay(account, checkout.id, "good")
    seen = await payments.find_checkout(account, checkout.id)
    assert seen.status == CheckoutStatus.PAID
    assert seen.payment


async def test_what_is_expired_can_be_paid_no_more_and_what_is_paid_stays_paid(
    payments: StripePayments, fake: FakeStripe, account: str
) -> None:
    first = await payments.open_checkout(ask(account))
    assert (await payments.expire_checkout(account, first.id)).status == CheckoutStatus.EXPIRED
    assert (await payments.expire_checkout(account, first.id)).status == CheckoutStatus.EXPIRED
    assert fake.books.pay(account, first.id, "good") == "over"
    second = await payments.open_checkout(replace(ask(account), charge_id=UUID(int=9)))
    fake.books.pay(account, second.id, "good")
    assert (await payments.expire_checkout(account, second.id)).status == CheckoutStatus.PAID


@pytest.mark.parametrize("faults", [["500"], ["429", "500"], ["lost"]], ids=str)
async def test_bad_14_what_may_pass_is_asked_again_and_done_once(
    payments: StripePayments, fake: FakeStripe, account: str, faults: list[str]
) -> None:
    payment = await paid(payments, fake, account)
    fake.faults += faults
    wanted = RefundAsk(REFUND, account, payment, 1000, with_fee=True)
    try:
        seen = await payments.refund(wanted)
    except aiohttp.ClientPayloadError:  # an answer that broke off: the errand comes again
        seen = await payments.refund(wanted)
    assert seen.status == RefundStatus.DONE
    assert fake.books.find(account, payment)["given"] == 1000
    assert fake.books.find(account, seen.id)["with_fee"] is True
    assert not fake.faults


async def test_bad_14_what_does_not_pass_is_worth_another_attempt(payments: StripePayments, fake: FakeStripe, account: str) -> None:
    fake.faults += ["500"] * (1 + stripe_payments.RETRIES)
    with pytest.raises(sdk.APIError):
        await payments.open_checkout(ask(account))
    assert (await payments.open_checkout(ask(account))).id


async def test_bad_14_silence_ends_by_itself(
    payments: StripePayments, fake: FakeStripe, account: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(stripe_payments, "WITHIN_S", 0.2)
    monkeypatch.setattr(stripe_payments, "RETRIES", 0)
    quick = StripePayments(payments._settings)
    fake.faults.append("silence")
    with pytest.raises(sdk.APIConnectionError):
        await quick.open_checkout(ask(account))
    assert (await quick.open_checkout(ask(account))).id
    await quick.close()


async def test_bad_14_refunds_that_cannot_be_are_refused_for_good(payments: StripePayments, fake: FakeStripe, account: str) -> None:
    payment = await paid(payments, fake, account)
    with pytest.raises(PaymentRefused, match="amount_too_large"):
        await payments.refund(RefundAsk(REFUND, account, payment, 4501, with_fee=False))
    fake.books.dispute(account, payment)
    with pytest.raises(PaymentRefused, match="charge_disputed"):
        await payments.refund(RefundAsk(UUID(int=7), account, payment, 100, with_fee=False))
    assert fake.books.find(account, payment)["given"] == 0


async def test_bad_15_the_same_key_with_another_question_does_nothing(payments: StripePayments, fake: FakeStripe, account: str) -> None:
    payment = await paid(payments, fake, account)
    first = await payments.refund(RefundAsk(REFUND, account, payment, 100, with_fee=False))
    assert (await payments.refund(RefundAsk(REFUND, account, payment, 100, with_fee=False))).id == first.id
    with pytest.raises(sdk.IdempotencyError):
        await payments.refund(RefundAsk(REFUND, account, payment, 200, with_fee=False))
    assert fake.books.find(account, payment)["given"] == 100


async def test_an_account_is_opened_once_and_ready_when_stripe_says_so(payments: StripePayments, fake: FakeStripe) -> None:
    seen = await payments.open_merchant(ALICE, None)
    assert (seen.ready, seen.wanting) == (False, ("external_account",))
    assert (await payments.open_merchant(ALICE, None)).account == seen.account
    assert (await payments.onboard(seen.account, "https://a.example/x", "https://a.example/y")).startswith(fake.books.url)
    fake.books.allow(seen.account)
    assert (await payments.find_merchant(seen.account)).ready
    with pytest.raises(PaymentRefused, match="resource_missing"):
        await payments.find_merchant("acct_unknown")


async def test_a_dispute_is_read_with_whose_payment_it_is(payments: StripePayments, fake: FakeStripe, account: str) -> None:
    payment = await paid(payments, fake, account)
    dispute = fake.books.dispute(account, payment)
    seen = await payments.find_dispute(account, dispute["id"])
    assert (seen.payment, seen.minor, seen.currency, seen.reason) == (payment, 4500, "GBP", "fraudulent")
    assert (seen.status, seen.answer_by) == (DisputeStatus.OPEN, datetime.fromtimestamp(dispute["evidence_details"]["due_by"], UTC))
    fake.books.settle(account, dispute["id"], "lost")
    assert (await payments.find_dispute(account, dispute["id"])).status == DisputeStatus.LOST


async def test_a_wrong_key_is_worth_another_attempt(payments: StripePayments, fake: FakeStripe) -> None:
    wrong = payments._settings.model_copy(update={"stripe_secret_key": payments._settings.stripe_webhook_secret})
    other = StripePayments(wrong)
    with pytest.raises(sdk.AuthenticationError):
        await other.find_merchant("acct_0000")
    await other.close()


async def test_bad_13_only_what_stripe_signed_just_now_is_read(payments: StripePayments, fake: FakeStripe, account: str) -> None:
    await paid(payments, fake, account)
    event, read = fake.books.events[-1], reader_of(CONNECTED)
    body, headers = signed(event)
    signature = headers["stripe-signature"]
    told = read(body, signature)
    assert told is not None
    assert (told.kind, told.account, told.charge_id) == ("checkout.session.completed", account, CHARGE)
    old = signed(event, at=time.time() - 301).headers["stripe-signature"]
    for wrong in ("", "t=abc", "t=1", signature.replace("v1", "v0"), signature[:-1], old):
        assert read(body, wrong) is None
    assert read(body + b" ", signature) is None
    assert reader_of(OWN)(body, signature) is None
    no_json = signed({}, at=time.time())
    assert read(*(no_json.body, no_json.headers["stripe-signature"])) is None
