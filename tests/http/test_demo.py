"""The demo's people and their sign-ins, over restarts that ended anywhere."""

import httpx2
import pytest
from sqlalchemy import func, select

from server.core.house import House
from server.demo import DemoFacts, kept_path, seed_demo
from server.identity.model import Credential, Person
from server.settings import BadSettings
from tests.cast import Cast
from tests.conftest import ORIGIN

pytestmark = pytest.mark.anyio


async def signs_in(client: httpx2.AsyncClient, facts: DemoFacts, username: str) -> bool:
    form = {"username": username, "password": facts.passwords[username]}
    return (await client.post("/sign-in", data=form)).status_code == 303


async def people(house: House) -> int:
    async with house.database.read() as tx:
        return await tx.scalar(select(func.count(Person.id))) or 0


async def test_a_second_start_finds_the_same_people(house: House, client: httpx2.AsyncClient) -> None:
    first, second = await seed_demo(house, ORIGIN), await seed_demo(house, ORIGIN)
    assert first == second
    assert await people(house) == 6
    assert (await client.get(second.patient_link)).status_code == 303


async def test_people_without_their_file_get_new_passwords(house: House, client: httpx2.AsyncClient) -> None:
    """The first start was killed between the two, or somebody deleted the file."""
    before = await seed_demo(house, ORIGIN)
    assert await signs_in(client, before, "dr_alice")
    kept_path(house.settings.data_dir).unlink()
    after = await seed_demo(house, ORIGIN)
    assert (await client.get("/api/today")).status_code == 401
    assert await people(house) == 6
    assert not await signs_in(client, before, "dr_alice")
    for username in after.passwords:
        assert await signs_in(client, after, username)


async def test_another_practice_is_left_alone(house: House, cast: Cast) -> None:
    async with house.database.write() as tx:
        alice = (await tx.scalars(select(Credential).where(Credential.username == "dr_alice"))).one()
        alice.username = "a.ahmed"
    with pytest.raises(BadSettings, match="another practice"):
        await seed_demo(house, ORIGIN)
    assert not kept_path(house.settings.data_dir).exists()
