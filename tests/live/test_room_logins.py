"""An open call is use of the login behind it."""

import anyio
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation.room import RoomPace
from server.consultation.rooms import Rooms
from server.core.house import House
from server.identity.model import LoginSession
from server.settings import Settings
from tests.cast import ALICE, Meeting
from tests.conftest import StillClock
from tests.live.room_client import as_patient, as_staff, until

pytestmark = pytest.mark.anyio

IDLE_S = 900


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"login_idle_s": IDLE_S})


@pytest.fixture
def rooms(app: Starlette) -> Rooms:
    """Rooms that look at their clock more often than in life."""
    app.state.rooms = Rooms(app.state.house, RoomPace(tick_s=0.02))
    return app.state.rooms


@pytest.mark.row("V4")
async def test_a_long_call_is_not_cut_by_an_idle_login(
    sockets: str, rooms: Rooms, house: House, meeting: Meeting, clock: StillClock
) -> None:
    async def used() -> bool:
        async with house.database.read() as tx:
            return (await tx.scalars(select(LoginSession.seen_at))).one() == clock.now()

    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana:
        await alice.command("admit")
        for _ in range(4):
            clock.advance(IDLE_S / 2)
            await alice.command("hand", up=True)
            await until(used)
        await dana.command("chat", body="Still here?")
        await alice.until(lambda: alice.page.messages)


async def test_a_login_that_was_ended_is_not_brought_back_by_its_call(
    sockets: str, rooms: Rooms, house: House, meeting: Meeting, clock: StillClock
) -> None:
    async with as_staff(sockets, house, ALICE, meeting) as alice:
        async with house.database.write() as tx:
            (await tx.scalars(select(LoginSession))).one().ended_at = clock.now()
        clock.advance(120)
        with anyio.fail_after(30):
            assert await alice.until_closed() == 4401
    async with house.database.read() as tx:
        assert (await tx.scalars(select(LoginSession.seen_at))).one() < clock.now()
