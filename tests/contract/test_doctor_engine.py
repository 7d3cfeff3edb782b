"""`consilium doctor` and `consilium media --status` beside real engines: each says in one line what is wrong."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.media.inquiry import is_on_the_way
from tests.contract.test_doctor import doctor
from tests.forking import run
from tests.servers import Forked, free_port, listening, need_six

pytestmark = pytest.mark.row("V6", "O3")

SECRET = "a secret that both sides know"
ELSEWHERE = "192.0.2.1"  # of documentation: nobody answers there
Start = Callable[..., int]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Start]:
    """Start an engine that listens on TCP; returns the port of its control."""
    started: list[Forked] = []
    (tmp_path / "secret").write_text(SECRET)

    def engine(*options: str) -> int:
        port = free_port()
        control = ("--control", f"127.0.0.1:{port}", "--secret-file", str(tmp_path / "secret"))
        command = ["media", "--listen", "127.0.0.1:0", *control, *options]
        started.append(Forked(command, tmp_path / f"engine-{port}.log"))
        started[-1].until_up(lambda: listening(port))
        return port

    yield engine
    for process in started:
        process.stop()


def of_engine(*, media: str = "own", **settings: str) -> tuple[int, str]:
    code, lines = doctor(None, "", MEDIA=media, TURN_SECRET="", **settings)
    return code, next(line for line in lines if "media engine" in line)


def status(*options: str) -> tuple[int, list[str], str]:
    done = run(["media", "--status", *options], os.environ)
    return done.returncode, done.stdout.splitlines(), done.stderr.strip()


def test_an_engine_that_browsers_reach_is_proven(engine: Start) -> None:
    port = engine()
    assert of_engine(MEDIA_NODES=f"127.0.0.1:{port}", MEDIA_SECRET=SECRET) == (
        0,
        f"ok    media engine at 127.0.0.1:{port}: it answers a browser's check at 127.0.0.1",
    )


def test_a_wrong_announced_address_is_named(engine: Start) -> None:
    port = engine("--announce", ELSEWHERE)
    code, line = of_engine(MEDIA_NODES=f"127.0.0.1:{port}", MEDIA_SECRET=SECRET)
    assert code == 1
    assert line.startswith(f"bad   media engine at 127.0.0.1:{port}: no answer at {ELSEWHERE} port ")
    assert line.endswith(", but at 127.0.0.1: the announced address is wrong, or its router does not pass the port on")


def test_a_port_that_answers_nowhere_is_named(engine: Start) -> None:
    """As behind a firewall: the engine is asked by one address and listens to media on another."""
    port = engine("--listen", "127.0.0.2:0", "--announce", ELSEWHERE)
    code, line = of_engine(MEDIA_NODES=f"127.0.0.1:{port}", MEDIA_SECRET=SECRET)
    assert code == 1
    assert line.endswith(": is that UDP port open in every firewall on the way, and the address this engine's?")


def test_no_engine_and_a_wrong_secret_are_named(engine: Start) -> None:
    nobody = free_port()
    assert of_engine(MEDIA_NODES=f"127.0.0.1:{nobody}", MEDIA_SECRET=SECRET) == (
        1,
        f"bad   media engine at 127.0.0.1:{nobody}: nobody answers there: connection refused",
    )
    port = engine()
    assert of_engine(MEDIA_NODES=f"127.0.0.1:{port}", MEDIA_SECRET="south wind, just as long") == (
        1,
        f"bad   media engine at 127.0.0.1:{port}: the secret is wrong",
    )


def test_an_own_engine_is_started_for_the_proof() -> None:
    assert of_engine(MEDIA_LISTEN="127.0.0.1:0") == (0, "ok    media engine: it answers a browser's check at 127.0.0.1")


def test_both_addresses_of_an_engine_are_tried(engine: Start) -> None:
    need_six()
    port = engine("--second", "::1")
    named = f"media engine at 127.0.0.1:{port}: "
    node = {"MEDIA_NODES": f"127.0.0.1:{port}", "MEDIA_SECRET": SECRET}
    assert of_engine(**node) == (0, f"ok    {named}it answers a browser's check at 127.0.0.1 and ::1")
    port = engine("--second", "::1", "--announce", "fd00:dead::7")
    code, line = of_engine(MEDIA_NODES=f"127.0.0.1:{port}", MEDIA_SECRET=SECRET)
    if is_on_the_way(("fd00:dead::7", port)):
        assert (code, line.endswith(": is that UDP port open in every firewall on the way, and the address this engine's?")) == (1, True)
    else:
        assert (code, line) == (0, f"ok    media engine at 127.0.0.1:{port}: it answers a browser's check at 127.0.0.1")


def test_an_own_engine_that_cannot_start_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        code, line = of_engine(MEDIA_LISTEN=f"127.0.0.1:{taken.getsockname()[1]}")
    assert code == 1
    assert line == (
        "bad   media engine: it does not start here: address already in use, perhaps by the running server: look once that is stopped"
    )


def test_an_engine_is_asked_how_it_is(engine: Start, tmp_path: Path) -> None:
    port = engine()
    code, lines, error = status("--control", f"127.0.0.1:{port}", "--secret-file", str(tmp_path / "secret"))
    assert (code, error) == (0, "")
    assert lines[0] == "All is well: it keeps up, and next to nothing is lost."
    assert {"rooms 0", "peers 0", "lost 0.0", "overrun 0", "oversize 0", "excess 0", "waiting 0"} <= set(lines)


def test_who_cannot_be_asked_is_said_and_is_a_failure(engine: Start, tmp_path: Path) -> None:
    cannot = "consilium: the engine cannot be asked: "
    assert status("--control", str(tmp_path / "nobody")) == (1, [], f"{cannot}nobody answers there: no such file or directory")
    port = engine()
    assert status("--control", f"127.0.0.1:{port}") == (1, [], f"{cannot}it asks for a secret")
    (tmp_path / "other").write_text("another secret, just as long")
    asked = status("--control", f"127.0.0.1:{port}", "--secret-file", str(tmp_path / "other"))
    assert asked == (1, [], f"{cannot}the secret is wrong")
