"""What a folder says it holds is what the databases hold: counted, exported and erased on both."""

import json

import pytest
from sqlalchemy import text

from server.core.holdings import BLANK_NAME, Fate, Subject, count_of, erase, export_of, schema_of
from server.core.house import House
from server.privacy.keys import keys_in_use
from server.privacy.registry import HOLDINGS
from tests.cast import ALICE, DANA, Meeting, sign_in_as
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1"), pytest.mark.row("M4")]

SUBJECT = Subject(DANA.person_id, frozenset({DANA.patient_id}))
NOBODY = Subject(None)


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


@pytest.fixture
async def written(house: House, meeting: Meeting, sign_in: SignIn) -> House:
    """A house in which dana has an account, a consultation and its notes."""
    await (await sign_in(ALICE)).post(f"/api/consultations/{meeting.consultation_id}/notes", json={})
    await sign_in_as(house, DANA)
    return house


async def exported(house: House, subject: Subject) -> dict[str, dict[str, list[dict[str, object]]]]:
    async with house.database.read() as tx:
        return {holding.name: await export_of(tx, holding, subject) for holding in HOLDINGS}


async def test_an_export_fits_its_schema_and_holds_no_secret(written: House) -> None:
    before = await exported(written, SUBJECT)
    for holding in HOLDINGS:
        schema = schema_of(holding)["properties"]
        for table, rows in before[holding.name].items():
            assert all(list(row) == schema[table]["items"]["required"] for row in rows), table
    assert before["patients.record"]["patient"][0]["name"] == DANA.name
    assert before["consultation.meetings"]["participant"][0]["name"] == DANA.name
    assert not any(secret in json.dumps(before) for secret in ("argon2", "hash", "Alice"))


async def test_after_an_erasure_nothing_is_left_but_what_the_parts_say(written: House) -> None:
    before = await exported(written, SUBJECT)
    async with written.database.write() as tx:
        await erase(tx, HOLDINGS, SUBJECT)
    once = await exported(written, SUBJECT)
    for holding in HOLDINGS:
        for part in holding.parts:
            rows = once[holding.name].get(part.table.name, [])
            if part.fate is Fate.DELETE:
                assert rows == [], part.table.name
            if part.fate is Fate.KEEP and part.shown:
                assert rows == before[holding.name][part.table.name], part.table.name
    assert DANA.name not in json.dumps(once)
    assert once["identity.account"]["person"][0]["name"] == BLANK_NAME
    async with written.database.write() as tx:
        await erase(tx, HOLDINGS, SUBJECT)
    assert await exported(written, SUBJECT) == once


async def test_an_erased_note_has_no_key_and_troubles_no_keeper_of_keys(written: House) -> None:
    assert sum((await keys_in_use(written.database)).values()) > 0
    async with written.database.write() as tx:
        await erase(tx, HOLDINGS, SUBJECT)
    assert await keys_in_use(written.database) == {}
    async with written.database.read() as tx:
        assert set(await tx.scalars(text("SELECT length(data_key) FROM note"))) == {0}


async def test_nobody_has_nothing(written: House) -> None:
    async with written.database.read() as tx:
        assert [await count_of(tx, holding, NOBODY) for holding in HOLDINGS] == [0] * len(HOLDINGS)
