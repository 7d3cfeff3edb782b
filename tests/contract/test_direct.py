"""A statement that goes to the driver directly does, and fails, as one does that goes through SQLAlchemy."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import anyio
import pytest
from sqlalchemy import Table, bindparam, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from server.access.model import Practice
from server.core import direct
from server.core.db import Database
from server.core.direct import execute
from server.core.one_trip import Line
from tests.cast import CLINIC, ELSEWHERE, seat_cast
from tests.conftest import MORNING

pytestmark = [pytest.mark.anyio, pytest.mark.row("L6")]

PRACTICES: Table = Practice.metadata.tables["practice"]
NAMED = bindparam("of", type_=PRACTICES.c.id.type)
RENAME = update(PRACTICES).where(PRACTICES.c.id == NAMED).values(name=bindparam("name"))
MOVE = RENAME.values(id=bindparam("to", type_=NAMED.type))
RENAME_ALL = update(PRACTICES).values(name=bindparam("name"))
LOSE_OTHERS = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")


@pytest.fixture
async def seated(database: Database) -> Database:
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
    return database


async def name_of(database: Database, practice_id: UUID = CLINIC) -> str:
    async with database.read() as tx:
        return str(await tx.scalar(select(Practice.name).where(Practice.id == practice_id)))


async def run(database: Database, values: Mapping[str, Any], *statements: Any) -> int:
    async with database.write() as tx:
        return await execute(tx, statements, values)


async def test_it_counts_the_rows_that_it_changed(seated: Database) -> None:
    assert await run(seated, {"of": CLINIC, "name": "Renamed"}, RENAME) == 1
    assert await run(seated, {"of": UUID(int=1), "name": "Renamed"}, RENAME) == 0
    assert (await name_of(seated), await name_of(seated, ELSEWHERE) == "Renamed") == ("Renamed", False)


async def test_what_was_added_before_is_there(seated: Database) -> None:
    fresh = UUID(int=5)
    async with seated.write() as tx:
        tx.add(Practice(id=fresh, name="Fresh", phone=None, time_zone="Europe/London"))
        assert await execute(tx, [RENAME], {"of": fresh, "name": "Found"}) == 1
    assert await name_of(seated, fresh) == "Found"


async def test_what_fails_has_sqlalchemys_name_leaves_nothing_and_repeats_no_value(seated: Database) -> None:
    before = await name_of(seated)

    async def fail() -> None:
        async with seated.write() as tx:
            await execute(tx, [RENAME], {"of": CLINIC, "name": "Never"})
            await execute(tx, [MOVE], {"of": CLINIC, "to": ELSEWHERE, "name": "Secret Name"})

    with pytest.raises(IntegrityError) as failed:
        await fail()
    assert "Secret Name" not in str(failed.value)
    assert await name_of(seated) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_sqlite_takes_several_in_one_round_trip(seated: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask = Line.ask

    def counting(line: Line, *words: Any) -> Any:
        asked.append(words[-2])
        return ask(line, *words)

    monkeypatch.setattr(Line, "ask", counting)
    changed = await run(seated, {"of": CLINIC, "name": "Last"}, RENAME_ALL, RENAME)
    assert (changed, len(asked)) == (1, 2), "begin, and both together"
    assert await name_of(seated, ELSEWHERE) == "Last"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_connection_that_was_lost_is_an_outage_and_replaced(seated: Database) -> None:
    lost = "Lost"

    async def lose() -> None:
        async with seated.write() as tx:
            await execute(tx, [RENAME], {"of": CLINIC, "name": lost})
            async with seated.read() as other:
                await other.execute(LOSE_OTHERS)
            await execute(tx, [RENAME], {"of": CLINIC, "name": lost})

    with pytest.raises(OperationalError) as failed:
        await lose()
    assert failed.value.connection_invalidated
    assert await name_of(seated) != lost
    assert await run(seated, {"of": CLINIC, "name": "Again"}, RENAME) == 1


async def test_one_that_is_cancelled_on_its_way_changes_and_holds_nothing(seated: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()
    ask = direct._ask

    async def noted(*question: Any) -> int:
        asked.set()
        return await ask(*question)

    async def rename() -> None:
        async with seated.write() as tx:
            await tx.scalar(select(Practice.name))  # PostgreSQL begins with the first statement
            await execute(tx, [RENAME], {"of": CLINIC, "name": "Never"})

    monkeypatch.setattr(direct, "_ask", noted)
    for _ in range(10):
        asked.clear()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rename)
            await asked.wait()
            tasks.cancel_scope.cancel()
    assert await name_of(seated) != "Never"
    assert await run(seated, {"of": CLINIC, "name": "After"}, RENAME) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_line_that_was_closed_is_an_outage(seated: Database) -> None:
    async def lose() -> None:
        async with seated.write() as tx:
            line = (await (await tx.connection()).get_raw_connection()).driver_connection
            assert line is not None
            await line.close()
            await execute(tx, [RENAME], {"of": CLINIC, "name": "Lost"})

    with pytest.raises(OperationalError) as failed:
        await lose()
    assert failed.value.connection_invalidated
    assert await run(seated, {"of": CLINIC, "name": "Again"}, RENAME) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_earlier_one_that_fails_leaves_nothing(seated: Database) -> None:
    before = await name_of(seated)
    with pytest.raises(IntegrityError):
        await run(seated, {"of": CLINIC, "to": ELSEWHERE, "name": "Never"}, MOVE, RENAME)
    assert await name_of(seated) == before
