"""What the rest of the house relies on when it opens a transaction, on both databases."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from uuid import UUID

import anyio
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from server.access.model import Practice, Team
from server.adapters.memory_bus import MemoryBus
from server.core import db
from server.core.db import POOL_SIZE, STORAGE_ERRORS, Database, Events, Tx
from server.core.ids import new_id
from server.identity.actions import find_credential
from server.identity.model import Credential, LoginSession
from tests.cast import ALICE, CLINIC, seat_cast
from tests.conftest import MORNING

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class TeamNamed:
    team_id: UUID


class HintLog(MemoryBus):
    """A bus that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[str] = []

    def publish(self, topic: str) -> None:
        self.published.append(topic)


async def names(database: Database) -> list[str]:
    async with database.read() as tx:
        return list(await tx.scalars(select(Practice.name).order_by(Practice.name)))


def practice(name: str) -> Practice:
    return Practice(id=new_id(), name=name, phone=None, time_zone="Europe/London")


async def test_what_is_written_is_read_by_the_next(database: Database) -> None:
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
    async with database.read() as tx:
        credential = await find_credential(tx, " DR_Alice ")
    assert credential is not None
    assert credential.person_id == ALICE.person_id


@pytest.mark.parametrize("offset_h", [0, 2, -11])
async def test_times_come_back_aware_and_in_utc(database: Database, offset_h: int) -> None:
    told = MORNING.astimezone(timezone(timedelta(hours=offset_h)))
    async with database.write() as tx:
        await seat_cast(tx, told)
    async with database.read() as tx:
        read = (await tx.scalars(select(Credential.changed_at))).first()
    assert read == MORNING
    assert read.utcoffset() == timedelta()


async def test_a_time_without_zone_is_refused(database: Database) -> None:
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
    naive = datetime(2026, 3, 2, 10, 0)  # noqa: DTZ001 - the mistake itself
    with pytest.raises(StatementError, match="without a zone"):
        async with database.write() as tx:
            tx.add(_login(naive))


def _login(at: datetime) -> LoginSession:
    return LoginSession(
        id=new_id(),
        person_id=ALICE.person_id,
        token_hash=bytes(32),
        device="Test",
        created_at=at,
        seen_at=at,
        ended_at=None,
        proved_at=at,
    )


async def test_an_exception_leaves_nothing(database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with database.write() as tx:
            tx.add(practice("Lost"))
            await tx.flush()
            raise ZeroDivisionError
    assert await names(database) == []


async def test_reading_never_writes(database: Database) -> None:
    async with database.read() as tx:
        tx.add(practice("Lost"))
        await tx.flush()
    assert await names(database) == []


async def test_references_must_lead_somewhere(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            tx.add(Team(id=new_id(), practice_id=new_id(), name="Nobody's"))


async def test_hints_follow_the_commit_once(database_url: str) -> None:
    bus = HintLog()
    database = Database(database_url, bus, Events())
    async with database.write() as tx:
        tx.add(practice("Told"))
        tx.hint("today:1")
        tx.hint("today:1")
        tx.hint("today:2")
        assert bus.published == []
    assert bus.published == ["today:1", "today:2"]
    await database.close()


async def test_a_failed_transaction_hints_nothing(database_url: str) -> None:
    bus = HintLog()
    database = Database(database_url, bus, Events())
    with contextlib.suppress(IntegrityError):
        async with database.write() as tx:
            tx.hint("today:1")
            tx.add(Team(id=new_id(), practice_id=new_id(), name="Nobody's"))
    assert bus.published == []
    await database.close()


async def test_handlers_of_an_event_share_its_transaction(database_url: str) -> None:
    async def add_practice(tx: Tx, fact: TeamNamed) -> None:
        tx.add(practice(f"for {fact.team_id}"))

    async def fail(tx: Tx, fact: TeamNamed) -> None:
        raise ZeroDivisionError

    events = Events()
    events.subscribe(TeamNamed, add_practice)
    database = Database(database_url, MemoryBus(), events)
    async with database.write() as tx:
        await tx.emit(TeamNamed(CLINIC))
    assert await names(database) == [f"for {CLINIC}"]
    events.subscribe(TeamNamed, fail)
    with pytest.raises(ZeroDivisionError):
        async with database.write() as tx:
            await tx.emit(TeamNamed(new_id()))
    assert await names(database) == [f"for {CLINIC}"]
    await database.close()


async def test_many_that_read_and_then_write_lose_nothing(database: Database) -> None:
    """On SQLite a deferred transaction would fail with "database is locked" here."""
    async with database.write() as tx:
        tx.add(Practice(id=CLINIC, name="0", phone=None, time_zone="UTC"))

    async def count() -> None:
        async with database.write() as tx:
            row = (await tx.scalars(select(Practice).with_for_update())).one()
            row.name = str(int(row.name) + 1)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(count)
    assert await names(database) == ["20"]


async def test_sqlite_is_set_to_survive_a_power_cut(sqlite_url: str) -> None:
    database = Database(sqlite_url, MemoryBus(), Events())
    async with database.read() as tx:
        assert (await tx.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await tx.execute(text("PRAGMA synchronous"))).scalar() == 2
        assert (await tx.execute(text("PRAGMA foreign_keys"))).scalar() == 1
    await database.close()


@pytest.mark.row("B3")
async def test_bad_20_many_writers_take_turns_in_order(sqlite_url: str) -> None:
    """More writers than connections wait first come, first served: none of them meets a locked file, and none a full pool."""
    database = Database(sqlite_url, MemoryBus(), Events())
    began: list[int] = []

    async def write(number: int) -> None:
        async with database.write() as tx:
            began.append(number)
            await tx.execute(text("SELECT 1"))

    await asyncio.gather(*(write(number) for number in range(5 * POOL_SIZE)))
    assert began == list(range(5 * POOL_SIZE))
    await database.close()


@pytest.mark.row("B3")
async def test_bad_20_whoever_waits_too_long_for_their_turn_is_told(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as an outage, for which there is a sentence; the turn of the next one is not lost with it."""
    monkeypatch.setattr(db, "TURN_WITHIN_S", 0.01)
    database = Database(sqlite_url, MemoryBus(), Events())
    async with database.write():
        with pytest.raises(STORAGE_ERRORS):
            async with database.write():
                pass
    async with database.write() as tx:
        await tx.execute(text("SELECT 1"))
    await database.close()
