"""Who wins when many book one time at one moment, and what is left after a storm."""

import argparse
from collections import Counter
from collections.abc import Iterator
from datetime import date

from server.access.model import Membership
from server.booking.model import Needs, Service
from server.booking.offer import slots_of
from server.core.db import Database
from server.core.ids import new_id
from tests.bench.booking.practice import postgres, seat, sqlite, with_database
from tests.bench.figures import Figure
from tests.booking import faults, service
from tests.cast import ALICE, BOB, CHARLIE, NORTH
from tests.conftest import MORNING
from tests.racer import Race, Tally, run_races

TUESDAY = date(2026, 3, 3)
TEAM = (ALICE, BOB, CHARLIE)
PROCESSES, AT_ONCE = 4, 200
DATABASES = {"sqlite": sqlite, "postgresql": postgres}


def winners(options: argparse.Namespace) -> Iterator[Figure]:
    """200 at once for one slot of one professional, and of a team of three of whom all are needed, from four processes."""
    del options
    for name, database in DATABASES.items():
        for kind, offered in (("one", service(ALICE)), ("team", service(NORTH, needs=Needs.ALL))):
            with database() as url:
                starts = _open(url, [offered], 1)
                tallies, took_s = run_races(_races(url, [offered], starts, AT_ONCE, wild=False))
                outcomes = _added_up(tallies)
                yield Figure(f"winners_{kind}_slot_{name}", outcomes["won"], "winners")
                told = min(outcomes["just_taken"], sum(tally.fresh for tally in tallies))
                yield Figure(f"not_told_{kind}_slot_{name}", AT_ONCE - outcomes["won"] - told, "losers")
                yield Figure(f"run_{kind}_slot_{name}_s", took_s, "s")
                yield Figure(f"worst_{kind}_slot_{name}_s", max(tally.worst_s for tally in tallies), "s")


def storm(options: argparse.Namespace) -> Iterator[Figure]:
    """Attempts over 100 slots of a team and its members, with moves and cancellations, and whatever is wrong afterwards."""
    for name, database in DATABASES.items():
        services = [service(ALICE), service(NORTH), service(NORTH, needs=Needs.ANY), service(BOB, length_min=40)]
        with database() as url:
            starts = _open(url, services, 100)
            tallies, took_s = run_races(_races(url, services, starts, options.attempts // 2, wild=True))
            found = with_database(url, _faults)
            outcomes = _added_up(tallies)
            yield Figure(f"double_booked_{name}", sum(fault.startswith("sold") for fault in found), "times")
            yield Figure(f"orphan_holds_{name}", sum(not fault.startswith("sold") for fault in found), "grains")
            gave_up = sum(count for code, count in outcomes.items() if code[0].isupper())
            yield Figure(f"gave_up_{name}", gave_up, "attempts")
            yield Figure(f"attempts_per_s_{name}", options.attempts // 2 / took_s, "1/s")


def _open(url: str, services: list[Service], most: int) -> list[str]:
    """Seat a team of three with these services; returns when they can be booked."""

    async def act(database: Database) -> list[str]:
        await seat(database, TEAM, services)
        async with database.write() as tx:
            place = {"team_id": NORTH, "professional_id": CHARLIE.professional_id, "joined_at": MORNING, "ended_at": None}
            tx.add(Membership(id=new_id(), **place))
        async with database.read() as tx:
            return [slot.begins_at.isoformat() for slot in await slots_of(tx, services[0], TUESDAY, 14, MORNING)][:most]

    return with_database(url, act)


async def _faults(database: Database) -> list[str]:
    async with database.read() as tx:
        return await faults(tx)


def _races(url: str, services: list[Service], starts: list[str], attempts: int, *, wild: bool) -> list[Race]:
    ids, each = [str(one.id) for one in services], attempts // PROCESSES
    at_once = AT_ONCE // PROCESSES
    return [Race(url, ids, starts, MORNING.isoformat(), each, at_once, wild, seed) for seed in range(PROCESSES)]


def _added_up(tallies: list[Tally]) -> Counter[str]:
    return sum((Counter(tally.outcomes) for tally in tallies), Counter())
