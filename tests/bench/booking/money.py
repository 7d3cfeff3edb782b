"""Payments that meet the end of their hold, and what is wrong with the money afterwards."""

import argparse
from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select

from server.billing.model import LedgerLine
from server.booking.offer import slots_of
from server.core.db import Database
from tests.bench.booking.practice import postgres, sqlite, with_database
from tests.bench.figures import Figure
from tests.booking import faults
from tests.conftest import MORNING
from tests.money import money_faults, open_shop, race, to_the_till

TUESDAY = date(2026, 3, 3)
RACES = 50  # half of them with somebody else who wants the time
DATABASES = {"sqlite": sqlite, "postgresql": postgres}


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Fifty races of expiry against payment, each payment told twice: faults, and what the ledger sums to."""
    del options
    for name, database in DATABASES.items():
        with database() as url:
            inconsistent, total = with_database(url, _races)
            yield Figure(f"payment_races_inconsistent_{name}", inconsistent, "faults")
            yield Figure(f"ledger_sum_{name}", total, "minor")


async def _races(database: Database) -> tuple[int, int]:
    offered = await open_shop(database)
    async with database.read() as tx:
        starts = [slot.begins_at for slot in await slots_of(tx, offered, TUESDAY, 7, MORNING)][:RACES]
    charges = [await to_the_till(database, offered, begins_at) for begins_at in starts]
    for place, charge in enumerate(charges):
        await race(database, offered, charge, rival=place % 2 == 0)
    async with database.read() as tx:
        found = await money_faults(tx) + await faults(tx)
        entries = await tx.scalars(select(func.sum(LedgerLine.minor)).group_by(LedgerLine.entry_id))
        total = sum(abs(minor) for minor in entries)
    return len(found), int(total)
