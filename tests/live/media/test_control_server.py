"""The engine's control socket lets one application in, and no stranger."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.core.supervise import Supervisor
from server.errors import Forbidden, NotFound
from server.media import control_server
from server.media.control_server import ControlServer
from server.media_control import LONGEST_LINE, CloseRoom, Command, Greeting, Hello, OpenRoom, Speaking
from server.media_lines import write
from tests.conftest import StillClock
from tests.live.media.app_side import CHALLENGE, SECRET, App
from tests.live.media.caller import until

pytestmark = pytest.mark.anyio


class Rooms:
    """Knows what it was told, and knows no room."""

    def __init__(self) -> None:
        self.done: list[Command] = []
        self.ends = 0

    def do(self, command: Command) -> None:
        self.done.append(command)
        if isinstance(command, CloseRoom):
            raise NotFound(code="room")

    def close(self) -> None:
        self.ends += 1


@pytest.fixture
async def control() -> AsyncIterator[ControlServer]:
    supervisor = Supervisor()
    control = ControlServer(supervisor, StillClock(), SECRET)
    control.driven = Rooms()
    yield control
    await App.hang_up_all()
    await control.close()
    await supervisor.close(2)


@pytest.fixture
async def local(control: ControlServer, tmp_path: Path) -> Path:
    """The same, on a unix socket, where no secret is needed."""
    control._secret = None
    await control.listen_unix(tmp_path / "control")
    return tmp_path / "control"


async def test_the_socket_is_the_users_own_and_commands_are_answered(control: ControlServer, local: Path) -> None:
    app = await App.at(local)
    assert mode_of(local) == 0o600
    assert await app.do(OpenRoom, room="r") == "ok"
    assert await app.do(CloseRoom, room="r") == "room"
    control.send(Speaking(room="r", peer="p"))
    assert (await app.event(Speaking)).peer == "p"


async def test_a_killed_engines_socket_is_replaced(control: ControlServer, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(tmp_path / "control"))
    control._secret = None
    await control.listen_unix(tmp_path / "control")
    await App.at(tmp_path / "control")


async def test_over_tcp_both_sides_prove_that_they_know_the_secret(control: ControlServer) -> None:
    port = await control.listen_tcp("127.0.0.1", 0)
    app = await App.at(("127.0.0.1", port), SECRET)
    assert await app.do(OpenRoom, room="r") == "ok"


async def test_tcp_is_not_opened_without_a_secret(control: ControlServer) -> None:
    for secret in (None, b"short"):
        control._secret = secret
        with pytest.raises(Forbidden):
            await control.listen_tcp("127.0.0.1", 0)


@pytest.mark.parametrize(
    "first",
    [
        Hello(version=1), Hello(version=1, challenge=CHALLENGE, proof="0" * 64), Hello(version=1, proof="0" * 64), Hello(version=2),
        OpenRoom(id=1, room="r"),
    ],
)  # fmt: skip
async def test_who_does_not_prove_it_is_cut_off_and_does_nothing(control: ControlServer, first: Any) -> None:
    port = await control.listen_tcp("127.0.0.1", 0)
    app = App(*await asyncio.open_connection("127.0.0.1", port))
    assert isinstance(await app.read(), Greeting)
    app.write(first)
    app.write(OpenRoom(id=1, room="r"))
    with pytest.raises((EOFError, ConnectionError)):
        await app.read()
    assert driven(control).done == []
    assert driven(control).ends == 0


async def test_who_says_nothing_is_cut_off(control: ControlServer, local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_server, "HELLO_S", 0.01)
    app = App(*await asyncio.open_unix_connection(local))
    await app.read()
    with pytest.raises(EOFError):
        await app.read()


@pytest.mark.parametrize("line", [b"hello\n", b"{}\n", b"x" * (LONGEST_LINE + 2) + b"\n", write(Hello(version=1))])
async def test_a_line_that_is_no_command_ends_the_connection_and_its_rooms(control: ControlServer, local: Path, line: bytes) -> None:
    app = await App.at(local)
    app.writer.write(line)
    with pytest.raises((EOFError, ConnectionError)):
        await app.read()
    await until(lambda: driven(control).ends == 1)
    await App.at(local)


async def test_too_many_commands_end_the_connection(control: ControlServer, local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_server, "RATE", 3)
    app = await App.at(local)
    for _ in range(3):
        assert await app.do(OpenRoom, room="r") == "ok"
    app.write(OpenRoom(id=9, room="r"))
    with pytest.raises((EOFError, ConnectionError)):
        await app.read()


async def test_a_newer_application_replaces_the_older_one(control: ControlServer, local: Path) -> None:
    older = await App.at(local)
    newer = await App.at(local)
    with pytest.raises((EOFError, ConnectionError)):
        await older.read()
    assert driven(control).ends == 1
    assert await newer.do(OpenRoom, room="r") == "ok"
    await newer.close()
    await until(lambda: driven(control).ends == 2)


async def test_an_application_that_does_not_read_is_cut_off(control: ControlServer, local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    control.send(Speaking(room="r", peer=None))
    await App.at(local)
    monkeypatch.setattr(control_server, "LONGEST_QUEUE", 100_000)
    sent = 0
    while driven(control).ends == 0 and sent < 100_000:
        control.send(Speaking(room="r" * 64, peer="p" * 64))
        sent += 1
        if sent % 100 == 0:
            await asyncio.sleep(0)
    assert driven(control).ends
    control.send(Speaking(room="r", peer=None))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def driven(control: ControlServer) -> Rooms:
    assert isinstance(control.driven, Rooms)
    return control.driven
