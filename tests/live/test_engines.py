"""The application's lines to forwarding engines: real ones in processes of their own, and a fake one that misbehaves."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from server.adapters import engines as lines
from server.adapters.engines import Engines, Node, Place, Remote
from server.adapters.own_engine import OwnEngine
from server.core.supervise import Supervisor
from server.errors import TooBig
from server.media_control import (
    LONGEST_ANSWER,
    VERSION,
    AnswerOffer,
    Command,
    Done,
    Event,
    Greeting,
    Hello,
    Join,
    Leave,
    Load,
    Offer,
    OpenRoom,
    Refused,
    Up,
    Welcome,
)
from server.media_lines import read_up, write
from server.ports import MediaRoom
from tests.live.room_client import until
from tests.servers import ROOT, Forked, Process, free_port, listening
from tests.servers import until as until_true

pytestmark = [pytest.mark.anyio, pytest.mark.row("V7")]

SECRET = b"a secret that both sides know"
Answer = Callable[[Command], list[object]]
Reach = Callable[..., Engines]
Start = Callable[[], tuple[Remote, Process]]
Fake = Callable[[Answer], Awaitable[Node]]


class Heard(list[Event | None]):
    """What a room was told."""

    async def until(self, check: Callable[[Event | None], bool]) -> None:
        await true(lambda: any(check(event) for event in self))

    async def lost(self) -> None:
        await self.until(lambda event: event is None)

    async def offered(self) -> None:
        await self.until(lambda event: isinstance(event, Offer))


async def true(check: Callable[[], object]) -> None:
    async def ask() -> object:
        return check()

    await until(ask)


@pytest.fixture
async def reach(anyio_backend: str) -> AsyncIterator[Reach]:
    """Keep lines to these places, as the application does."""
    supervisor, made = Supervisor(), list[Engines]()

    def reach(*places: Place) -> Engines:
        made.append(Engines(list(places)))
        for run in made[-1].tasks:
            supervisor.keep(run, name="engine line")
        return made[-1]

    yield reach
    await supervisor.close(5)
    for engines in made:
        await engines.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Start]:
    """Start engines that listen on TCP and share the secret."""
    started: list[Process] = []
    (tmp_path / "secret").write_bytes(SECRET)

    def node() -> tuple[Remote, Process]:
        port = free_port()
        options = ("--listen", "127.0.0.1:0", "--control", f"127.0.0.1:{port}", "--secret-file", str(tmp_path / "secret"))
        started.append(Forked(["media", *options], tmp_path / f"node-{port}.log"))
        started[-1].until_up(lambda: listening(port))
        return Remote(("127.0.0.1", port), SECRET), started[-1]

    yield node
    for process in started:
        process.stop()


@pytest.fixture
async def fake(tmp_path: Path, reach: Reach) -> AsyncIterator[Fake]:
    """Reach a node that greets and then answers as `answer` says; whoever waits finds its line standing."""
    servers: list[asyncio.Server] = []

    async def fake(answer: Answer) -> Node:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(write(Greeting(version=VERSION, challenge=None)))
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await reader.readuntil()
                writer.write(write(Welcome(proof=None)))
                while True:
                    for said in answer(_command(read_up(await reader.readuntil()))):
                        writer.write(write(said))  # type: ignore[arg-type]
            writer.close()

        servers.append(await asyncio.start_unix_server(serve, tmp_path / "fake"))
        engines = reach(Remote(tmp_path / "fake", None))
        await true(lambda: engines.available)
        return engines.nodes[0]

    yield fake
    for server in servers:
        server.close()


def _command(line: Up) -> Command:
    assert not isinstance(line, Hello)
    return line


def opened(engines: Engines, name: str, heard: Heard) -> MediaRoom:
    room = engines.open(name, heard.append)
    assert room is not None
    return room


def rooms(node: Node) -> set[str]:
    return set(node._rooms)


async def test_each_room_goes_to_the_node_with_the_least_to_do_and_to_another_when_that_dies(node: Start, reach: Reach) -> None:
    (one, first), (two, _) = node(), node()
    engines = reach(one, two)
    await true(lambda: all(each.available for each in engines.nodes))
    heard = {name: Heard() for name in "abcd"}
    for each in engines.nodes:
        each.load = None  # what its start cost would weigh, if it has told already
    for name, hears in heard.items():
        opened(engines, name, hears)
    assert [len(rooms(each)) for each in engines.nodes] == [2, 2]
    lost = rooms(engines.nodes[0])
    first.stop(signal.SIGKILL)
    for name in lost:
        await heard[name].lost()
        opened(engines, name, heard[name]).do(Join, peer="p")
    assert rooms(engines.nodes[1]) == set("abcd")
    for name in lost:
        await heard[name].offered()
    assert not any(heard[name] for name in heard.keys() - lost)


async def test_a_node_with_another_secret_is_no_node(node: Start, reach: Reach) -> None:
    place, process = node()
    engines = reach(Remote(place._address, b"another secret, just as long"))
    await true(lambda: "Forbidden" in process.text())
    assert not engines.available
    assert engines.open("r", Heard().append) is None


async def test_without_a_node_there_is_no_room(tmp_path: Path, reach: Reach) -> None:
    assert reach().open("r", Heard().append) is None
    assert reach(Remote(tmp_path / "nothing", None)).open("r", Heard().append) is None


async def test_a_node_that_falls_silent_has_lost_its_rooms(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SILENT_S", 0.3)
    node = await fake(lambda _: [])
    heard = Heard()
    node.open("r", heard.append)
    await heard.lost()


async def test_a_node_that_leaves_a_command_unanswered_has_lost_its_rooms(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "ANSWER_S", 0.0)
    node = await fake(lambda _: [Load(rooms=0, peers=0, packets=0, dropped=0, cpu=0.0)])
    heard = Heard()
    node.open("r", heard.append)
    await heard.lost()


@pytest.mark.parametrize(("stood_s", "lines_made"), [(0.0, 3), (60.0, 1)])
async def test_only_a_line_that_has_stood_is_made_again_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stood_s: float, lines_made: int
) -> None:
    """The engine hangs up each time, and at the third it stands: `run` comes back only where the supervisor is to pause."""
    monkeypatch.setattr(lines, "STOOD_S", stood_s)
    made: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(writer)
        writer.write(write(Greeting(version=VERSION, challenge=None)))
        await reader.readuntil()
        writer.write(write(Welcome(proof=None)))
        if len(made) < 3:
            writer.close()

    server = await asyncio.start_unix_server(serve, tmp_path / "short")
    supervisor = Supervisor()
    running = supervisor.spawn(Node(Remote(tmp_path / "short", None)).run(), name="engine line")
    await true(lambda: running.done() or len(made) == 3)
    assert (len(made), running.done()) == (lines_made, lines_made == 1)
    await supervisor.close(5)
    for writer in made:
        writer.close()
    server.close()


@pytest.mark.parametrize(
    ("kind", "code", "fatal"), [(OpenRoom, "rooms", True), (Join, "room_full", True), (Join, "room", True), (Leave, "peer", False)]
)
async def test_a_refusal_loses_the_room_only_where_it_is_not_what_we_think(fake: Fake, kind: type[Command], code: str, fatal: bool) -> None:
    end = AnswerOffer(id=1, room="r", peer="end", side="publish", offer=1, sdp="")

    def answer(command: Command) -> list[object]:
        if isinstance(command, AnswerOffer):
            return [Done(re=command.id), Offer(room="r", peer="end", side="publish", number=1, sdp="", streams=[])]
        return [Refused(re=command.id, code=code) if isinstance(command, kind) else Done(re=command.id)]

    node = await fake(answer)
    heard = Heard()
    room = node.open("r", heard.append)
    room.do(Join, peer="p")
    room.do(Leave, peer="p")
    room.do(AnswerOffer, peer=end.peer, side=end.side, offer=1, sdp="")
    await heard.until(lambda event: event is None or isinstance(event, Offer))
    assert (None in heard) == fatal


async def test_a_command_that_is_too_long_costs_nobody_the_line(fake: Fake) -> None:
    load = Load(rooms=0, peers=0, packets=0, dropped=0, cpu=0.0)
    node = await fake(lambda command: [Done(re=command.id), load])
    heard = Heard()
    room = node.open("r", heard.append)
    with pytest.raises(TooBig):
        room.do(AnswerOffer, peer="p", side="publish", offer=1, sdp="\\" * LONGEST_ANSWER)
    room.do(Leave, peer="p")
    await true(lambda: node.load and not node._asked)
    assert heard == []


async def test_our_own_engine_starts_with_the_first_room_and_again_after_it_was_killed(reach: Reach, tmp_path: Path) -> None:
    own = OwnEngine(["--listen", "127.0.0.1:0"], tmp_path)
    engines = reach(own)
    assert engines.available
    assert own.pid is None
    heard = Heard()
    opened(engines, "r", heard).do(Join, peer="p")
    await heard.offered()
    assert own.pid is not None
    os.kill(own.pid, signal.SIGKILL)
    await heard.lost()
    again = Heard()
    opened(engines, "r", again).do(Join, peer="p")
    await again.offered()


async def test_our_own_engine_is_replaced_when_it_hangs(reach: Reach, tmp_path: Path) -> None:
    own = OwnEngine(["--listen", "127.0.0.1:0"], tmp_path)
    engines = reach(own)
    heard = Heard()
    opened(engines, "r", heard).do(Join, peer="p")
    await heard.offered()
    first = own.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    await heard.lost()
    again = Heard()
    opened(engines, "r", again).do(Join, peer="p")
    await again.offered()
    assert own.pid not in {None, first}


async def test_an_own_engine_that_cannot_start_is_not_counted_on(reach: Reach, tmp_path: Path) -> None:
    engines = reach(OwnEngine(["--listen", "192.0.2.1:0"], tmp_path))
    heard = Heard()
    opened(engines, "r", heard)
    await heard.lost()
    assert not engines.available
    assert engines.open("r", heard.append) is None


def test_our_own_engine_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, contextlib, pathlib, sys\n"
        "from server.adapters.own_engine import OwnEngine\n"
        "async def main():\n"
        "    own = OwnEngine(['--listen', '127.0.0.1:0'], pathlib.Path(sys.argv[1]))\n"
        "    while own.pid is None:\n"  # a machine that is too busy for the first start gets another, as from the application
        "        with contextlib.suppress(OSError):\n"
        "            line = await own.reach()\n"
        "        await asyncio.sleep(0)\n"
        "    print('own', own.pid, own._control.parent, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            _, pid, folder = next(line for line in server.stdout or () if line.startswith("own ")).split()
        finally:
            server.kill()
    until_true(lambda: not _runs(int(pid)))
    assert (Path(folder).stat().st_mode & 0o777) == 0o700
    for left in Path(folder).iterdir():
        left.unlink()
    Path(folder).rmdir()


def _runs(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False
