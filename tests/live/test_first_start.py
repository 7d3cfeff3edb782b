"""The first start on a fresh machine: what `make run` prints, and what `consilium demo --json` tells programs."""

import json
import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from server import serve
from server.demo_client import fetch_demo
from server.settings import Settings
from tests.servers import FIRST_START_S, AppServer, ForkedServer, until

pytestmark = pytest.mark.row("O1")

GREETING = re.compile(
    r"^Address: +(?P<address>\S+)\n"
    r"Professional: +(?P<professional>\S+)  (?P<professional_password>\S+) +\((?P<sign_in>\S+)\)\n"
    r"Colleague: +(?P<colleague>\S+)  (?P<colleague_password>\S+)\n"
    r"Patient: +(?P<link>\S+)\n"
    r"Booking: +(?P<booking>\S+)\n",
    re.MULTILINE,
)


@pytest.fixture
def server(tmp_path: Path, sqlite_template: Path) -> Iterator[AppServer]:
    """A demo server that finds its tables there."""
    server = ForkedServer(tmp_path, ENVIRONMENT="demo", BASE_URL="")
    shutil.copy(sqlite_template, tmp_path / "data" / "consilium.db")
    yield server
    server.stop()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[AppServer]:
    """The same as somebody finds it who starts it for the first time."""
    server = AppServer(tmp_path, ENVIRONMENT="demo", BASE_URL="")
    yield server
    server.stop()


def greeting(server: AppServer, number: int = 1) -> dict[str, str]:
    """Wait for the greeting of the server's first, second … start; it is the last thing a start does."""
    until(lambda: len(GREETING.findall(server.log)) == number, timeout_s=FIRST_START_S, what="the greeting")
    return list(GREETING.finditer(server.log))[-1].groupdict()


def demo(server: AppServer) -> dict[str, Any]:
    done = server.run("demo", "--json")
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def test_nothing_is_migrated_while_another_server_has_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "configure_logs", lambda _: None)
    database = tmp_path / "consilium.db"
    with closing(socket.create_server(("127.0.0.1", 0))) as running:
        settings = Settings(database_url=f"sqlite:///{database}", data_dir=tmp_path, port=running.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            serve.serve(settings)
    assert not database.exists()


def sign_in(address: str, username: str, password: str, **how: Any) -> str:
    """Sign in as a browser does; returns where it is sent."""
    with httpx2.Client(base_url=address, headers={"origin": address}, trust_env=False, timeout=20, **how) as browser:
        answer = browser.post("/sign-in", data={"username": username, "password": password})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


def opened(link: str, **how: Any) -> str:
    """Open a patient's link as a browser does; returns the page."""
    with httpx2.Client(follow_redirects=True, trust_env=False, timeout=20, **how) as browser:
        answer = browser.get(link)
        assert answer.status_code == 200, answer.text
        return answer.text


def refusal(server: AppServer, *arguments: str) -> str:
    """Return the one line with which a command refuses."""
    done = server.run(*arguments)
    assert done.returncode != 0
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("consilium: ")
    return line


def test_a_first_start_tells_address_sign_ins_and_a_link_in_this_order(fresh: AppServer) -> None:
    fresh.begin()
    until(fresh.ready, timeout_s=FIRST_START_S, what="a start with every migration")
    told = greeting(fresh)
    assert told["address"] == fresh.url
    assert told["sign_in"] == f"{fresh.url}/sign-in"
    for who in ("professional", "colleague"):
        assert sign_in(fresh.url, told[who], told[f"{who}_password"]) == "/"
    assert told["professional"] != told["colleague"]
    assert "Riverside Clinic" in opened(told["link"])
    assert demo(fresh)["base_url"] == fresh.url


def test_programs_are_told_the_same_with_a_fresh_link_at_every_call(server: AppServer) -> None:
    server.start()
    told = greeting(server)
    calls = [demo(server), demo(server)]
    links = {told["link"], *(facts.pop("patient_link") for facts in calls)}
    for facts in calls:
        assert facts == {
            "base_url": server.url,
            "booking_link": told["booking"],
            "professional": {"username": told["professional"], "password": told["professional_password"]},
            "colleague": {"username": told["colleague"], "password": told["colleague_password"]},
        }
    assert len(links) == 3
    for link in links:
        assert "Riverside Clinic" in opened(link)


def test_programs_may_ask_often(server: AppServer) -> None:
    """Each call signs in, and no call may use up what a person has left."""
    server.start()
    told = greeting(server)
    folder = Path(server.settings["DATA_DIR"])
    assert len({fetch_demo(folder).patient_link for _ in range(12)}) == 12
    assert sign_in(server.url, told["professional"], told["professional_password"]) == "/"


def test_a_killed_server_starts_again_with_the_same_people_and_links(server: AppServer) -> None:
    server.start()
    first = greeting(server)
    server.kill()
    server.restart()
    second = greeting(server, 2)
    assert second == first
    assert sign_in(server.url, first["colleague"], first["colleague_password"]) == "/"
    assert "Riverside Clinic" in opened(first["link"])


def test_another_address_than_loopback_is_served_over_https(tmp_path: Path) -> None:
    """Browsers give camera and microphone to secure pages only, so that a phone in the same network needs HTTPS."""
    server = ForkedServer(tmp_path, ENVIRONMENT="demo", BASE_URL="", HOST="0.0.0.0")
    try:
        server.begin()
        told = greeting(server)
        trust = ssl.create_default_context(cafile=str(tmp_path / "data" / "tls.crt"))
        assert told["address"].startswith("https://")
        assert sign_in(told["address"], told["professional"], told["professional_password"], verify=trust) == "/"
        assert "Riverside Clinic" in opened(told["link"], verify=trust)
        assert "Riverside Clinic" in opened(demo(server)["patient_link"], verify=trust)
    finally:
        server.stop()


def test_a_port_in_use_is_told_in_one_line(server: AppServer) -> None:
    with closing(socket.create_server(("127.0.0.1", server.port))):
        assert "in use" in refusal(server, "serve")


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "eighty"), ("ENVIRONMENT", "staging"), ("DATABASE_URL", "mysql://db"), ("COLOUR", "red")]
)
def test_a_bad_setting_is_told_in_one_line_that_names_it(server: AppServer, name: str, value: str) -> None:
    server.settings[name] = value
    line = refusal(server, "serve")
    assert f"CONSILIUM_{name}" in line
    assert value not in line


def test_programs_are_told_that_no_server_runs(server: AppServer) -> None:
    assert "no demo server" in refusal(server, "demo", "--json")
    server.start()
    greeting(server)
    server.stop()
    assert "does not answer" in refusal(server, "demo", "--json")
