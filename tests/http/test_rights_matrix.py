"""No id of anything opens to whoever has no right to it, and no route is without its row."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from server.settings import Settings
from tests.cast import Cast
from tests.conftest import ORIGIN, StillClock
from tests.http.rights_matrix import Stranger, closed, leaks, rows_of
from tests.http.rights_table import THINGS, Row, row_of
from tests.http.rights_things import make_everything
from tests.http.rights_world import Pristine, World, inhabited
from tests.http.routes import endpoints
from tests.http.test_rights import OWN, is_public

pytestmark = [pytest.mark.anyio, *(pytest.mark.row(row) for row in ("N3", "N4", "V1", "P3", "P5", "L6"))]

NOT_NOW = {  # what the world has not: nothing was invoiced, kept as told, or opened in an emergency by whoever asks
    "POST /money/invoices/{appointment_id:uuid}/cancel",
    "POST /patients/{patient_id:uuid}/background/{entry_id:uuid}/end", "POST /patients/{patient_id:uuid}/emergency/end",
}  # fmt: skip


@pytest.fixture
def settings(app_database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=app_database_url, data_dir=tmp_path / "data", base_url=ORIGIN, payments="sandbox")


async def noticed(world: World, rows: list[Row], pristine: Pristine) -> bool:
    """Whether it would be seen that a stranger is let in everywhere: dr_alice is asked for as one."""
    world.strangers["dr_alice"] = world.rightful["alice"]
    alice = Stranger(world, pristine, "dr_alice")
    await alice.go(row for row in rows if row.whose == "alice")
    return len(alice.found) > len(rows) / 2


async def test_every_route_is_in_a_table(app: Starlette) -> None:
    """A parameter without a thing is a `LookupError` that names the route."""
    rest = [str(one) for one in endpoints(app) if row_of(one) is None and not is_public(one.path) and one.path not in OWN]
    assert [one for one in rest if "/sandbox/pay/" not in one] == []


async def test_bad_28_every_id_is_not_there_for_six_strangers(app: Starlette, cast: Cast, clock: StillClock, tmp_path: Path) -> None:
    """And it is there for whom it belongs to, so that no 404 is that of a wrong address or of a form that is refused."""
    rows = rows_of(app)
    named = {(name, thing) for row in rows for name, thing in row.named.items()}
    assert named == {(name, thing) for name, by_path in THINGS.items() for thing in by_path.values()}, "the table names what is gone"
    async with inhabited(app, clock, tmp_path / "test.db") as world:
        await make_everything(world)
        assert {thing for _, thing in named} - world.things.keys() == set(), "nothing makes these"
        with world.kept() as pristine:
            found = await leaks(world, rows, pristine)
            assert found == [], "\n".join([f"rights_matrix_leaks {len(found)}", *found])
            assert set(await closed(world, rows, pristine)) == NOT_NOW
            assert await noticed(world, rows[:20], pristine)
