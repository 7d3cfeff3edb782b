"""Bad input 42: the server is killed while five people type, and nothing that was called saved is gone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.notes.chain import Chain, Row
from tests.live.notes.typists import lost_after_kill
from tests.servers import AppServer
from tests.site import Site

pytestmark = [pytest.mark.anyio, pytest.mark.row("N1"), pytest.mark.row("O1")]


@pytest.fixture
def site(live_server: AppServer) -> Iterator[Site]:
    site = Site(live_server)
    yield site
    site.close()


async def test_bad_42_killed_while_five_people_type(site: Site, tmp_path: Path) -> None:
    booked = site.consultation()
    for type_s in (0.4, 0.9):
        promised, lost = await lost_after_kill(site, booked, type_s, 0.02)
        assert promised > 0
        assert lost == 0
    with closing(sqlite3.connect(tmp_path / "test.db")) as database:
        columns = ", ".join(Row._fields)
        rows = [Row(*row) for row in database.execute(f"SELECT {columns} FROM note_update ORDER BY seq")]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    Chain(rows[0].note_id).follow(rows)
