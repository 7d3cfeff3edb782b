"""Fixtures of the patient's pages, of patients' records, and of what somebody has paid."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette

from server.billing.model import Charge
from server.booking.model import Pays, Service
from server.core.house import House
from tests.cast import ALICE, Cast, Meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.booking import offer
from tests.http.paying import Payer, charges
from tests.http.recording import lay_out
from tests.http.visiting import YES

PRICE = 4500
TIME = "2026-03-03T09:20Z"


@pytest.fixture
def base(meeting: Meeting) -> str:
    """Where dana's pages are."""
    return f"/v/{meeting.visit_id}"


@pytest.fixture
async def dana(app: Starlette, meeting: Meeting) -> httpx2.AsyncClient:
    """dana's browser, which has opened the link."""
    return browser_of(app, {"visit": meeting.token})


@pytest.fixture
async def agreed(dana: httpx2.AsyncClient, base: str) -> httpx2.AsyncClient:
    """dana, who has agreed to everything."""
    assert (await dana.post(f"{base}/consent", data=YES)).status_code == 303
    return dana


@pytest.fixture
async def notes(meeting: Meeting, sign_in: SignIn) -> dict[str, str]:
    """Alice's notes about dana, by kind."""
    return await lay_out(await sign_in(ALICE), meeting)


@pytest.fixture
async def paid_service(house: House, cast: Cast, clock: StillClock) -> Service:
    """What dr_alice is paid for online; the module has a provider in its settings."""
    async with house.database.write() as tx:
        return await offer(tx, clock.now(), price_minor=PRICE, pays=Pays.ONLINE, late_fee_percent=0, name="=Video consultation")


@pytest.fixture
async def erin(app: Starlette, paid_service: Service) -> AsyncIterator[Payer]:
    async with browser_of(app) as client:
        yield Payer(client, paid_service, ALICE.professional_id)


@pytest.fixture
async def visit(erin: Payer) -> str:
    """The address of erin's visit, once she has paid."""
    back = await erin.pay(await erin.to_the_till(TIME))
    arrived = await erin.client.get(back)
    return arrived.headers["location"].removesuffix("/appointment?booked")


@pytest.fixture
async def charge(house: House, visit: str) -> Charge:
    (charge,) = await charges(house)
    return charge
