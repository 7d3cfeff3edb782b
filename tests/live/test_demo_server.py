"""A demo server: programs ask it for links as often as they like, and it leaves another practice's database alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.core.migrate import migrate
from server.demo_client import fetch_demo
from tests.cast import seat_in
from tests.servers import FIRST_START_S, AppServer, ForkedServer, listening, until


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[AppServer]:
    """A demo server that has not been started."""
    server = ForkedServer(tmp_path, ENVIRONMENT="demo", BASE_URL="")
    yield server
    server.stop()


def database_of(server: AppServer) -> Path:
    return server.folder / "data" / "consilium.db"


def test_it_can_be_asked_again_and_again_and_leaves_no_login_behind(demo: AppServer) -> None:
    demo.begin()
    until(demo.ready, timeout_s=FIRST_START_S, what="the first start")
    asked = [fetch_demo(demo.folder / "data") for _ in range(12)]
    demo.stop()
    assert len({facts.patient_link for facts in asked}) == 12
    with closing(sqlite3.connect(database_of(demo))) as connection:
        ended = connection.execute("SELECT ended_at IS NOT NULL FROM login_session").fetchall()
    assert ended == [(1,)] * 12


def test_a_database_of_another_practice_stops_the_start_with_one_line(demo: AppServer) -> None:
    url = f"sqlite:///{database_of(demo)}"
    migrate(url)
    seat_in(url)
    with closing(sqlite3.connect(database_of(demo))) as connection:
        connection.execute("UPDATE credential SET username = 'a.ahmed' WHERE username = 'dr_alice'")
        connection.commit()
    demo.begin()
    until(lambda: demo.log and not listening(demo.port))
    assert demo.log == "consilium: CONSILIUM_ENVIRONMENT: the database holds another practice than the demo's\n"
