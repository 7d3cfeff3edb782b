"""The engine's control socket lets one application in, and no stranger."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from server.core.supervise import Supervisor
from server.errors import Forbidden, NotFound
from server.media import control_server
from server.media.control_server import ControlServer
from server.media_control import LONGEST_LINE, VERSION, CloseRoom, Command, Event, Greeting, Hello, Load, OpenRoom, Refused, Speaking
from server.media_lines import write
from tests.conftest import StillClock
from tests.live.media.app_side import CHALLENGE, SECRET, App
from tests.live.media.caller import until

pytestmark = pytest.mark.anyio
LOAD = Load(rooms=1, peers=2, packets=3, dropped=4, cpu=0.5)


class Rooms:
    """Knows what it was told, and knows no room."""

    made: ClassVar[list["Rooms"]] = []

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self.tell = tell
        self.done: list[Command] = []
        self.ends = 0
        self.made.append(self)

    def do(self, command: Command) -> None:
        self.done.append(command)
        if isinstance(command, CloseRoom):
            raise NotFound(code="room")

    def close(self) -> None:
        self.ends += 1


@pytest.fixture
async def control() -> AsyncIterator[ControlServer[Rooms]]:
    supervisor = Supervisor()
    Rooms.made.clear()
    control = ControlServer(supervisor, StillClock(), SECRET, Rooms)
    yield control
    await App.hang_up_all()
    await control.close()
    await supervisor.close(2)


@pytest.fixture
async def local(control: ControlServer[Rooms], tmp_path: Path) -> Path:
    """The same, on a unix socket, where no secret is needed."""
    control._secret = None
    await control.listen_unix(tmp_path / "control")
    return tmp_path / "control"


async def test_the_socket_is_the_users_own_and_commands_are_answered(control: ControlServer[Rooms], local: Path) -> None:
    app = await App.at(local)
    assert mode_of(local) == 0o600
    assert await app.do(OpenRoom, room="r") == "ok"
    assert await app.do(CloseRoom, room="r") == "room"
    Rooms.made[0].tell(Speaking(room="r", peer="p"))
    assert (await app.event(Speaking)).peer == "p"


async def test_a_killed_engines_socket_is_replaced(control: ControlServer[Rooms], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(tmp_path / "control"))
    control._secret = None
    await control.listen_unix(tmp_path / "control")
    await App.at(tmp_path / "control")


async def test_over_tcp_both_sides_prove_that_they_know_the_secret(control: ControlServer[Rooms]) -> None:
    port = await control.listen_tcp("127.0.0.1", 0)
    app = await App.at(("127.0.0.1", port), SECRET)
    assert await app.do(OpenRoom, room="r") == "ok"


async def test_tcp_is_not_opened_without_a_secret(control: ControlServer[Rooms]) -> None:
    for secret in (None, b"short"):
        control._secret = secret
        with pytest.raises(Forbidden):
            await control.listen_tcp("127.0.0.1", 0)


@pytest.mark.parametrize(
    "first",
    [
        Hello(version=VERSION), Hello(version=VERSION, challenge=CHALLENGE, proof="0" * 64), Hello(version=VERSION, proof="0" * 64),
        Hello(version=VERSION - 1), Hello(version=VERSION + 1),
        OpenRoom(id=1, room="r"),
    ],
)  # fmt: skip
async def test_who_does_not_prove_it_is_cut_off_and_does_nothing(control: ControlServer[Rooms], first: Any) -> None:
    port = await control.listen_tcp("127.0.0.1", 0)
    app = App(*await asyncio.open_connection("127.0.0.1", port))
    assert isinstance(await app.read(), Greeting)
    app.write(first)
    app.write(OpenRoom(id=1, room="r"))
    with pytest.raises((EOFError, ConnectionError)):
        await app.read()
    assert Rooms.made == []


async def test_who_says_nothing_is_cut_off(control: ControlServer[Rooms], local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_server, "HELLO_S", 0.01)
    app = App(*await asyncio.open_unix_connection(local))
    await app.read()
    with pytest.raises(EOFError):
        await app.read()


@pytest.mark.parametrize("line", [b"hello\n", b"{}\n", b"x" * (LONGEST_LINE + 2) + b"\n", write(Hello(version=VERSION))])
async def test_a_line_that_is_no_command_ends_the_connection_and_its_rooms(control: ControlServer[Rooms], local: Path, line: bytes) -> None:
    app = await App.at(local)
    app.writer.write(line)
    with pytest.raises((EOFError, ConnectionError)):
        await app.read()
    await until(lambda: Rooms.made[0].ends == 1)
    await App.at(local)


async def test_too_many_commands_end_the_connection(control: ControlServer[Rooms], local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_server, "RATE", 3)
    app = await App.at(local)
    for _ in range(3):
        assert await app.do(OpenRoom, room="r") == "ok"
    app.write(OpenRoom(id=9, room="r"))
    with pytest.raises((EOFError, ConnectionError)):
        await app.read()


async def test_each_application_has_its_own_rooms_until_it_goes(control: ControlServer[Rooms], local: Path) -> None:
    older, newer = await App.at(local), await App.at(local)
    assert await newer.do(OpenRoom, room="r") == "ok"
    assert await older.do(OpenRoom, room="q") == "ok"
    ours, theirs = sorted(Rooms.made, key=lambda each: each.done[0].room)
    assert [[command.room for command in each.done] for each in (ours, theirs)] == [["q"], ["r"]]
    ours.tell(Speaking(room="q", peer="p"))
    control.tell_all(LOAD)
    assert await older.read() == Speaking(room="q", peer="p")
    assert await older.read() == await newer.read() == LOAD
    await newer.close()
    await until(lambda: theirs.ends == 1)
    assert ours.ends == 0
    assert control.driven == [ours]


async def test_a_further_application_is_refused_and_told_so(
    control: ControlServer[Rooms], local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_server, "MOST_APPLICATIONS", 1)
    first = await App.at(local)
    assert await first.do(OpenRoom, room="r") == "ok"
    further = await App.at(local)
    assert await further.read() == Refused(re=0, code="applications")
    with pytest.raises((EOFError, ConnectionError)):
        await further.read()
    assert await first.do(OpenRoom, room="q") == "ok"
    assert len(Rooms.made) == 1


async def test_an_application_whose_machine_is_gone_is_noticed(control: ControlServer[Rooms]) -> None:
    """The kernel ends what is not acknowledged; that cannot be played on one machine, so the option itself is asked for."""
    app = await App.at(("127.0.0.1", await control.listen_tcp("127.0.0.1", 0)), SECRET)
    assert await app.do(OpenRoom, room="r") == "ok"
    (writer,) = control._lines
    held = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert held == control_server.UNHEARD_MS


async def test_an_application_that_does_not_read_is_cut_off(
    control: ControlServer[Rooms], local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control.tell_all(LOAD)
    app = await App.at(local)
    assert await app.do(OpenRoom, room="r") == "ok"
    monkeypatch.setattr(control_server, "LONGEST_QUEUE", 100_000)
    (rooms,) = Rooms.made
    sent = 0
    while rooms.ends == 0 and sent < 100_000:
        rooms.tell(Speaking(room="r" * 64, peer="p" * 64))
        sent += 1
        if sent % 100 == 0:
            await asyncio.sleep(0)
    assert rooms.ends
    rooms.tell(Speaking(room="r", peer=None))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
