"""Stripe itself, in its test mode: only where somebody gives a key of it, for it leaves this machine."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from server.adapters.stripe_payments import StripePayments
from server.ports import CheckoutStatus, PaymentRefused
from server.settings import Settings
from tests.contract.test_stripe import ask

KEY, ACCOUNT = os.environ.get("CONSILIUM_TEST_STRIPE_KEY", ""), os.environ.get("CONSILIUM_TEST_STRIPE_ACCOUNT", "")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.row("M1"),
    pytest.mark.skipif(not KEY.startswith("sk_test_"), reason="CONSILIUM_TEST_STRIPE_KEY holds no key of Stripe's test mode"),
]


@pytest.fixture
async def payments(tmp_path: Path) -> AsyncIterator[StripePayments]:
    secrets = {"stripe_secret_key": KEY, "stripe_webhook_secret": "unused", "stripe_connect_webhook_secret": "unused"}
    payments = StripePayments(Settings.model_validate({"data_dir": tmp_path, "payments": "stripe", **secrets}))
    yield payments
    await payments.close()


async def test_an_account_is_opened_and_not_ready(payments: StripePayments) -> None:
    professional_id = uuid4()
    seen = await payments.open_merchant(professional_id, None)
    assert not seen.ready
    assert seen.wanting
    assert (await payments.open_merchant(professional_id, None)).account == seen.account
    assert (await payments.onboard(seen.account, "https://clinic.example/a", "https://clinic.example/b")).startswith(
        "https://connect.stripe.com/"
    )
    with pytest.raises(PaymentRefused):
        await payments.open_checkout(replace(ask(seen.account), charge_id=uuid4(), expires_at=_soon()))


@pytest.mark.skipif(not ACCOUNT, reason="CONSILIUM_TEST_STRIPE_ACCOUNT names no connected account that may take test cards")
async def test_a_checkout_is_opened_and_expired(payments: StripePayments) -> None:
    wanted = replace(ask(ACCOUNT), charge_id=uuid4(), expires_at=_soon())
    checkout = await payments.open_checkout(wanted)
    assert (await payments.open_checkout(wanted)).id == checkout.id
    seen = await payments.find_checkout(ACCOUNT, checkout.id)
    assert (seen.status, seen.minor, seen.currency, seen.charge_id) == (
        CheckoutStatus.OPEN,
        wanted.minor,
        wanted.currency,
        wanted.charge_id,
    )
    assert (await payments.expire_checkout(ACCOUNT, checkout.id)).status == CheckoutStatus.EXPIRED


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=31)  # noqa: TID251 - Stripe's clock is the real one
