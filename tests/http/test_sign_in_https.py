"""Behind https the login cookie is pinned to its host."""

from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from server.settings import Settings
from tests.cast import ALICE, Cast

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

HTTPS = "https://clinic.example"


@pytest.fixture
def settings(app_database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=app_database_url, data_dir=tmp_path / "data", base_url=HTTPS)


async def test_the_cookie_is_pinned_to_host_and_https(app: Starlette, cast: Cast) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=HTTPS, headers={"origin": HTTPS}) as client:
        answer = await client.post("/sign-in", data={"username": ALICE.username, "password": ALICE.password})
        parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
        assert answer.headers["set-cookie"].startswith("__Host-sid=")
        assert {"secure", "httponly", "path=/"} <= parts
        assert not any(part.startswith("domain") for part in parts)
        assert (await client.get("/api/today")).status_code == 200
        assert "max-age" in answer.headers["strict-transport-security"]


async def test_a_cookie_of_the_plain_name_opens_nothing(app: Starlette, cast: Cast) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=HTTPS, headers={"origin": HTTPS}) as client:
        answer = await client.post("/sign-in", data={"username": ALICE.username, "password": ALICE.password})
        token = client.cookies["__Host-sid"]
    assert answer.status_code == 303
    plain = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=HTTPS, cookies={"sid": token})
    assert (await plain.get("/api/today")).status_code == 401
    await plain.aclose()
