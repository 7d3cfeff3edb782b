"""The nightly work: for each practice with rules a run, done by an errand in bounded pieces, each a transaction of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select

from server.access.model import Practice
from server.core.db import Tx, locked
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.privacy.ageing import CLASSES, sweep
from server.privacy.expiring import REMOVE_FILES, expire, remove_files_with
from server.privacy.retention import NOTICE, Rules, may_go, months_before
from server.privacy.retention_choices import longest_rules, rules_of
from server.privacy.retention_facts import Calendar, calendar_of, facts_of, page_of_records
from server.privacy.retention_rows import RetentionRules, RetentionRun
from server.privacy.unused import accounts_of, page_of_accounts, see_to, worth_a_look

log = structlog.get_logger(__name__)

RETAIN = "retain"
SWEEP_EVERY_S = 600.0
FROM_HOUR = 2  # by the practice's clock: nobody waits for the database then
WORKS_S = 10.0  # of one errand; what is left is another one's
GAP = timedelta(days=31)
AT_ONCE = 20  # records or accounts of one piece
STEPS = ("records", "accounts", *CLASSES, "over")


async def sweep_retention(house: House) -> None:
    """Look every ten minutes for practices whose night has begun, and begin their run; a server that starts answers first."""
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        await begin_runs(house)


async def begin_runs(house: House) -> int:
    """Begin today's run of each practice that has none yet and has rules in force; returns how many it began."""
    async with house.database.read() as tx:
        practice_ids = list(await tx.scalars(select(Practice.id).order_by(Practice.id)))
    return sum([await _begin(house, practice_id) for practice_id in practice_ids])


async def _begin(house: House, practice_id: UUID) -> bool:
    async with house.database.read() as tx:
        if not await _is_due(tx, await tx.get_one(Practice, practice_id), house):
            return False  # an idle server takes no write lock
    async with house.database.write() as tx:
        practice = await tx.get_one(Practice, practice_id, with_for_update=locked())
        if not await _is_due(tx, practice, house):
            return False
        now = house.clock.now()
        step = STEPS[0] if await _is_plausible(tx, practice_id, now) else STEPS[-1]
        run = RetentionRun(
            id=new_id(), practice_id=practice_id, day=calendar_of(practice, now).today, began_at=now, ended_at=None,
            step=step, done_to=None, pieces=0, counts={},
        )  # fmt: skip
        tx.add(run)
        add_errand(tx, RETAIN, run.id, f"{RETAIN}:{run.id}:0", now)
    return True


async def _is_due(tx: Tx, practice: Practice, house: House) -> bool:
    now = house.clock.now()
    calendar = calendar_of(practice, now)
    if now.astimezone(calendar.zone).hour < FROM_HOUR or await rules_of(tx, practice, now) is None:
        return False
    today = (RetentionRun.practice_id == practice.id) & (RetentionRun.day == calendar.today)
    return await tx.scalar(select(RetentionRun.id).where(today)) is None


async def _is_plausible(tx: Tx, practice_id: UUID, now: datetime) -> bool:
    """Whether the server was here lately: a clock that was set years ahead would else take everything in one night.

    After a gap the first run does nothing, so that somebody has a day to see the wrong date.
    """
    last_run = await tx.scalar(select(func.max(RetentionRun.began_at)).where(RetentionRun.practice_id == practice_id))
    decided = await tx.scalar(select(func.max(RetentionRules.decided_at)).where(RetentionRules.practice_id == practice_id))
    latest = max(filter(None, (last_run, decided)))
    return now - latest <= GAP


def retention_handlers(house: House) -> dict[str, Callable[[UUID], Awaitable[None]]]:
    """Return the handlers of the errands; a run that is not over after some seconds asks for another errand."""

    async def retain(run_id: UUID) -> None:
        until = house.clock.monotonic() + WORKS_S
        while await work(house, run_id):
            if house.clock.monotonic() >= until:
                await _ask_for_more(house, run_id)
                return

    return {RETAIN: retain, REMOVE_FILES: remove_files_with(house)}


async def _ask_for_more(house: House, run_id: UUID) -> None:
    async with house.database.write() as tx:
        run = await tx.get_one(RetentionRun, run_id, with_for_update=True)
        run.pieces += 1
        add_errand(tx, RETAIN, run_id, f"{RETAIN}:{run_id}:{run.pieces}", house.clock.now())


async def work(house: House, run_id: UUID) -> bool:
    """Do one piece of a run; tells whether there may be more."""
    async with house.database.read() as tx:
        run = await tx.get_one(RetentionRun, run_id)
        practice = await tx.get_one(Practice, run.practice_id)
        rules = await rules_of(tx, practice, house.clock.now())
    if run.ended_at is not None:
        return False
    calendar = calendar_of(practice, house.clock.now())
    if rules is None or run.step == STEPS[-1]:
        await _end(house, run_id)
        return False
    if run.step == "records":
        await _records(house, run, rules, calendar)
    elif run.step == "accounts":
        await _accounts(house, run, rules, calendar)
    else:
        await _ageing(house, run, rules, calendar)
    return True


async def _records(house: House, run: RetentionRun, rules: Rules, calendar: Calendar) -> None:
    async with house.database.read() as tx:
        page = await page_of_records(tx, run.practice_id, run.done_to)
        facts = await facts_of(tx, house.keyring, page, calendar)
    due = [patient_id for patient_id in page if may_go(rules, facts[patient_id], calendar.today)][:AT_ONCE]
    for patient_id in due:
        await expire(house, run.id, patient_id, rules, calendar)
    await _go_on(house, run, due[-1] if len(due) == AT_ONCE else page[-1] if page else None)


async def _accounts(house: House, run: RetentionRun, rules: Rules, calendar: Calendar) -> None:
    unused_since = calendar.begin_of(months_before(calendar.today, rules.account_months) + NOTICE)
    async with house.database.read() as tx:
        page = await page_of_accounts(tx, run.practice_id, unused_since, run.done_to)
        page = page[:AT_ONCE]
        accounts = await accounts_of(tx, house, page, calendar)
    for account in accounts:
        if worth_a_look(account, calendar.today):
            await see_to(house, run.id, account.person_id, calendar)
    await _go_on(house, run, page[-1] if page else None)


async def _ageing(house: House, run: RetentionRun, rules: Rules, calendar: Calendar) -> None:
    """One batch of each table of the class; the step is over when none had any."""
    count = 0
    for ageing in CLASSES[run.step](run.practice_id, calendar.now):
        async with house.database.write() as tx:
            row = await tx.get_one(RetentionRun, run.id, with_for_update=True)
            used = await _rules_for(tx, run.step, rules, calendar)
            gone = await sweep(tx, ageing, calendar.begin_of(ageing.before(used, calendar.today)))
            row.count(ageing.name, gone)
            count += gone
    if count == 0:
        await _go_on(house, run, None)


async def _rules_for(tx: Tx, step: str, rules: Rules, calendar: Calendar) -> Rules:
    """Logins belong to the server: there the longest rule of all practices counts."""
    if step != "logins":
        return rules
    return await longest_rules(tx, list(await tx.scalars(select(Practice.id))), calendar.now)


async def _go_on(house: House, run: RetentionRun, done_to: UUID | None) -> None:
    """Note how far the step is; None ends it. Another worker that did the same meanwhile is not set back."""
    async with house.database.write() as tx:
        row = await tx.get_one(RetentionRun, run.id, with_for_update=True)
        if row.step == run.step:
            row.done_to = done_to
            row.step = run.step if done_to is not None else STEPS[STEPS.index(run.step) + 1]


async def _end(house: House, run_id: UUID) -> None:
    async with house.database.write() as tx:
        run = await tx.get_one(RetentionRun, run_id, with_for_update=True)
        if run.ended_at is None:
            run.ended_at = house.clock.now()
            log.info("retention run over", rows=sum(run.counts.values()), day=run.day.isoformat())
