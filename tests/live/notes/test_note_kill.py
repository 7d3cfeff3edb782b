"""Bad input 42: the server is killed while five people type, and nothing that was called saved is gone."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from server.core.db import Database
from server.notes.chain import Chain
from tests.cast import seat_in
from tests.live.notes.house import rows_of
from tests.live.notes.typists import lost_after_kill
from tests.servers import ForkedServer
from tests.site import Site

pytestmark = [pytest.mark.anyio, pytest.mark.row("N2")]

KILLED_AFTER = (20, 60)
PAUSE_S = 0.02


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    """The real server on each of the databases."""
    seat_in(database_url)
    server = ForkedServer(tmp_path, DATABASE_URL=database_url)
    server.start()
    site = Site(server)
    yield site
    site.close()
    server.stop()


async def test_bad_42_killed_while_five_people_type(site: Site, database: Database) -> None:
    booked = site.consultation()
    for letters in KILLED_AFTER:
        promised, lost = await lost_after_kill(site, booked, letters, PAUSE_S)
        assert promised >= letters
        assert lost == 0
    rows = await rows_of(database, UUID(booked.id))
    Chain(rows[0].note_id).follow(rows)
