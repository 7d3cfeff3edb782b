"""Somebody who pays for an appointment on the sandbox's page, and what becomes of the money."""

import io
import re
from dataclasses import dataclass

import httpx2
import pypdf
from sqlalchemy import select

from server.billing.model import Charge, LedgerLine, Refund
from server.core.house import House
from tests.http.booking import ERIN, Booker

PDF = re.compile(r'href="([^"]+/documents/[^"]+)"')
PAY_LINK = re.compile(r'href="(http[^"]*/sandbox/pay/[^"]+)"')


@dataclass
class Payer(Booker):
    """A browser that books what is paid online."""

    async def to_the_till(self, time: str, details: dict[str, str] = ERIN) -> str:
        """Choose a time and say who one is; returns where the time is held, its payment begun."""
        held = await self.choose(time)
        assert (await self.client.post(held, data=details)).headers["location"] == f"{held}/check"
        answer = await self.client.post(f"{held}/check")
        assert answer.headers["location"] == f"{held}/pay", answer.text
        return held

    async def provider_page(self, held: str) -> str:
        """Return the address of the provider's page."""
        page = await self.client.get(f"{held}/pay")
        assert page.status_code == 200, page.text
        return PAY_LINK.findall(page.text)[0]

    async def pay(self, held: str, card: str = "good") -> str:
        """Use a card on the provider's page; returns where that leads, or what is said."""
        answer = await self.client.post(await self.provider_page(held), data={"card": card})
        return answer.headers.get("location", answer.text)


async def charges(house: House) -> list[Charge]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Charge).order_by(Charge.created_at, Charge.n)))


async def refunds(house: House) -> list[Refund]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Refund).order_by(Refund.requested_at)))


async def balances(house: House) -> dict[str, int]:
    """Return what each account of the ledger has, those with nothing left out; every entry must sum to zero."""
    sums: dict[str, int] = {}
    entries: dict[object, int] = {}
    async with house.database.read() as tx:
        for line in await tx.scalars(select(LedgerLine)):
            sums[line.account] = sums.get(line.account, 0) + line.minor
            entries[line.entry_id] = entries.get(line.entry_id, 0) + line.minor
    assert set(entries.values()) <= {0}
    return {account: minor for account, minor in sums.items() if minor}


def text_of(answer: httpx2.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
