"""Measures how soon an open note closes when the permission for it is withdrawn, with its hint and without, and when it runs out."""

import argparse
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import anyio
import httpx2
from starlette.applications import Starlette

from server.access.model import Grant
from server.access.permissions import Wish, permit, withdraw_permission
from server.app import build_app
from server.core.clock import SystemClock
from server.core.house import House
from server.core.migrate import migrate
from server.errors import Forbidden
from server.settings import Settings
from tests.bench.figures import Figure, worst
from tests.bench.notes_bench import percentile
from tests.cast import ALICE, CHARLIE, DANA, Meeting, Staff, add_meeting, seat_cast, sign_in_as
from tests.conftest import ORIGIN, browser_of
from tests.in_process import running
from tests.live.notes.client import Tab, open_tab
from tests.live.notes.house import notes_in, ticket_for

WITHDRAWALS, OTHERS = 200, 10
QUICK = 20, 2
LASTS = timedelta(days=1)
SOON, LATER = timedelta(seconds=1.2), timedelta(seconds=0.1)  # each lasts longer than the one before: the server looks every second
CLOCK = SystemClock()


@dataclass(frozen=True)
class Scene:
    """A running application in this process, the note that alice wrote, and the browser of charlie, whom she permits."""

    house: House
    address: str
    patient_id: UUID
    note_id: str
    charlie: httpx2.AsyncClient


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """Withdraw many permissions while the note is open, then some whose hint reaches nobody, and let some run out; of these the slowest."""
    withdrawals, others = QUICK if options.quick else (WITHDRAWALS, OTHERS)
    by_hint, without, run_out = anyio.run(_measure, withdrawals, others)
    yield Figure("revoke_p99_ms", 1000 * percentile(by_hint, 0.99), "ms")
    yield worst("revoke_lost_hint_s", without, "s")
    yield worst("revoke_run_out_s", run_out, "s")


async def _measure(withdrawals: int, others: int) -> tuple[list[float], list[float], list[float]]:
    async with _scene() as scene:
        by_hint = [await _withdrawn_s(scene) for _ in range(withdrawals)]
        with patch.object(scene.house.bus, "publish", lambda _: None):
            without = [await _withdrawn_s(scene) for _ in range(others)]
        return by_hint, without, [await _run_out_s(scene, SOON + number * LATER) for number in range(others)]


async def _withdrawn_s(scene: Scene) -> float:
    """Return the seconds from the moment at which the withdrawal is stored until the tab knows that it is closed."""
    grant = await _permit(scene, LASTS)
    async with _opened(scene) as tab:
        async with scene.house.database.write() as tx:
            await withdraw_permission(tx, ALICE.viewer, scene.patient_id, grant.id, CLOCK.now())
        withdrawn = time.perf_counter()
        await _closed(tab)
        return time.perf_counter() - withdrawn


async def _run_out_s(scene: Scene, lasts: timedelta) -> float:
    """Return the seconds from the end of the permission until the tab knows that it is closed."""
    grant = await _permit(scene, lasts)
    async with _opened(scene) as tab:
        await _closed(tab)
        return (CLOCK.now() - grant.expires_at).total_seconds()


async def _permit(scene: Scene, lasts: timedelta) -> Grant:
    now = CLOCK.now()
    async with scene.house.database.write() as tx:
        wish = Wish(scene.patient_id, CHARLIE.person_id, "Second opinion", now + lasts)
        return await permit(tx, ALICE.viewer, wish, now)


@asynccontextmanager
async def _opened(scene: Scene) -> AsyncIterator[Tab]:
    await scene.house.limiter.forget("ticket", str(CHARLIE.person_id))
    ticket = await ticket_for(scene.charlie, scene.note_id)
    async with open_tab(scene.address, ticket, origin=ORIGIN) as tab:
        await tab.until(lambda tab: tab.synced)
        yield tab


async def _closed(tab: Tab) -> None:
    code = await tab.closed()
    if code != Forbidden.close_code:
        raise RuntimeError(f"closed with {code}")


@asynccontextmanager
async def _scene() -> AsyncIterator[Scene]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        await anyio.to_thread.run_sync(migrate, url)
        app = build_app(Settings(database_url=url, data_dir=Path(folder) / "data", base_url=ORIGIN))
        async with app.router.lifespan_context(app), running(app) as here:
            house: House = app.state.house
            meeting = await _seated(house)
            alice, charlie = await _browser(app, ALICE), await _browser(app, CHARLIE)
            async with alice, charlie:
                note_id = (await notes_in(alice, meeting.consultation_id))["shared"]
                yield Scene(house, here.address, DANA.patient_id, note_id, charlie)


async def _seated(house: House) -> Meeting:
    async with house.database.write() as tx:
        await seat_cast(tx, CLOCK.now())
        return await add_meeting(tx, house.secrets, CLOCK.now())


async def _browser(app: Starlette, member: Staff) -> httpx2.AsyncClient:
    return browser_of(app, {"sid": await sign_in_as(app.state.house, member)})
