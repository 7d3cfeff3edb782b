"""What an erasure leaves of somebody who paid: the books, and nothing by which they are found anew."""

import pytest
from sqlalchemy import select

from server.core.holdings import BLANK_NAME, Subject, erase, export_of
from server.core.house import House
from server.patients.model import Patient
from server.privacy.registry import HOLDINGS
from server.settings import Settings
from tests.http.paying import PDF, Payer, balances, charges

BOOKS = next(holding for holding in HOLDINGS if holding.name == "billing.books")

pytestmark = [pytest.mark.anyio, pytest.mark.row("M4")]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"payments": "sandbox", "platform_fee_percent": 10})


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


async def test_bad_38_an_erasure_leaves_the_books_as_they_were(house: House, erin: Payer, visit: str) -> None:
    (link,) = PDF.findall((await erin.client.get(f"{visit}/appointment")).text)
    receipt, sums = (await erin.client.get(link)).content, await balances(house)
    async with house.database.write() as tx:
        patient = (await tx.scalars(select(Patient).where(Patient.name == "Erin Evans"))).one()
        who = Subject(None, frozenset({patient.id}))
        books = await export_of(tx, BOOKS, who)
        await erase(tx, HOLDINGS, who)
        assert await export_of(tx, BOOKS, who) == books
    assert await balances(house) == sums
    assert [(charge.name, charge.mobile, charge.email) for charge in await charges(house)] == [(None, None, None)]
    async with house.database.read() as tx:
        assert [one.name for one in await tx.scalars(select(Patient).where(Patient.id == patient.id))] == [BLANK_NAME]
    assert (await erin.client.get(link)).status_code == 404, "the link of the visit went with the consultation"
    assert receipt.startswith(b"%PDF")
