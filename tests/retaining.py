"""What the tests of retention share: a practice that decided on rules, and its nights."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from server.core.house import House
from server.privacy.retention import OWN, Rules
from server.privacy.retention_choices import Choice, decide, versions_of
from server.privacy.retention_jobs import RETAIN, begin_runs, retention_handlers
from server.privacy.retention_rows import RetentionRun
from tests.cast import CLINIC, OLGA
from tests.conftest import StillClock

ADULTS = Rules(unknown_as_child=False)


async def decide_on(house: House, rules: Rules = ADULTS) -> None:
    async with house.database.write() as tx:
        version = len(await versions_of(tx, CLINIC))
        await decide(tx, OLGA.viewer, Choice(OWN, rules, version), house.clock.now())


async def run_of(house: House, day: date) -> RetentionRun:
    async with house.database.read() as tx:
        return (await tx.scalars(select(RetentionRun).where(RetentionRun.day == day))).one()


async def work_on(house: House, run_id: UUID) -> None:
    """Do what an errand of this run does."""
    await retention_handlers(house)[RETAIN](run_id)


async def night(house: House, clock: StillClock, day: date) -> RetentionRun:
    """Let the night of this day pass, and return its run."""
    clock.set(datetime.combine(day, time(3), UTC))
    await begin_runs(house)
    await work_on(house, (await run_of(house, day)).id)
    return await run_of(house, day)


async def nights(house: House, clock: StillClock, day: date) -> RetentionRun:
    """Let two nights pass after a long time: in the first one nothing goes."""
    first = await night(house, clock, day - timedelta(days=1))
    assert first.counts == {}
    return await night(house, clock, day)
