"""Long queues of the practice come in pages, each with its ways to the others, and count whole where they are counted."""

import re

import pytest

from server.access.model import Practice
from server.core import paging
from server.core.house import House
from server.core.paging import LAST, page_of
from server.patients.doors import OwnRecord
from server.patients.model import Patient
from server.privacy.requests import ask
from tests.cast import ALICE, CLINIC, DANA, OLGA, Meeting
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1")]

QUEUE = "/practice/requests"
ENTRY = re.compile(r'href="/(?:practice/requests|erasures)/([0-9a-f-]{36})"')


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.mark.parametrize(
    ("text", "page"), [(None, 1), ("", 1), ("3", 3), ("0", 1), ("-1", 1), ("x", 1), ("٣", 1), ("999999", LAST), ("9" * 30, 1)]
)
def test_an_address_asks_for_a_page_that_there_can_be(text: str | None, page: int) -> None:
    assert page_of(text) == page


async def test_a_queue_is_read_page_by_page(
    house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_OF", 2)
    async with house.database.write() as tx:
        own = OwnRecord(await tx.get_one(Patient, DANA.patient_id), await tx.get_one(Practice, CLINIC))
        made = [str((await ask(tx, house.keyring, own, "erasure", "Please.", clock.now())).id) for _ in range(5)]
    olga, alice = await sign_in(OLGA), await sign_in(ALICE)
    for client, path in ((olga, QUEUE), (alice, "/erasures")):
        pages = [(await client.get(f"{path}?page={number}")).text for number in (1, 2, 3, 4)]
        found = [ENTRY.findall(page) for page in pages]
        assert [len(set(one)) for one in found] == [2, 2, 1, 0]
        assert sorted(one for page in found for one in set(page)) == sorted(made)
        assert [f'href="{path}?page={number + 1}" rel="next"' in page for number, page in enumerate(pages, 1)] == [True, True, False, False]
        assert f'href="{path}?page=3" rel="prev"' in pages[3], "whoever went too far finds back"
    assert "5 requests about data" in (await olga.get("/practice")).text
