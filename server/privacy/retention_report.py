"""What would go by some rules, without letting anything go: counts by class and the next days, and nobody's name."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice
from server.core.db import Tx
from server.core.house import House
from server.privacy.ageing import CLASSES, Ageing, count_before, first_day
from server.privacy.retention import NOTICE, Facts, Rules, add_months, may_go, months_before, record_until
from server.privacy.retention_choices import longest_rules
from server.privacy.retention_facts import Calendar, facts_of, page_of_records
from server.privacy.retention_rows import RetentionRun
from server.privacy.unused import Account, accounts_of, page_of_accounts

MOST_RUNS = 20


class Line(NamedTuple):
    """What of one class would go today and until a month from now, and the next day on which something does, where one is known.

    `held` counts what would have gone, and is held.
    """

    name: str
    now: int
    month: int
    next_on: date | None
    held: int = 0


async def runs_of(tx: Tx, practice_id: UUID) -> list[RetentionRun]:
    """Return the newest runs."""
    mine = select(RetentionRun).where(RetentionRun.practice_id == practice_id)
    return list(await tx.scalars(mine.order_by(RetentionRun.day.desc()).limit(MOST_RUNS)))


async def report_of(tx: Tx, house: House, practice_id: UUID, rules: Rules, calendar: Calendar) -> list[Line]:
    facts = [one async for one in _all_facts(tx, house, practice_id, calendar)]
    accounts = await _all_accounts(tx, house, practice_id, rules, calendar)
    lines = [_of_records(facts, rules, calendar.today), _of_accounts(accounts, calendar.today)]
    server_wide = await longest_rules(tx, list(await tx.scalars(select(Practice.id))), calendar.now)
    for name, ageings in CLASSES.items():
        counted = [
            await _of_rows(tx, one, server_wide if name == "logins" else rules, calendar) for one in ageings(practice_id, calendar.now)
        ]
        days = [line.next_on for line in counted if line.next_on]
        lines.append(Line(name, sum(one.now for one in counted), sum(one.month for one in counted), min(days, default=None)))
    return lines


async def _all_facts(tx: Tx, house: House, practice_id: UUID, calendar: Calendar) -> AsyncIterator[Facts]:
    page = await page_of_records(tx, practice_id, None)
    while page:
        for facts in (await facts_of(tx, house.keyring, page, calendar)).values():
            yield facts
        page = await page_of_records(tx, practice_id, page[-1])


def _of_records(facts: Sequence[Facts], rules: Rules, today: date) -> Line:
    free = [one for one in facts if not one.held]
    month = add_months(today, 1)
    due = [one for one in free if may_go(rules, one, today)]
    soon = [one for one in free if may_go(rules, one, month)]
    days = [record_until(rules, one) + timedelta(days=1) for one in free if not one.pending]
    held = [one for one in facts if one.held and record_until(rules, one) < today]
    return Line("records", len(due), len(soon), _next(days, today), len(held))


async def _all_accounts(tx: Tx, house: House, practice_id: UUID, rules: Rules, calendar: Calendar) -> list[Account]:
    """Return the accounts of which one could go within a month: none that was used lately."""
    unused_since = calendar.begin_of(months_before(calendar.today, rules.account_months) + 2 * NOTICE)
    found: list[Account] = []
    page = await page_of_accounts(tx, practice_id, unused_since, None)
    while page:
        found += await accounts_of(tx, house, page, calendar)
        page = await page_of_accounts(tx, practice_id, unused_since, page[-1])
    return found


def _of_accounts(accounts: Sequence[Account], today: date) -> Line:
    now = [one for one in accounts if one.may_go(today)]
    days = [day for one in accounts if (day := one.goes_on(today)) is not None]
    soon = [day for day in days if day <= add_months(today, 1)]
    held = [one for one in accounts if one.kept and one.until < today]
    return Line("accounts", len(now), len(soon), _next(days, today), len(held))


async def _of_rows(tx: Tx, ageing: Ageing, rules: Rules, calendar: Calendar) -> Line:
    today, month = calendar.today, add_months(calendar.today, 1)
    now = await count_before(tx, ageing, calendar.begin_of(ageing.before(rules, today)))
    soon = await count_before(tx, ageing, calendar.begin_of(ageing.before(rules, month)))
    first = await first_day(tx, ageing, rules, calendar.day)
    return Line(ageing.name, now, soon, max(first, today) if first else None)


def _next(days: Sequence[date], today: date) -> date | None:
    """What was due before today goes tonight."""
    return max(min(days), today) if days else None
