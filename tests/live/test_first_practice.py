"""From an empty production server to an owner at their desk, by what is said on the way and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pyotp
import pytest

from tests.servers import FIRST_START_S, AppServer, ForkedServer, Postgres, until

pytestmark = pytest.mark.row("P8")

NAME = "Harbour Clinic"
LINK = re.compile(r"^http\S+/place/[\w-]{43}$", re.MULTILINE)
OWNER = {"name": "Olga Orlova", "username": "olga", "password": "a long way down to the harbour"}


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AppServer]:
    """A server as somebody begins it in production: nothing is there, not even the tables, and owners need a second factor."""
    url = ""
    if request.param == "postgresql":
        cluster: Postgres = request.getfixturevalue("postgres")
        cluster.execute("CREATE DATABASE first_practice TEMPLATE template0")
        url = cluster.url("first_practice")
    server = ForkedServer(tmp_path, DATABASE_URL=url, REQUIRE_SECOND_FACTOR="")
    yield server
    server.stop()
    if url:
        cluster.execute("DROP DATABASE first_practice WITH (FORCE)")


@pytest.fixture
def migrated(database_url: str, tmp_path: Path) -> Iterator[AppServer]:
    """The same with its tables."""
    server = ForkedServer(tmp_path, DATABASE_URL=database_url, REQUIRE_SECOND_FACTOR="")
    server.start()
    yield server
    server.stop()


def begin(server: AppServer) -> None:
    """Start it, and wait for longer than elsewhere: every migration runs."""
    server.begin()
    until(server.ready, timeout_s=FIRST_START_S, what="the first start")


def browser(server: AppServer) -> httpx2.Client:
    return httpx2.Client(base_url=server.url, headers={"origin": server.url}, trust_env=False, timeout=30, follow_redirects=True)


def told(server: AppServer, *arguments: str) -> str:
    done = server.run("practice", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(server: AppServer, *arguments: str) -> str:
    done = server.run("practice", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def link_in(text: str) -> str:
    [link] = LINK.findall(text)
    return str(link)


def test_an_owner_comes_into_an_empty_production_server(server: AppServer) -> None:
    assert "the database is not ready" in refused(server, "new", NAME)
    begin(server)
    assert "No practice yet: `consilium practice new" in server.log
    with browser(server) as somebody:
        assert "consilium practice new" in somebody.get("/").text
        assert "There is no practice yet" in told(server, "list")
        first = link_in(server.run_fresh("practice", "new", NAME).stdout)
        assert "Sign in" in somebody.get("/").text
        assert "no owner yet" in told(server, "list")
        link = link_in(told(server, "invite", NAME))
        assert somebody.get(first).status_code == 404
        page = somebody.get(link)
        assert NAME in page.text
        assert "Owner" in page.text
        page = somebody.post(link, data=OWNER)
        assert page.url.path == "/account/second-factor"
        page = somebody.post("/account/second-factor/begin")
        key = re.search(r'<code class="secret" dir="ltr">([A-Z2-7 ]+)</code>', page.text)
        assert key
        assert (
            "Recovery codes"
            in somebody.post("/account/second-factor/confirm", data={"code": pyotp.TOTP(key[1].replace(" ", "")).now()}).text
        )
        desk = somebody.get("/")
        assert (desk.status_code, desk.url.path) == (200, "/practice")
        assert NAME in desk.text
        audit = somebody.get("/practice/audit").text
        assert all(words in audit for words in ("Made the practice", "Invited somebody", "Sent an invitation again", "Took a place"))
    assert "1 owner" in told(server, "list")
    assert "has an owner" in refused(server, "invite", NAME)
    assert "no faults found" in server.run("verify", "audit").stdout


def test_what_cannot_be_is_refused_in_a_line(migrated: AppServer) -> None:
    assert "needs a name" in refused(migrated, "new", "  ")
    assert "too long" in refused(migrated, "new", "x" * 201)
    assert "cannot be stored" in refused(migrated, "new", "Harbour\x07Clinic")
    assert "no such time zone" in refused(migrated, "new", NAME, "--time-zone", "Harbour/Town")
    assert "no e-mail address" in refused(migrated, "new", NAME, "--owner-email", "olga at example")
    assert "There is no practice yet" in told(migrated, "list")
    assert "nothing is sent" in told(migrated, "new", "  Harbour   Clinic ", "--owner-email", "olga@example.org")
    assert "invite NAME" in refused(migrated, "new", "HÁRBOUR clinic")
    assert "no practice has this name" in refused(migrated, "invite", "Another")
    practice_id = told(migrated, "list").split()[0]
    assert LINK.search(told(migrated, "invite", practice_id))
