"""`consilium doctor` beside a real coturn with the configuration of `deploy/`: what works is proven, what does not is named."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.media.probe import FORBIDDEN, REFUSALS, UNAUTHORIZED
from tests.forking import ROOT, run
from tests.servers import Turn, free_port

pytestmark = pytest.mark.row("V6")

SECRET = "north wind, long enough for a real one"


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turn]:
    turn = Turn(tmp_path_factory.mktemp("turn"), SECRET)
    yield turn
    turn.stop()


def doctor(turn: Turn | None, urls: str, *, trusts: bool = True, fresh: bool = False, **settings: str) -> tuple[int, list[str]]:
    """Run the command, in a fresh process as an operator does or in a fork; returns its exit code and its lines."""
    trusted = {"SSL_CERT_FILE": str(turn.certificate)} if turn is not None and trusts else {}
    given = {"TURN_URLS": urls, "TURN_SECRET": SECRET, "MEDIA": "off", **settings}
    environ = {**os.environ, **trusted, **{f"CONSILIUM_{name}": value for name, value in given.items()}}
    command = [sys.executable, "-m", "server", "doctor"]
    done = (
        subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False)
        if fresh
        else run(["doctor"], environ)
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_every_kind_of_candidate_is_proven(turn: Turn) -> None:
    urls = [turn.url, turn.tcp_url, turn.tls_url]
    code, lines = doctor(turn, ",".join(urls), STUN_URLS=f"stun:127.0.0.1:{turn.port}", fresh=True)
    assert lines == [
        "none  camera: pages are served by plain http: browsers give camera and microphone on this machine only",
        "ok    host candidate: a datagram reached 127.0.0.1",
        "none  media engine: CONSILIUM_MEDIA is off: calls are for two people",
        f"ok    server-reflexive candidate by stun:127.0.0.1:{turn.port}: it sees this machine at 127.0.0.1",
        *(f"ok    relay candidate by {url}: a datagram passed between two addresses at 127.0.0.1" for url in urls),
    ]
    assert code == 0


def test_bad_40_another_secret_is_named(turn: Turn) -> None:
    code, lines = doctor(turn, turn.url, TURN_SECRET="south wind")
    assert (code, lines[-1]) == (1, f"bad   relay candidate by {turn.url}: {REFUSALS[UNAUTHORIZED]}")


def test_nothing_set_up_is_said_and_is_no_fault(turn: Turn) -> None:
    code, lines = doctor(turn, "")
    assert (code, lines[-2:]) == (
        0,
        [
            "none  server-reflexive candidate: CONSILIUM_STUN_URLS is empty: people behind a router reach others by the relay only",
            "none  relay candidate: CONSILIUM_TURN_URLS is empty: people behind strict networks cannot join",
        ],
    )


def test_a_relay_without_a_secret_is_a_fault(turn: Turn) -> None:
    code, lines = doctor(turn, turn.url, TURN_SECRET="")
    assert (code, lines[-1]) == (1, "bad   relay candidate: CONSILIUM_TURN_SECRET is empty, so browsers are told of no relay")


def test_a_closed_port_is_named(turn: Turn) -> None:
    nobody = free_port()
    code, lines = doctor(turn, f"turn:127.0.0.1:{nobody}?transport=tcp")
    assert (code, lines[-1]) == (
        1,
        f"bad   relay candidate by turn:127.0.0.1:{nobody}?transport=tcp: it cannot be reached: connection refused",
    )


def test_a_port_that_never_answers_is_named(turn: Turn) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        code, lines = doctor(turn, f"turn:{at}", STUN_URLS=f"stun:{at}")
    assert code == 1
    assert lines[-2:] == [
        f"bad   server-reflexive candidate by stun:{at}: no answer: is the port open on the way there?",
        f"bad   relay candidate by turn:{at}: no answer: is the port open on the way there?",
    ]


def test_a_certificate_that_browsers_refuse_is_named(turn: Turn) -> None:
    code, lines = doctor(turn, turn.tls_url, trusts=False)
    assert code == 1
    assert lines[-1].startswith(
        f"bad   relay candidate by {turn.tls_url}: its certificate is not one that browsers accept: self-signed certificate"
    )


def test_tls_where_none_is_spoken_is_named(turn: Turn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        threading.Thread(target=_speak_plainly, args=[plain], daemon=True).start()
        url = f"turns:127.0.0.1:{plain.getsockname()[1]}"
        code, lines = doctor(turn, url)
    assert (code, lines[-1]) == (1, f"bad   relay candidate by {url}: it does not speak TLS at that port")


def _speak_plainly(server: socket.socket) -> None:
    line, _ = server.accept()
    with line:
        line.recv(1000)
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("url", ["http://127.0.0.1", "turn:", "turn:host:port"])
def test_what_is_no_url_is_named(turn: Turn, url: str) -> None:
    code, lines = doctor(turn, url)
    assert code == 1
    assert any(line.startswith("bad ") and line.endswith(": it is no stun:, turn: or turns: URL") for line in lines)


def test_the_shipped_configuration_keeps_the_relay_out_of_the_inner_network(tmp_path: Path) -> None:
    """Without the test's exception for loopback an allocation is given, and nothing passes: a relay must be no way in."""
    closed = Turn(tmp_path / "closed", SECRET, **{"allowed-peer-ip": "192.0.2.1"})
    try:
        code, lines = doctor(closed, closed.url)
    finally:
        closed.stop()
    assert code == 1
    assert lines[-1] == f"bad   relay candidate by {closed.url}: {REFUSALS[FORBIDDEN]}"
