"""Makes the copies that people ask for, one after the other in each process, and forgets those whose time is over."""

import asyncio

import structlog

from server.core.house import House
from server.core.ids import new_id
from server.core.press import Press
from server.core.supervise import where
from server.errors import NotFound
from server.privacy.copies import TOPIC, Owner, claim_copy, drop_copy, forget_old, give_back, known_names, list_files, remove_unknown
from server.privacy.copy_making import Maker
from server.privacy.copy_rows import CopyState, DataCopy

log = structlog.get_logger(__name__)

POLL_S = 60.0


async def make_copies(house: House, press: Press) -> None:
    """Work until cancelled; a hint wakes the loop, and the poll catches what a lost hint or a killed process left."""
    wake = asyncio.Event()
    unsubscribe = house.bus.subscribe(TOPIC, wake.set)
    try:
        while True:
            await _wait(wake)
            wake.clear()
            await tidy_copies(house)
            while (copy := await _claimed(house)) is not None:
                await _make(house, press, copy)
    finally:
        unsubscribe()


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
    except NotFound:
        async with house.database.write() as tx:
            await drop_copy(tx, Owner(copy.person_id, copy.patient_id))
    except Exception as error:  # noqa: BLE001 - one copy that cannot be made must not stop those of others
        log.warning("copy failed", error=type(error).__name__, where=where(error), attempts=copy.attempts)
        async with house.database.write() as tx:
            await give_back(tx, copy, house.clock.now())


async def _wait(wake: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(wake.wait(), POLL_S)
    except TimeoutError:
        return
