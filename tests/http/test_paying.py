"""Paying online before an appointment is promised: by the sandbox's page, in time, too late, not at all, and what goes back."""

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from server.billing.model import ChargeState
from server.booking.model import AppointmentState, Pays, Service
from server.core.house import House
from server.settings import Settings
from tests.cast import ALICE, Cast
from tests.conftest import ORIGIN, StillClock, browser_of
from tests.http.booking import appointments, offer
from tests.http.paying import Payer, balances, charges

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
