"""The job that settles appointments whose time is over."""

import asyncio
from uuid import UUID

import structlog

from server.consultation.settling import carry_out, find_final, find_over, settle
from server.core.house import House

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 60.0


async def sweep_over(house: House) -> None:
    """Look every minute, for as long as this process runs; after a stop it goes on where it was."""
    while True:
        await settle_due(house)
        await asyncio.sleep(SWEEP_EVERY_S)


async def settle_due(house: House) -> int:
    """Settle what is due, each in a transaction of its own; returns how many there were. A quiet server writes nothing."""
    now = house.clock.now()
    async with house.database.read() as tx:
        over, final = await find_over(tx, now), await find_final(tx, now)
    for appointment_id in over:
        await _settle(house, appointment_id)
    for appointment_id in final:
        async with house.database.write() as tx:
            await carry_out(tx, appointment_id, now)
    if over or final:
        log.info("appointments settled", rows=len(over) + len(final))
    return len(over) + len(final)


async def _settle(house: House, appointment_id: UUID) -> None:
    async with house.database.write() as tx:
        await settle(tx, appointment_id, house.clock.now())
