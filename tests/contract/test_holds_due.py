"""Holds that nobody confirms are given up by themselves, each once, and nothing else is."""

import pytest
from sqlalchemy import func, select

from server.booking.actions import Details, confirm, hold
from server.booking.jobs import give_up_due
from server.booking.model import HOLD_FOR, Appointment, AppointmentState, Grain
from server.core.house import House
from tests.booking import at, hours, service
from tests.cast import ALICE, ERIN, seat_cast
from tests.conftest import StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("B3")]
TIMES = ("10:00", "11:00", "12:00")


@pytest.fixture
def house(idle_house: House) -> House:
    return idle_house


async def states(house: House) -> list[str]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Appointment.state).order_by(Appointment.begins_at)))


async def test_holds_that_are_over_are_given_up_once(house: House, clock: StillClock) -> None:
    offered = service(ALICE)
    async with house.database.write() as tx:
        await seat_cast(tx, clock.now())
        tx.add_all([*hours(ALICE), offered])
        await tx.flush()
        first, _second = [await hold(tx, offered, at("2026-03-03", time), "Europe/London", clock.now()) for time in TIMES[:2]]
        await confirm(tx, first, Details(ERIN.name, ERIN.mobile, ERIN.email), clock.now())
    assert await give_up_due(house) == 0
    clock.advance(HOLD_FOR.total_seconds() - 1)
    async with house.database.write() as tx:
        await hold(tx, offered, at("2026-03-03", TIMES[2]), "Europe/London", clock.now())
    clock.advance(1)
    assert [await give_up_due(house), await give_up_due(house)] == [1, 0]
    assert await states(house) == [AppointmentState.CONFIRMED, AppointmentState.EXPIRED, AppointmentState.HELD]
    async with house.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(Grain)) == 8
