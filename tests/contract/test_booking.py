"""Holding, confirming, cancelling and moving a time, on both databases."""

from datetime import date

import pytest

from server.booking.actions import Details, cancel, confirm, hold, move
from server.booking.guard import JustTaken
from server.booking.model import Appointment, Party, Service
from server.booking.offer import first_free, slots_of
from server.core.db import Database
from tests.booking import at, clocks, grains, hours, service
from tests.cast import ALICE, seat_cast
from tests.conftest import MORNING

pytestmark = pytest.mark.anyio

TUESDAY = date(2026, 3, 3)


async def seat(database: Database, **changes: object) -> Service:
    async with database.write() as tx:
        await seat_cast(tx, MORNING)
        tx.add_all(hours(ALICE))
        offered = service(ALICE, **changes)
        tx.add(offered)
    return offered


async def test_a_time_from_its_hold_to_its_end(database: Database) -> None:
    offered = await seat(database)
    async with database.read() as tx:
        slots = await slots_of(tx, offered, TUESDAY, 1, MORNING)
    assert clocks(slots)[:4] == ["09:00", "09:20", "09:40", "10:00"]
    assert len(slots) == 24
    async with database.write() as tx:
        appointment = await hold(tx, offered, at("2026-03-03", "10:00"), "Europe/London", MORNING)
    async with database.read() as tx:
        assert "10:00" not in clocks(await slots_of(tx, offered, TUESDAY, 1, MORNING))
        assert await grains(tx) == 4
    with pytest.raises(JustTaken):
        async with database.write() as tx:
            await hold(tx, offered, at("2026-03-03", "10:00"), "Europe/London", MORNING)
    async with database.write() as tx:
        mine = await tx.get_one(Appointment, appointment.id)
        await confirm(tx, mine, Details("Erin", "+447700900002", None), MORNING)
    async with database.write() as tx:
        mine = await tx.get_one(Appointment, appointment.id)
        await move(tx, mine, at("2026-03-03", "10:20"), mine.version, MORNING)
    async with database.write() as tx:
        mine = await tx.get_one(Appointment, appointment.id)
        assert mine.begins_at == at("2026-03-03", "10:20")
        await cancel(tx, mine, Party.PATIENT, MORNING)
    async with database.read() as tx:
        assert await grains(tx) == 0
        free = await first_free(tx, offered, MORNING)
        assert free is not None
        assert clocks([free]) == ["10:00"]
