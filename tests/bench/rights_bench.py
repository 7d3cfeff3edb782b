"""Measures how soon an open note closes once the permission for it is withdrawn: by the hint, and where the hint is lost."""

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

from server.access.permissions import Wish, permit, withdraw_permission
from server.app import build_app
from server.core.clock import SystemClock
from server.core.house import House
from server.core.migrate import migrate
from server.settings import Settings
from tests.bench.figures import Figure
from tests.cast import ALICE, CHARLIE, DANA, Meeting, Staff, add_meeting, seat_cast, sign_in_as
from tests.conftest import ORIGIN, browser_of
from tests.in_process import running
from tests.live.notes.client import open_tab
from tests.live.notes.house import notes_in, ticket_for

WITHDRAWALS, LOST_HINTS = 200, 10
CLOCK = SystemClock()


@dataclass(frozen=True)
class Scene:
    """A running application in this process, the note that alice wrote, and the browser of charlie, whom she permits."""

    house: House
    address: str
    patient_id: UUID
    note_id: str
    charlie: httpx2.AsyncClient


def measure(withdrawals: int = WITHDRAWALS, lost_hints: int = LOST_HINTS) -> Iterator[Figure]:
    """Withdraw so many permissions while the note is open; then so many whose hint reaches nobody, of which the slowest counts."""
    by_hint, without = anyio.run(_measure, withdrawals, lost_hints)
    yield Figure("revoke_p99_ms", 1000 * sorted(by_hint)[int(len(by_hint) * 0.99) - 1], "ms")
    yield Figure("revoke_lost_hint_s", max(without), "s")


async def _measure(withdrawals: int, lost_hints: int) -> tuple[list[float], list[float]]:
    async with _scene() as scene:
        by_hint = [await _closing_s(scene) for _ in range(withdrawals)]
        with patch.object(scene.house.bus, "publish", lambda _: None):
            return by_hint, [await _closing_s(scene) for _ in range(lost_hints)]


async def _closing_s(scene: Scene) -> float:
    """Return the seconds from the moment at which the withdrawal is stored until the tab knows that it is closed."""
    grant_id = await _permit(scene)
    await scene.house.limiter.forget("ticket", str(CHARLIE.person_id))
    ticket = await ticket_for(scene.charlie, scene.note_id)
    async with open_tab(scene.address, ticket, origin=ORIGIN) as tab:
        await tab.until(lambda tab: tab.synced)
        async with scene.house.database.write() as tx:
            await withdraw_permission(tx, ALICE.viewer, scene.patient_id, grant_id, CLOCK.now())
        withdrawn = time.perf_counter()
        code = await tab.closed()
        if code != 4403:
            raise RuntimeError(f"closed with {code}")
        return time.perf_counter() - withdrawn


async def _permit(scene: Scene) -> UUID:
    now = CLOCK.now()
    async with scene.house.database.write() as tx:
        wish = Wish(scene.patient_id, CHARLIE.person_id, "Second opinion", now + timedelta(days=1))
        return (await permit(tx, ALICE.viewer, wish, now)).id


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


if __name__ == "__main__":
    for figure in measure():
        print(figure)
