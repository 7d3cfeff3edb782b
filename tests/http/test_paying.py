"""Paying online before an appointment is promised: by the sandbox's page, in time, too late, not at all, and what goes back."""

import re
from collections.abc import AsyncIterator

import anyio
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.access.restrictions import Restriction
from server.billing.jobs import handlers, settle_open
from server.billing.model import ChargeState, RefundState
from server.booking.model import AppointmentState, Pays, Service
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import Errand
from server.ports import PaymentRefused
from server.settings import Settings
from tests.cast import ALICE, CLINIC, DANA, Cast
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of
from tests.http.booking import ERIN, appointments, offer
from tests.http.paying import PDF, Payer, balances, charges, refunds, text_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("M5")]

TIME = "2026-03-03T09:20Z"
PRICE = 4500


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"payments": "sandbox"})


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        terms = {"price_minor": PRICE, "pays": Pays.ONLINE, "late_fee_percent": 50, "no_show_fee_percent": 100}
        return await offer(tx, clock.now(), **terms)


@pytest.fixture
async def erin(app: Starlette, service: Service) -> AsyncIterator[Payer]:
    async with browser_of(app) as client:
        yield Payer(client, service, ALICE.professional_id)


@pytest.fixture
async def other(app: Starlette, service: Service) -> AsyncIterator[Payer]:
    async with browser_of(app) as client:
        yield Payer(client, service, ALICE.professional_id)


async def test_an_appointment_is_promised_once_it_is_paid(erin: Payer, house: House) -> None:
    held = await erin.to_the_till(TIME)
    assert (await appointments(house))[0].state == AppointmentState.HELD
    back = await erin.pay(held)
    assert back == f"{ORIGIN}{held}/paid"
    arrived = await erin.client.get(back)
    assert arrived.status_code == 303
    assert arrived.headers["location"].startswith("/v/")
    page = (await erin.client.get(arrived.headers["location"])).text
    assert "Your appointment is booked" in page
    assert "You paid £45.00" in page
    (charge,) = await charges(house)
    assert (charge.state, charge.minor, charge.currency, charge.name, charge.email) == (ChargeState.PAID, PRICE, "GBP", None, None)
    assert (await appointments(house))[0].state == AppointmentState.CONFIRMED
    assert await balances(house) == {"patient": -PRICE, "merchant": PRICE}


async def test_the_way_is_read_before_it_is_gone(erin: Payer) -> None:
    assert "£45.00 · you pay online when you book" in (await erin.client.get(f"/book/{ALICE.professional_id}")).text
    held = await erin.choose(TIME, **ERIN)
    page = (await erin.client.get(f"{held}/check")).text
    for words in (
        "You pay £45.00 now. The appointment is yours once it is paid.", "You can cancel until today, 09:20",
        "It is so soon that cancelling costs you £22.50.", "Should you not come, it costs you £45.00.", "Continue to payment",
    ):  # fmt: skip
        assert (words in page) == ("until today" not in words), words


async def test_a_card_that_is_declined_and_then_one_that_works(erin: Payer, house: House) -> None:
    held = await erin.to_the_till(TIME)
    provider = await erin.provider_page(held)
    page = await erin.client.get(provider)
    for words in ("SANDBOX", "No money moves.", "£45.00", "Video consultation"):
        assert words in page.text
    declined = await erin.client.post(provider, data={"card": "bad"})
    assert declined.status_code == 402
    assert "The card was declined" in declined.text
    assert (await charges(house))[0].state == ChargeState.OPEN
    assert (await appointments(house))[0].state == AppointmentState.HELD
    assert "Pay £45.00 now" in (await erin.client.get(f"{held}/pay")).text
    assert (await erin.client.get(await erin.pay(held))).headers["location"].startswith("/v/")
    assert len(await charges(house)) == 1


async def test_bad_30_nothing_is_booked_by_going_round_the_till(erin: Payer, house: House) -> None:
    held = await erin.to_the_till(TIME)
    waiting = await erin.client.get(f"{held}/paid")
    assert "We are waiting for your payment" in waiting.text
    assert re.search(r'<script[^>]* src="/static/paid-[^"]+"', waiting.text)
    assert (await erin.client.post(f"{held}/check")).headers["location"] == f"{held}/pay"
    assert (await appointments(house))[0].state == AppointmentState.HELD
    assert len(await charges(house)) == 1


async def test_nobody_else_sees_the_way_to_pay(erin: Payer, other: Payer) -> None:
    held = await erin.to_the_till(TIME)
    for page in ("pay", "paid"):
        answer = await other.client.get(f"{held}/{page}")
        assert answer.status_code == 409
        assert "sandbox/pay" not in answer.text
    assert (await other.client.get("/sandbox/pay/play_nothing")).status_code == 404
    assert (await other.client.post("/sandbox/pay/play_nothing", data={"card": "good"})).status_code == 404


async def test_whoever_never_comes_back_has_the_appointment_all_the_same(erin: Payer, house: House, clock: StillClock) -> None:
    held = await erin.to_the_till(TIME)
    await erin.pay(held)
    assert (await appointments(house))[0].state == AppointmentState.HELD
    clock.advance(180)
    assert await settle_open(house) == 0
    assert (await appointments(house))[0].state == AppointmentState.CONFIRMED
    for page in ("", "/check", "/pay", "/paid"):
        assert (await erin.client.get(held + page)).headers["location"].startswith("/v/")


@pytest.mark.row("B3")
async def test_bad_09_what_is_paid_after_the_hold_while_the_time_is_free(erin: Payer, house: House, clock: StillClock) -> None:
    """The provider's page was paid in its last minute, and nobody came back before the hold was over."""
    held = await erin.to_the_till(TIME)
    clock.advance(29 * 60)
    await erin.pay(held)
    clock.advance(10 * 60)
    assert (await erin.client.get(f"{held}/paid")).headers["location"].startswith("/v/")
    assert await refunds(house) == []


@pytest.mark.row("B3")
async def test_bad_09_what_is_paid_after_the_hold_when_the_time_is_taken(
    erin: Payer, other: Payer, house: House, clock: StillClock
) -> None:
    held = await erin.to_the_till(TIME)
    await erin.pay(held)
    clock.advance(36 * 60)
    await other.choose(TIME)
    page = (await erin.client.get(f"{held}/paid")).text
    assert "Your payment goes back to you" in page
    assert "You get £45.00 back, all of it." in page
    await settled(house)
    assert [refund.minor for refund in await refunds(house)] == [PRICE]
    assert await balances(house) == {}
    page = (await erin.client.get(f"{held}/pay")).text
    assert "Your payment goes back to you" in page
    note, receipt = PDF.findall(page)
    assert "Total paid £45.00" in text_of(await erin.client.get(receipt))
    assert "Total credited £45.00" in text_of(await erin.client.get(note))
    assert (await other.client.get(receipt)).status_code == 404


@pytest.mark.row("L1")
async def test_what_is_paid_for_a_record_that_was_restricted_meanwhile_goes_back(
    service: Service, house: House, sign_in: SignIn, clock: StillClock
) -> None:
    dana = Payer(await sign_in(DANA), service, ALICE.professional_id)
    held = await dana.to_the_till(TIME, {"name": DANA.name, "mobile": DANA.mobile, "email": DANA.email})
    async with house.database.write() as tx:
        tx.add(
            Restriction(
                id=new_id(), practice_id=CLINIC, patient_id=DANA.patient_id, reason="Asked", began_at=clock.now(), lift_reason=None,
                announced_at=None, ends_at=None,
            )
        )  # fmt: skip
    await dana.pay(held)
    await dana.client.get(f"{held}/paid")
    await settled(house)
    assert [refund.minor for refund in await refunds(house)] == [PRICE]
    assert [one.state for one in await appointments(house)] == ["cancelled"]


async def test_the_provider_takes_nothing_for_a_time_that_was_given_back(erin: Payer, house: House) -> None:
    held = await erin.to_the_till(TIME)
    provider = await erin.provider_page(held)
    await erin.client.post(f"{held}/leave", data=ERIN)
    await settled(house)
    assert [charge.state for charge in await charges(house)] == [ChargeState.EXPIRED]
    assert "This cannot be paid any more." in (await erin.client.post(provider, data={"card": "good"})).text
    assert await balances(house) == {}


async def test_a_page_that_can_no_longer_be_paid_is_opened_anew(erin: Payer, house: House, clock: StillClock) -> None:
    held = await erin.to_the_till(TIME)
    clock.advance(31 * 60)
    page = await erin.client.get(f"{held}/pay")
    assert "No money was taken" in page.text
    assert (await erin.client.post(f"{held}/check")).headers["location"] == f"{held}/pay"
    assert (await erin.client.get(await erin.pay(held))).headers["location"].startswith("/v/")
    assert [charge.state for charge in await charges(house)] == [ChargeState.EXPIRED, ChargeState.PAID]


@pytest.mark.row("B4")
async def test_who_cancels_reads_what_comes_back_and_gets_it(erin: Payer, house: House) -> None:
    held = await erin.to_the_till("2026-03-05T09:20Z")
    base = (await erin.client.get(await erin.pay(held))).headers["location"].partition("/appointment")[0]
    page = (await erin.client.get(f"{base}/cancel")).text
    assert "You paid £45.00 and get £45.00 back." in page
    assert "SANDBOX" in page
    version = page.partition('name="version" value="')[2].partition('"')[0]
    assert (await erin.client.post(f"{base}/cancel", data={"version": version})).status_code == 303
    await settled(house)
    (refund,) = await refunds(house)
    assert (refund.minor, refund.state) == (PRICE, RefundState.DONE)
    closed = (await erin.client.get(base)).text
    assert "£45.00 went back to you." in closed
    assert await balances(house) == {}


@pytest.mark.row("B4")
async def test_who_cancels_late_keeps_what_was_promised(erin: Payer, house: House) -> None:
    held = await erin.to_the_till(TIME)
    base = (await erin.client.get(await erin.pay(held))).headers["location"].partition("/appointment")[0]
    page = (await erin.client.get(f"{base}/cancel")).text
    assert "You paid £45.00 and get £22.50 back." in page
    assert "The practice keeps £22.50, because it is so soon." in page
    version = page.partition('name="version" value="')[2].partition('"')[0]
    assert (await erin.client.post(f"{base}/cancel", data={"version": version})).status_code == 303
    await settled(house)
    assert await balances(house) == {"patient": -PRICE // 2, "merchant": PRICE // 2}


async def settled(house: House) -> None:
    """Wait until the application's own worker has run the errands of money."""
    undone = select(func.count()).select_from(Errand).where(Errand.kind.in_(handlers(house)), Errand.done_at.is_(None))
    with anyio.fail_after(20):
        while True:
            async with house.database.read() as tx:
                if not await tx.scalar(undone):
                    return
            await anyio.sleep(0.01)


PAID_ELSEWHERE = [
    (Pays.INVOICE, "The practice sends you an invoice over £45.00."),
    (Pays.PRACTICE, "You pay £45.00 at the practice, not now."),
]


@pytest.mark.parametrize(("pays", "words"), PAID_ELSEWHERE)
async def test_what_is_not_paid_online_is_booked_at_once(erin: Payer, house: House, pays: Pays, words: str) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Service, erin.service.id)).pays = pays
    held = await erin.choose(TIME, **ERIN)
    assert words in (await erin.client.get(f"{held}/check")).text
    location = (await erin.client.post(f"{held}/check")).headers["location"]
    assert words in (await erin.client.get(location)).text
    assert await charges(house) == []


async def test_what_costs_nothing_needs_no_till(erin: Payer, house: House) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Service, erin.service.id)).price_minor = 0
    assert (await erin.book(TIME)).startswith("/v/")
    assert await charges(house) == []


async def test_bad_30_the_page_of_the_sandbox_shows_nothing_of_who_pays(erin: Payer) -> None:
    page = (await erin.client.get(await erin.provider_page(await erin.to_the_till(TIME)))).text
    assert not any(word in page for word in ("Erin", "0077", "example.org"))


@pytest.mark.row("M2")
async def test_bad_14_a_provider_that_does_not_answer_keeps_nobody_from_trying_again(
    erin: Payer, house: House, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*asked: object) -> None:
        raise TimeoutError

    with monkeypatch.context() as broken:
        broken.setattr(house.payments, "open_checkout", silent)
        held = await erin.to_the_till(TIME)
        page = await erin.client.get(f"{held}/pay")
        assert "The page of the payment provider could not be opened." in page.text
    assert (await erin.client.post(f"{held}/check")).headers["location"] == f"{held}/pay"
    await erin.pay(held)
    with monkeypatch.context() as broken:
        broken.setattr(house.payments, "find_checkout", silent)
        assert "We are waiting for your payment" in (await erin.client.get(f"{held}/paid")).text
        clock.advance(180)
        assert await settle_open(house) == 1
    assert (await erin.client.get(f"{held}/paid")).headers["location"].startswith("/v/")
    assert len(await charges(house)) == 1


@pytest.mark.row("M2")
async def test_bad_14_what_the_provider_refuses_is_taken_down(erin: Payer, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*asked: object) -> None:
        raise PaymentRefused("account_closed")

    with monkeypatch.context() as closed:
        closed.setattr(house.payments, "open_checkout", refused)
        await erin.to_the_till("2026-03-04T09:20Z")
    assert [(charge.state, charge.name) for charge in await charges(house)] == [(ChargeState.REFUSED, None)]
    held = await erin.to_the_till(TIME)
    base = (await erin.client.get(await erin.pay(held))).headers["location"].partition("/appointment")[0]
    version = (await erin.client.get(f"{base}/cancel")).text.partition('name="version" value="')[2].partition('"')[0]
    monkeypatch.setattr(house.payments, "refund", refused)
    assert (await erin.client.post(f"{base}/cancel", data={"version": version})).status_code == 303
    await settled(house)
    assert [refund.state for refund in await refunds(house)] == [RefundState.FAILED]
    assert await balances(house) == {"patient": -PRICE, "merchant": PRICE}
