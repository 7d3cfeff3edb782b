"""What happens to holds that nobody confirms."""

import asyncio

import structlog
from sqlalchemy import select

from server.booking.guard import expire, lock_appointment
from server.booking.model import Appointment
from server.core.house import House

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 60.0


async def sweep_holds(house: House) -> None:
    """Look every minute, for as long as this process runs, for holds whose time is over. Whoever looks for a time needs no sweep."""
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        await give_up_due(house)


async def give_up_due(house: House) -> int:
    """Give up what was held for too long, each in a transaction of its own; returns how many there were."""
    now = house.clock.now()
    async with house.database.read() as tx:
        due = list(await tx.scalars(select(Appointment.id).where(Appointment.hold_until <= now).order_by(Appointment.hold_until)))
    for appointment_id in due:
        async with house.database.write() as tx:
            appointment = await tx.get_one(Appointment, appointment_id)
            await lock_appointment(tx, appointment)
            await expire(tx, [appointment], now)
    if due:
        log.info("holds given up", holds=len(due))
    return len(due)
