"""Which computers get a secret to keep unsent text under, and that it is worth nothing to the next login."""

from base64 import b64decode

import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from server.access.model import Practice
from server.core.house import House
from tests.cast import ALICE, Meeting
from tests.conftest import ORIGIN, browser_of
from tests.live.notes.client import open_tab
from tests.live.notes.house import notes_in, ticket_for

pytestmark = [pytest.mark.anyio, pytest.mark.row("N2")]

OWN = {"own": "yes"}


async def secrets_of(app: Starlette, sockets: str, meeting: Meeting, times: int = 1, **form: str) -> list[str | None]:
    """Sign in as alice once, open her note so many times, and return what each hello gave."""
    async with browser_of(app) as client:
        answer = await client.post("/sign-in", data={"username": ALICE.username, "password": ALICE.password, **form})
        assert answer.status_code == 303
        note_id = (await notes_in(client, meeting.consultation_id))["shared"]
        found = []
        for _ in range(times):
            async with open_tab(sockets, await ticket_for(client, note_id), origin=ORIGIN) as tab:
                await tab.until(lambda tab: tab.synced)
                found.append(tab.hello["keep"])
        return found


async def test_a_shared_computer_gets_none(app: Starlette, sockets: str, meeting: Meeting) -> None:
    """And every computer counts as shared until somebody says otherwise."""
    assert await secrets_of(app, sockets, meeting) == [None]
    assert await secrets_of(app, sockets, meeting, own="no") == [None]


async def test_ones_own_gets_the_same_for_one_login_and_another_for_the_next(app: Starlette, sockets: str, meeting: Meeting) -> None:
    first, again = await secrets_of(app, sockets, meeting, times=2, **OWN)
    assert first is not None
    assert len(b64decode(first)) == 32
    assert first == again
    (next_login,) = await secrets_of(app, sockets, meeting, **OWN)
    assert next_login not in (None, first)


async def test_a_practice_that_keeps_no_drafts_gives_none(app: Starlette, sockets: str, meeting: Meeting, house: House) -> None:
    async with house.database.write() as tx:
        await tx.execute(update(Practice).values(keeps_drafts=False))
    assert await secrets_of(app, sockets, meeting, **OWN) == [None]
