"""Nobody books a professional who was not reviewed, or who has gone, alone or in a team that has ended."""

from datetime import datetime

import httpx2
import pytest

from server.access.model import Professional, Review, Team
from server.booking.model import Service
from server.core.house import House
from tests.cast import ALICE, NORTH, Cast
from tests.conftest import StillClock
from tests.http.booking import offer, offer_team

pytestmark = [pytest.mark.anyio, pytest.mark.row("P2")]

TIME = {"time": "2026-03-03T09:00Z"}


async def change(house: House, review: Review, ended_at: datetime | None = None) -> None:
    async with house.database.write() as tx:
        alice = await tx.get_one(Professional, ALICE.professional_id)
        alice.review, alice.ended_at = review, ended_at


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        return await offer(tx, clock.now())


@pytest.mark.parametrize("review", [Review.PENDING, Review.RETURNED, Review.REJECTED])
async def test_who_is_not_approved_has_no_public_page(client: httpx2.AsyncClient, house: House, service: Service, review: Review) -> None:
    front = f"/book/{ALICE.professional_id}"
    assert (await client.get(front)).status_code == 200
    await change(house, review)
    for path in (front, f"{front}/{service.id}"):
        assert (await client.get(path)).status_code == 404
    assert (await client.post(f"{front}/{service.id}", data=TIME)).status_code == 404
    await change(house, Review.APPROVED)
    assert (await client.get(front)).status_code == 200


async def test_who_has_gone_has_no_public_page(client: httpx2.AsyncClient, house: House, service: Service) -> None:
    await change(house, Review.APPROVED, house.clock.now())
    assert (await client.get(f"/book/{ALICE.professional_id}")).status_code == 404


async def test_a_team_does_not_show_who_is_not_approved_nor_its_end(client: httpx2.AsyncClient, house: House, cast: Cast) -> None:
    async with house.database.write() as tx:
        await offer_team(tx, house.clock.now())
    front = f"/book/{NORTH}"
    assert "Dr Alice Ahmed" in (await client.get(front)).text
    await change(house, Review.PENDING)
    page = await client.get(front)
    assert (page.status_code, "Dr Alice Ahmed" in page.text) == (200, False)
    async with house.database.write() as tx:
        (await tx.get_one(Team, NORTH)).ended_at = house.clock.now()
    assert (await client.get(front)).status_code == 404
