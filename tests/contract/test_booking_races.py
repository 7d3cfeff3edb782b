"""A time is sold once, however many try at the same moment, from one process and from several, on both databases."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import pytest

from server.booking.model import Needs, Service
from server.booking.offer import slots_of
from server.core.db import Database
from tests.booking import faults, hours, service, standing
from tests.cast import ALICE, BOB, NORTH, Staff, seat_cast
from tests.conftest import MORNING
from tests.racer import Race, Tally, run_races

pytestmark = [pytest.mark.anyio, pytest.mark.row("B3")]

TUESDAY = date(2026, 3, 3)
GAVE_UP = {"DatabaseError", "OperationalError", "DeadlockDetected", "TimeoutError"}


async def offered(database: Database, *services: Service, who: Sequence[Staff] = (ALICE, BOB)) -> list[str]:
    """Seat the cast with hours and services; returns when the first of them can be booked on Tuesday."""
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        for member in who:
            tx.add_all(hours(member))
        tx.add_all(services)
    async with database.read() as tx:
        return [slot.begins_at.isoformat() for slot in await slots_of(tx, services[0], TUESDAY, 1, MORNING)]


def races(url: str, services: Sequence[Service], starts: list[str], processes: int, attempts: int) -> list[Race]:
    ids = [str(one.id) for one in services]
    return [Race(url, ids, starts, MORNING.isoformat(), attempts, min(attempts, 50), len(starts) > 1, seed) for seed in range(processes)]


def added_up(tallies: list[Tally]) -> Counter[str]:
    return sum((Counter(tally.outcomes) for tally in tallies), Counter())


@pytest.mark.parametrize("processes", [1, 4])
async def test_bad_01_one_slot_has_one_winner(database: Database, processes: int) -> None:
    mine = service(ALICE)
    starts = await offered(database, mine)
    tallies, took_s = run_races(races(database.url, [mine], starts[:1], processes, 100 // processes))
    assert added_up(tallies) == {"won": 1, "just_taken": 99}
    assert sum(tally.fresh for tally in tallies) == 99
    assert took_s < 30
    async with database.read() as tx:
        assert await standing(tx) == 1
        assert await faults(tx) == []


@pytest.mark.parametrize(("needs", "winners"), [(Needs.ALL, 1), (Needs.ANY, 2), (Needs.LEAD_AND_ANY, 1)])
async def test_bad_04_a_team_is_booked_by_as_many_as_it_has_room_for(database: Database, needs: Needs, winners: int) -> None:
    team = service(NORTH, needs=needs, lead_id=BOB.professional_id)
    starts = await offered(database, team)
    tallies, _ = run_races(races(database.url, [team], starts[:1], 2, 20))
    assert added_up(tallies) == {"won": winners, "just_taken": 40 - winners}
    async with database.read() as tx:
        assert await faults(tx) == []


async def test_bad_03_a_storm_over_a_team_and_its_members_ends_in_order(database: Database) -> None:
    """Services of different lengths over the same people, with moves and cancellations: nobody waits in a circle, nothing is left over."""
    services = [
        service(ALICE, buffer_after_min=10), service(BOB, length_min=50, grid_min=10), service(NORTH, buffer_before_min=5),
        service(NORTH, needs=Needs.ANY, length_min=35, grid_min=5), service(NORTH, needs=Needs.LEAD_AND_ANY, lead_id=BOB.professional_id),
    ]  # fmt: skip
    starts = await offered(database, *services)
    tallies, _ = run_races(races(database.url, services, starts[:12], 3, 60))
    outcomes = added_up(tallies)
    assert not GAVE_UP & outcomes.keys(), outcomes
    assert min(outcomes[what] for what in ("won", "just_taken", "cancelled")) > 0, outcomes
    assert outcomes["moved"] + outcomes["kept"] > 0, outcomes
    async with database.read() as tx:
        assert await faults(tx) == []
