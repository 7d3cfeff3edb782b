"""Errands: rows written with the fact that causes them, run by a worker once they are committed, at least once each."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Index, Select, String, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Database, Tx
from server.core.ids import new_id
from server.ports import Bus, Clock

log = structlog.get_logger(__name__)

TOPIC = "errands"
RUN_S = 30.0
LEASE = timedelta(minutes=2)  # longer than an errand may run, so that only a dead worker loses it
POLL_S = 5.0
MAX_ATTEMPTS = 8
FIRST_RETRY_S = 10.0

OPEN = text("done_at IS NULL AND dead_at IS NULL")

Handler = Callable[[UUID], Awaitable[None]]


class Errand(Base):
    """`subject_id` names the row to look at again; an errand never carries content, so that it can't act on what is no longer true."""

    __tablename__ = "errand"
    __table_args__ = (
        Index("ix_errand_open", "run_at", sqlite_where=OPEN, postgresql_where=OPEN),
    )  # the poll must not read what is settled

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    subject_id: Mapped[UUID]
    run_at: Mapped[datetime]
    attempts: Mapped[int]
    lease_until: Mapped[datetime | None]
    lease_by: Mapped[UUID | None]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(200))


def add_errand(tx: Tx, kind: str, subject_id: UUID, dedupe_key: str, run_at: datetime) -> None:
    """Ask for `kind` to be run on `subject_id` after the commit; the same `dedupe_key` twice fails the transaction."""
    tx.add(
        Errand(
            id=new_id(),
            kind=kind,
            dedupe_key=dedupe_key,
            subject_id=subject_id,
            run_at=run_at,
            attempts=0,
            lease_until=None,
            lease_by=None,
            done_at=None,
            dead_at=None,
            last_error=None,
        )
    )
    tx.hint(TOPIC)


class Worker:
    """Claims due errands under a lease, runs each outside any transaction, and settles only what it still leases.

    The database is the queue, so it has no bound; a killed worker's errands come back when their lease ends. `given_up` hears of an
    errand before it is buried, at least once.
    """

    def __init__(
        self, database: Database, bus: Bus, clock: Clock, handlers: Mapping[str, Handler], given_up: Mapping[str, Handler] | None = None
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._handlers = handlers
        self._given_up = given_up or {}
        self._me = new_id()

    async def run(self) -> None:
        """Work until cancelled; a hint wakes the loop, the poll catches what a lost hint left."""
        wake = asyncio.Event()
        unsubscribe = self._bus.subscribe(TOPIC, wake.set)
        try:
            while True:
                wake.clear()
                if not await self.run_next():
                    await _wait(wake, POLL_S)
        finally:
            unsubscribe()

    async def run_next(self) -> bool:
        """Run the oldest errand that is due; tells whether there was one."""
        errand = await self._claim()
        if errand is not None:
            await self._run_one(errand)
        return errand is not None

    async def _claim(self) -> Errand | None:
        """Take one at a time: an errand that kills its worker must not hold others that wait behind it."""
        now = self._clock.now()
        due = due_at(now)
        lease = {"lease_until": now + LEASE, "lease_by": self._me, "attempts": Errand.attempts + 1}
        async with self._database.read() as tx:
            if await tx.scalar(due) is None:
                return None  # an idle server takes no write lock every few seconds
        async with self._database.write() as tx:
            unclaimed = due.with_for_update(skip_locked=True).scalar_subquery()
            claim = update(Errand).where(Errand.id == unclaimed).values(lease).returning(Errand)
            return (await tx.scalars(claim, execution_options={"synchronize_session": False})).one_or_none()

    async def _run_one(self, errand: Errand) -> None:
        if errand.attempts > MAX_ATTEMPTS:  # the last attempt took its worker down, or it would have been given up then
            await self._give_up(errand, "WorkerLost")
            return
        try:
            async with asyncio.timeout(RUN_S):
                await self._handlers[errand.kind](errand.subject_id)
        except Exception as error:  # noqa: BLE001 - one bad errand must not stop the others
            log.warning("errand failed", kind=errand.kind, error=type(error).__name__, attempts=errand.attempts)
            await self._fail(errand, type(error).__name__)
        else:
            await self._settle(errand, {"done_at": self._clock.now(), "last_error": None})

    async def _fail(self, errand: Errand, error: str) -> None:
        if errand.attempts >= MAX_ATTEMPTS:
            await self._give_up(errand, error)
            return
        pause = FIRST_RETRY_S * 2 ** (errand.attempts - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
        run_at = self._clock.now() + timedelta(seconds=pause)
        await self._settle(errand, {"run_at": run_at, "lease_until": None, "last_error": error})

    async def _give_up(self, errand: Errand, error: str) -> None:
        """Tell first and bury then: where the telling fails the lease runs out, and it is told again."""
        if errand.kind in self._given_up:
            await self._given_up[errand.kind](errand.subject_id)
        await self._settle(errand, {"dead_at": self._clock.now(), "last_error": error})

    async def _settle(self, errand: Errand, values: dict[str, object]) -> None:
        async with self._database.write() as tx:
            mine = (Errand.id == errand.id) & (Errand.lease_by == self._me) & Errand.done_at.is_(None)
            await tx.execute(update(Errand).where(mine).values(values))


def due_at(now: datetime) -> Select[UUID]:
    """Return the query for the errand to claim next."""
    unleased = or_(Errand.lease_until.is_(None), Errand.lease_until < now)
    due = select(Errand.id).where(Errand.done_at.is_(None), Errand.dead_at.is_(None), Errand.run_at <= now, unleased)
    return due.order_by(Errand.run_at).limit(1)


async def _wait(wake: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), timeout_s)
    except TimeoutError:
        return
