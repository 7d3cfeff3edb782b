"""Closes the accounts whose owners asked for it, from the outbox, and writes each into the list that outlasts a backup."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from server.core.house import House
from server.privacy.account_closing import CLOSE, close_due, closing_of, listed_line
from server.privacy.erasure_list import append


def account_handlers(house: House) -> dict[str, Callable[[UUID], Awaitable[None]]]:
    """Return the handler of the errand, which may run again wherever it was stopped."""

    async def close(person_id: UUID) -> None:
        async with house.database.write() as tx:
            await close_due(tx, house, person_id)
        await _list(house, person_id)

    return {CLOSE: close}


async def _list(house: House, person_id: UUID) -> None:
    async with house.database.read() as tx:
        line = await listed_line(tx, house.secrets, person_id)
    if line is None:
        return
    await asyncio.to_thread(append, house.settings.data_dir, line)
    async with house.database.write() as tx:
        closing = await closing_of(tx, person_id, lock=True)
        if closing is not None:
            closing.listed_at = house.clock.now()
