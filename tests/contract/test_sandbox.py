"""The sandbox keeps its word, over a restart too: the same question has the same answer, and nothing is paid or given back twice."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from server.adapters.sandbox_payments import SandboxPayments
from server.core.ids import new_id
from server.ports import CheckoutAsk, CheckoutStatus, PaymentRefused, RefundAsk, RefundStatus
from tests.conftest import MORNING, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("M5")]

ACCOUNT = "sandbox_alice"


def ask(charge_id: UUID) -> CheckoutAsk:
    url = "http://testserver/book/held/x"
    return CheckoutAsk(
        charge_id, ACCOUNT, 4500, "GBP", 0, "Consultation", None, f"{url}/paid", f"{url}/pay", MORNING + timedelta(minutes=30)
    )


def sandbox(folder: Path, clock: StillClock) -> SandboxPayments:
    return SandboxPayments(folder / "sandbox.db", clock.now)


async def test_a_checkout_is_paid_once_and_known_after_a_restart(tmp_path: Path, clock: StillClock) -> None:
    charge_id = new_id()
    checkout = await sandbox(tmp_path, clock).open_checkout(ask(charge_id))
    again = sandbox(tmp_path, clock)
    assert await again.open_checkout(ask(charge_id)) == checkout
    assert again.pay(checkout.id)
    assert again.pay(checkout.id)
    seen = await sandbox(tmp_path, clock).expire_checkout(ACCOUNT, checkout.id)
    assert (seen.status, seen.minor, seen.currency, seen.charge_id) == (CheckoutStatus.PAID, 4500, "GBP", charge_id)
    with pytest.raises(PaymentRefused):
        await again.find_checkout("sandbox_charlie", checkout.id)


@pytest.mark.parametrize("by_time", [True, False])
async def test_what_is_over_is_not_paid(tmp_path: Path, clock: StillClock, by_time: bool) -> None:
    payments = sandbox(tmp_path, clock)
    checkout = await payments.open_checkout(ask(new_id()))
    if by_time:
        clock.advance(30 * 60)
    else:
        await payments.expire_checkout(ACCOUNT, checkout.id)
    assert not payments.pay(checkout.id)
    seen = await payments.find_checkout(ACCOUNT, checkout.id)
    assert (seen.status, seen.payment) == (CheckoutStatus.EXPIRED, None)


@pytest.mark.row("M2")
async def test_bad_14_a_refund_is_given_once_and_never_too_much(tmp_path: Path, clock: StillClock) -> None:
    payments = sandbox(tmp_path, clock)
    checkout = await payments.open_checkout(ask(new_id()))
    payments.pay(checkout.id)
    payment = (await payments.find_checkout(ACCOUNT, checkout.id)).payment or ""
    first, other = RefundAsk(new_id(), ACCOUNT, payment, 3000, with_fee=True), RefundAsk(new_id(), ACCOUNT, payment, 1501, with_fee=True)
    for _ in range(2):
        assert (await payments.refund(first)).status == RefundStatus.DONE
    with pytest.raises(PaymentRefused) as refused:
        await payments.refund(other)
    assert refused.value.code == "too_much"
    with pytest.raises(PaymentRefused):
        await payments.refund(RefundAsk(new_id(), ACCOUNT, "paid_nothing", 1, with_fee=True))
    assert (await payments.find_refund(ACCOUNT, str(first.refund_id))).status == RefundStatus.DONE
