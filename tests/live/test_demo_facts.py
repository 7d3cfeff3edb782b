"""`consilium demo --json` against a running demo server, as often as a program likes."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from server.demo_client import fetch_demo
from tests.servers import AppServer


@pytest.fixture
def demo(tmp_path: Path) -> AppServer:
    return AppServer(tmp_path, ENVIRONMENT="demo", BASE_URL="")


def test_it_can_be_asked_again_and_again_and_leaves_no_login_behind(demo: AppServer) -> None:
    demo.start()
    try:
        told = json.loads(demo.run("demo", "--json"))
        links = {fetch_demo(demo.folder / "data").patient_link for _ in range(11)}
    finally:
        demo.stop()
    assert len(links | {told["patient_link"]}) == 12
    assert told["base_url"] == demo.url
    engine = create_engine(f"sqlite:///{demo.folder}/data/consilium.db")
    with closing(engine.connect()) as connection:
        ended = connection.execute(text("SELECT ended_at IS NOT NULL FROM login_session")).scalars().all()
    engine.dispose()
    assert list(ended) == [1] * 12
