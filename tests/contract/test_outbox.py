"""Errands are run at least once, by one worker at a time, and none of them stops the others; on both databases (bad input 19)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import anyio
import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from server.adapters.memory_bus import MemoryBus
from server.core import outbox
from server.core.db import Database, Events
from server.core.ids import new_id
from server.core.outbox import FIRST_RETRY_S, LEASE, MAX_ATTEMPTS, Errand, Handler, Worker, add_errand, due_at
from server.core.supervise import Supervisor
from tests.conftest import MORNING, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("S4")]

JITTER = 0.2


@dataclass
class Diary:
    """What was run, in order, and how: as told for a subject, else well."""

    ran: list[UUID] = field(default_factory=list)
    ways: dict[UUID, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    written: anyio.Event = field(default_factory=anyio.Event)

    async def handle(self, subject_id: UUID) -> None:
        self.ran.append(subject_id)
        self.written.set()
        if subject_id in self.ways:
            await self.ways[subject_id]()

    async def until(self, count: int) -> None:
        """Wait until so many were begun."""
        with anyio.fail_after(30):
            while len(self.ran) < count:
                self.written = anyio.Event()
                await self.written.wait()


async def fail() -> None:
    raise ZeroDivisionError("the patient's name")


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
async def database(database_url: str, bus: MemoryBus) -> AsyncIterator[Database]:
    database = Database(database_url, bus, Events())
    yield database
    await database.close()


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def hire(database: Database, bus: MemoryBus, clock: StillClock, diary: Diary) -> Callable[[], Worker]:
    """Return a further worker, as of another process, that notes in the same diary."""
    handlers: dict[str, Handler] = {"note": diary.handle}
    return lambda: Worker(database, bus, clock, handlers)


@pytest.fixture
def worker(hire: Callable[[], Worker]) -> Worker:
    return hire()


async def ask(database: Database, *, kind: str = "note", key: str = "", at: datetime = MORNING) -> UUID:
    """Add an errand for a new subject; returns the subject."""
    subject_id = new_id()
    async with database.write() as tx:
        add_errand(tx, kind, subject_id, key or str(subject_id), at)
    return subject_id


async def row(database: Database, subject_id: UUID) -> Errand:
    async with database.read() as tx:
        return (await tx.scalars(select(Errand).where(Errand.subject_id == subject_id))).one()


async def run_all(worker: Worker) -> int:
    """Run what is due now; returns how many that were."""
    count = 0
    while await worker.run_next():
        count += 1
    return count


async def run_and_be_killed(worker: Worker, diary: Diary, subject_id: UUID) -> None:
    """Run the next errand and end in the middle of it, without a last word."""
    begun = len(diary.ran) + 1
    diary.ways[subject_id] = anyio.sleep_forever
    async with anyio.create_task_group() as process:
        process.start_soon(worker.run_next)
        await diary.until(begun)
        process.cancel_scope.cancel()
    del diary.ways[subject_id]


async def test_what_is_due_runs_once_and_the_oldest_first(database: Database, worker: Worker, diary: Diary, clock: StillClock) -> None:
    later = await ask(database, at=MORNING + timedelta(seconds=60))
    first = await ask(database, at=MORNING - timedelta(seconds=60))
    second = await ask(database)
    assert await run_all(worker) == 2
    clock.advance(60)
    assert await run_all(worker) == 1
    clock.advance(LEASE.total_seconds() + 1)
    assert await run_all(worker) == 0
    assert diary.ran == [first, second, later]
    assert (await row(database, later)).done_at == MORNING + timedelta(seconds=60)


async def test_two_workers_share_the_work_and_do_nothing_twice(database: Database, hire: Callable[[], Worker], diary: Diary) -> None:
    asked = {await ask(database) for _ in range(20)}
    async with anyio.create_task_group() as processes:
        for _ in range(2):
            processes.start_soon(run_all, hire())
    assert len(diary.ran) == len(asked)
    assert set(diary.ran) == asked


async def test_bad_19_a_killed_worker_s_errand_is_taken_over_when_its_lease_ends(
    database: Database, hire: Callable[[], Worker], diary: Diary, clock: StillClock
) -> None:
    subject_id = await ask(database)
    await run_and_be_killed(hire(), diary, subject_id)
    heir = hire()
    assert await run_all(heir) == 0
    clock.advance(LEASE.total_seconds() + 1)
    assert await run_all(heir) == 1
    assert diary.ran == [subject_id, subject_id]
    assert (await row(database, subject_id)).done_at == clock.now()


async def test_whoever_lost_the_lease_settles_nothing(
    database: Database, hire: Callable[[], Worker], diary: Diary, clock: StillClock
) -> None:
    subject_id = await ask(database)
    heir = hire()

    async def outlive_the_lease() -> None:
        del diary.ways[subject_id]
        clock.advance(LEASE.total_seconds() + 1)
        assert await heir.run_next()
        await fail()

    diary.ways[subject_id] = outlive_the_lease
    assert await hire().run_next()
    errand = await row(database, subject_id)
    assert errand.done_at == clock.now()
    assert errand.last_error is None
    assert errand.attempts == 2


async def test_a_failure_is_tried_again_after_growing_pauses(database: Database, worker: Worker, diary: Diary, clock: StillClock) -> None:
    subject_id = await ask(database)
    diary.ways[subject_id] = fail
    for number in range(3):
        assert await run_all(worker) == 1
        pause = ((await row(database, subject_id)).run_at - clock.now()).total_seconds()
        usual = FIRST_RETRY_S * 2**number
        assert (1 - JITTER) * usual <= pause <= (1 + JITTER) * usual
        clock.advance(pause - 0.1)
        assert await run_all(worker) == 0
        clock.advance(0.1)
    del diary.ways[subject_id]
    assert await run_all(worker) == 1
    errand = await row(database, subject_id)
    assert (errand.attempts, errand.last_error) == (4, None)
    assert errand.done_at == clock.now()


async def test_bad_19_a_poison_job_is_given_up_and_stops_no_other(
    database: Database, worker: Worker, diary: Diary, clock: StillClock
) -> None:
    poison = await ask(database)
    diary.ways[poison] = fail
    for _ in range(MAX_ATTEMPTS):
        other = await ask(database)
        assert await run_all(worker) == 2
        assert other in diary.ran
        clock.set((await row(database, poison)).run_at)
    errand = await row(database, poison)
    assert errand.dead_at is not None
    assert errand.done_at is None
    assert errand.last_error == "ZeroDivisionError"
    clock.advance(86_400)
    assert await run_all(worker) == 0
    assert diary.ran.count(poison) == MAX_ATTEMPTS


async def test_bad_19_a_job_that_kills_its_worker_is_given_up(
    database: Database, hire: Callable[[], Worker], diary: Diary, clock: StillClock
) -> None:
    poison = await ask(database)
    other = await ask(database, at=MORNING + timedelta(seconds=1))
    for _ in range(MAX_ATTEMPTS):
        await run_and_be_killed(hire(), diary, poison)
        clock.advance(LEASE.total_seconds() + 1)
    await run_all(hire())
    assert (await row(database, poison)).last_error == "WorkerLost"
    assert (await row(database, poison)).dead_at == clock.now()
    assert diary.ran == [poison] * MAX_ATTEMPTS + [other]


async def test_bad_19_a_job_that_never_ends_is_cut_off(
    database: Database, worker: Worker, diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timedelta(seconds=outbox.RUN_S) < LEASE
    monkeypatch.setattr(outbox, "RUN_S", 0.01)
    stuck, other = await ask(database), await ask(database)
    diary.ways[stuck] = anyio.sleep_forever
    with anyio.fail_after(30):
        assert await run_all(worker) == 2
    assert (await row(database, stuck)).last_error == "TimeoutError"
    assert (await row(database, other)).done_at is not None


async def test_an_errand_of_a_kind_that_nobody_knows_waits_for_who_does(database: Database, worker: Worker) -> None:
    subject_id = await ask(database, kind="of tomorrow's version")
    assert await run_all(worker) == 1
    errand = await row(database, subject_id)
    assert (errand.last_error, errand.done_at, errand.dead_at) == ("KeyError", None, None)


async def test_the_same_errand_twice_fails_the_whole_transaction(database: Database, worker: Worker, diary: Diary) -> None:
    first = await ask(database, key="charge:1")

    async def ask_again() -> None:
        async with database.write() as tx:
            add_errand(tx, "note", new_id(), "charge:2", MORNING)
            add_errand(tx, "note", new_id(), "charge:1", MORNING)

    with pytest.raises(IntegrityError):
        await ask_again()
    await run_all(worker)
    assert diary.ran == [first]


async def test_a_hint_wakes_the_worker_after_the_commit(
    database: Database, worker: Worker, diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "POLL_S", 3600)
    supervisor = Supervisor()
    supervisor.keep(worker.run, name="outbox worker")
    for number in range(1, 3):
        await ask(database)
        await diary.until(number)
    await supervisor.close(10)


async def test_a_lost_hint_delays_and_loses_nothing(
    database_url: str, worker: Worker, diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "POLL_S", 0.01)
    elsewhere = Database(database_url, MemoryBus(), Events())
    supervisor = Supervisor()
    supervisor.keep(worker.run, name="outbox worker")
    subject_id = await ask(elsewhere)
    await diary.until(1)
    await supervisor.close(10)
    assert diary.ran == [subject_id]
    await elsewhere.close()


async def test_the_poll_reads_no_errand_that_is_settled(database: Database) -> None:
    async with database.read() as tx:
        connection = await tx.connection()
        if not database.is_sqlite:
            await tx.execute(text("SET LOCAL enable_seqscan = off"))  # a table without rows is read whole
        query = due_at(MORNING).compile(connection.engine, compile_kwargs={"literal_binds": True})
        plan = await connection.exec_driver_sql(f"{'EXPLAIN QUERY PLAN' if database.is_sqlite else 'EXPLAIN'} {query}")
        words = str(plan.all())
        indexes = await connection.run_sync(lambda sync: inspect(sync).get_indexes("errand"))
    assert "ix_errand_open" in words
    [index] = [index for index in indexes if index["name"] == "ix_errand_open"]
    condition = index["dialect_options"][f"{connection.dialect.name}_where"]
    assert "done_at IS NULL" in str(condition)
    assert "dead_at IS NULL" in str(condition)
