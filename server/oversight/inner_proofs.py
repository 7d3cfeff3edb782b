"""Tests of what is this server's own: each writes, sends or counts something real, and says what came of it."""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from uuid import UUID

from anyio import to_thread
from sqlalchemy import func, select

from server.core.house import House
from server.core.ids import new_id
from server.core.keyring import place_of
from server.core.marking import _
from server.core.outbox import Errand, add_errand
from server.notes.anchors import anchor_today
from server.notes.far_anchors import carry_anchors
from server.oversight.bench import Bench
from server.oversight.board import Light, State, Thing
from server.oversight.states import clock_state, states_of
from server.privacy.keys import keys_in_use

HEARD_WITHIN_S = 5.0
TRY_OUT = "health_tried"  # an errand that only says that it was run
APART_S = 5.0  # of two clocks
MANY = 4096  # bytes of the file that is written


def run_with(house: House) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `TRY_OUT`: whoever waits hears that the worker was here."""

    async def run(subject_id: UUID) -> None:
        house.bus.publish(_topic(subject_id))

    return run


async def try_database(bench: Bench) -> State:
    """Write an errand that is done already, and read it from outside of its transaction."""
    key, now = f"{TRY_OUT}:{new_id()}", bench.house.clock.now()
    mine = select(Errand).where(Errand.dedupe_key == key)
    began = perf_counter()
    async with bench.house.database.write() as tx:
        add_errand(tx, TRY_OUT, new_id(), key, now)
        await tx.flush()
        (await tx.scalars(mine)).one().done_at = now
    async with bench.house.database.read() as tx:
        there = await tx.scalar(mine)
    if there is None:
        return State(Light.BAD, _("What was written is not there."))
    return State(Light.GOOD, _("It was written and read in {count} ms."), _taken(began))


async def try_work(bench: Bench) -> State:
    subject_id, house = new_id(), bench.house
    began = perf_counter()

    async def ask() -> None:
        async with house.database.write() as tx:
            add_errand(tx, TRY_OUT, subject_id, f"{TRY_OUT}:{subject_id}", house.clock.now())

    if not await _hears(house, subject_id, ask):
        return State(Light.WARN, _("Nobody took it up within {count} seconds."), {"count": int(HEARD_WITHIN_S)})
    return State(Light.GOOD, _("It was done in {count} ms."), _taken(began))


async def try_bus(bench: Bench) -> State:
    subject_id = new_id()

    async def ask() -> None:
        bench.house.bus.publish(_topic(subject_id))

    if await _hears(bench.house, subject_id, ask):
        return State(Light.GOOD, _("What was sent was heard."))
    return State(Light.BAD, _("What was sent was not heard."))


async def _hears(house: House, subject_id: UUID, ask: Callable[[], Awaitable[None]]) -> bool:
    heard = asyncio.Event()
    unsubscribe = house.bus.subscribe(_topic(subject_id), heard.set)
    try:
        await ask()
        await asyncio.wait_for(heard.wait(), HEARD_WITHIN_S)
    except TimeoutError:
        return False
    finally:
        unsubscribe()
    return True


def _topic(subject_id: UUID) -> str:
    return f"health:{subject_id}"


async def try_disk(bench: Bench) -> State:
    began = perf_counter()
    await to_thread.run_sync(_write_and_read, bench.house.settings.data_dir)
    return State(Light.GOOD, _("It was written, kept and read in {count} ms."), _taken(began))


def _write_and_read(folder: Path) -> None:
    """Blocking; raises `OSError`."""
    path, content = folder / f"health-{secrets.token_hex(8)}", os.urandom(MANY)
    try:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.read_bytes() != content:
            raise OSError
    finally:
        path.unlink(missing_ok=True)


async def try_backup(bench: Bench) -> State:
    return (await states_of(bench.house))[Thing.BACKUP]


async def try_anchors(bench: Bench) -> State:
    await anchor_today(bench.house)
    await carry_anchors(bench.house)
    return (await states_of(bench.house))[Thing.ANCHORS]


async def try_keys(bench: Bench) -> State:
    """Close and open something, and look whether any key is missing that something needs."""
    keyring = bench.house.keyring
    missing = (await keys_in_use(bench.house.database)).keys() - set(keyring.names)
    if missing:
        return State(Light.BAD, _("{count} keys are missing: put them back from their backup."), {"count": len(missing)})
    place = place_of("health", new_id())
    sealer = keyring.sealer(*keyring.new_data_key(place), place)
    if sealer.open(sealer.seal(b"health", place), place) != b"health":
        return State(Light.BAD, _("What was closed with it opens to something else."))
    return State(Light.GOOD, _("Nothing needs a key that is not there, and what was closed could be opened."))


async def try_clock(bench: Bench) -> State:
    """Compare with the database's clock, which is another machine's where there are several."""
    if bench.house.database.is_sqlite:
        return clock_state()
    async with bench.house.database.read() as tx:
        theirs = (await tx.scalars(select(func.now()))).one()
    apart_s = abs((theirs - bench.house.clock.now()).total_seconds())
    if apart_s > APART_S:
        return State(Light.BAD, _("It is {count} seconds apart from the database's clock."), {"count": round(apart_s)})
    return clock_state()


def _taken(began: float) -> dict[str, int]:
    return {"count": round((perf_counter() - began) * 1000)}
