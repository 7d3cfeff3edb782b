"""Which records are shown to whoever is about to enter the same person again, out of very many."""

from datetime import timedelta

import pytest

from server.consultation import known
from server.consultation.known import Written, find_like
from server.core.house import House
from tests.cast import ALICE, Cast, Guest, add_meeting
from tests.conftest import StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("N8")]

NOBODY = Written("Zed Quill", None, None)


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def enter(house: House, clock: StillClock, *guests: Guest) -> None:
    """Enter patients, the newest last."""
    async with house.database.write() as tx:
        for number, guest in enumerate(guests):
            await add_meeting(tx, house.secrets, clock.now(), guest=guest, scheduled_at=clock.now() + timedelta(minutes=number))


async def found(house: House, written: Written) -> list[str]:
    async with house.database.read() as tx:
        return [like.known.name for like in await find_like(tx, ALICE.viewer, written, "GB")]


@pytest.mark.parametrize("written", [
    Written("Hanna Cole", None, "QUINN@example.org"),
    Written("Hanna Cole", "07700 900123", None),
    Written("Anne Quincy", None, None),
], ids=["email", "number", "name"])  # fmt: skip
async def test_of_very_many_the_true_double_is_found(
    house: House, cast: Cast, clock: StillClock, monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    monkeypatch.setattr(known, "MOST_COMPARED", 3)
    others = [Guest(f"Hanna Collins {number}", f"+4477009002{number:02}", f"{number}@example.org") for number in range(4)]
    await enter(house, clock, Guest("Ann Quincy", "+447700900123", "quinn@example.org"), *others)
    assert "Ann Quincy" in await found(house, written)


@pytest.mark.parametrize("mobile", ["(07700) 900-123", "07700.900.123", "+44 7700 900 123"])
async def test_a_number_is_found_however_it_was_written(house: House, cast: Cast, clock: StillClock, mobile: str) -> None:
    await enter(house, clock, Guest("Ann Quincy", mobile, "aq@example.org"))
    assert await found(house, NOBODY._replace(mobile="+447700900123")) == ["Ann Quincy"]
    assert await found(house, NOBODY) == []


async def test_a_name_is_found_with_every_word_misspelt(house: House, cast: Cast, clock: StillClock) -> None:
    await enter(house, clock, Guest("Catherine Jones", "+447700900124", "cj@example.org"))
    assert await found(house, Written("Cathrine Jonse", None, None)) == ["Catherine Jones"]
