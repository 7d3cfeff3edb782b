"""How many ids open to whoever has no right to them: every route against six strangers, as tests/http/test_rights_matrix.py asks."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import anyio

from server.app import Parts, build_app
from server.core.migrate import migrate
from server.settings import Settings
from tests.bench.figures import Figure
from tests.cast import seat_in
from tests.conftest import MORNING, ORIGIN, StillClock
from tests.http.rights_matrix import leaks, rows_of
from tests.http.rights_things import make_everything
from tests.http.rights_world import inhabited


def measure(_options: argparse.Namespace) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "bench.db"
        migrate(f"sqlite:///{place}")
        seat_in(f"sqlite:///{place}", MORNING)
        found = anyio.run(_found, place)
    print("\n".join(found), file=sys.stderr)
    yield Figure("rights_matrix_leaks", len(found), "ids")


async def _found(place: Path) -> list[str]:
    clock = StillClock()
    settings = Settings(database_url=f"sqlite:///{place}", data_dir=place.parent / "data", base_url=ORIGIN, payments="sandbox")
    app = build_app(settings, Parts(clock=clock))
    async with app.router.lifespan_context(app), inhabited(app, clock, place) as world:
        await make_everything(world)
        with world.kept() as pristine:
            return await leaks(world, rows_of(app), pristine)
