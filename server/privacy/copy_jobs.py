"""Makes the copies that people ask for, one after the other in each process, and forgets those whose time is over."""

import asyncio

import structlog

from server.core.house import House
from server.core.ids import new_id
from server.core.press import Press
from server.core.supervise import where
from server.errors import NotFound
from server.privacy.copies import (
    TOPIC,
    being_made,
    claim_copy,
    drop_copy,
    forget_old,
    give_back,
    known_names,
    let_go,
    list_files,
    remove_unknown,
)
from server.privacy.copy_box import is_left
from server.privacy.copy_making import Maker
from server.privacy.copy_rows import CopyState, DataCopy

log = structlog.get_logger(__name__)

POLL_S = 60.0


async def make_copies(house: House, press: Press) -> None:
    """Work until cancelled; a hint wakes the loop, and the poll catches what a lost hint or a killed process left."""
    wake = asyncio.Event()
    unsubscribe = house.bus.subscribe(TOPIC, wake.set)
    try:
        await take_over(house)
        while True:
            wake.clear()
            await tidy_copies(house)
            while (copy := await _claimed(house)) is not None:
                await _make(house, press, copy)
            await _wait(wake)
    finally:
        unsubscribe()


async def take_over(house: House) -> None:
    """Let go of what a process was making when it was killed; the try counts, for the copy may have been what killed it."""
    async with house.database.read() as tx:
        making = await being_made(tx)
    for copy in making:
        if await asyncio.to_thread(is_left, house.settings.copies_dir, copy.id):
            async with house.database.write() as tx:
                await let_go(tx, copy, copy.attempts)


async def tidy_copies(house: House) -> None:
    """Forget what is over, and remove every file that nothing leads to."""
    folder = house.settings.copies_dir
    listed = await asyncio.to_thread(list_files, folder)
    async with house.database.write() as tx:
        await forget_old(tx, house.clock.now())
        known = await known_names(tx)
    await asyncio.to_thread(remove_unknown, folder, listed, known)


async def _claimed(house: House) -> DataCopy | None:
    async with house.database.write() as tx:
        return await claim_copy(tx, new_id(), house.clock.now())


async def _make(house: House, press: Press, copy: DataCopy) -> None:
    if copy.state == CopyState.FAILED:
        return
    try:
        await Maker(house, press, copy).run()
    except asyncio.CancelledError:
        async with house.database.write() as tx:
            await let_go(tx, copy, copy.attempts - 1)
        raise
    except NotFound:
        async with house.database.write() as tx:
            await drop_copy(tx, copy.whose)
    except Exception as error:  # noqa: BLE001 - one copy that cannot be made must not stop those of others
        log.warning("copy failed", error=type(error).__name__, where=where(error), attempts=copy.attempts)
        async with house.database.write() as tx:
            await give_back(tx, copy, house.clock.now())


async def _wait(wake: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(wake.wait(), POLL_S)
    except TimeoutError:
        return
