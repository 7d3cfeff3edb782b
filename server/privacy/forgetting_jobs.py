"""Forgets what nobody needs any more: how merged records were before, and whom invitations went to that nobody took."""

import asyncio

from server.access.places import forget_invited
from server.core.house import House
from server.privacy.merges import forget_journals

SWEEP_EVERY_S = 3600.0


async def sweep_forgotten(house: House) -> None:
    """Look every hour, for as long as this process runs."""
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        await forget(house)


async def forget(house: House) -> None:
    async with house.database.write() as tx:
        await forget_journals(tx, house.clock.now())
        await forget_invited(tx, house.clock.now())
