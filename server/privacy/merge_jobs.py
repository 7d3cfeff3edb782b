"""Forgets how merged records were before, once nothing can be undone any more."""

import asyncio

from server.core.house import House
from server.privacy.merges import forget_journals

SWEEP_EVERY_S = 3600.0


async def sweep_merges(house: House) -> None:
    """Look every hour, for as long as this process runs."""
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        async with house.database.write() as tx:
            await forget_journals(tx, house.clock.now())
