"""The engine's process, as the command line starts it."""

import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from server.media_control import Connected, Offer
from tests.live.media.app_side import SECRET, App, Member, open_room
from tests.servers import NotUp, Process, free_port, listening, listening_at, until

pytestmark = pytest.mark.anyio
Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start engines with these options, each until it listens."""
    started: list[Process] = []

    def start(*options: str, control: str = str(tmp_path / "control")) -> Process:
        command = [sys.executable, "-m", "server", "media", "--control", control, *options]
        started.append(Process(command, tmp_path / f"engine-{len(started)}.log"))
        port = control.rpartition(":")[2]
        started[-1].until_up(lambda: listening(int(port)) if port.isdecimal() else listening_at(Path(control)))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture(autouse=True)
async def closing() -> AsyncIterator[None]:
    yield
    await App.hang_up_all()


async def test_it_serves_a_room_and_says_goodbye_at_sigterm(start: Start, tmp_path: Path) -> None:
    process = start("--listen", "127.0.0.1:0")
    app = await App.at(tmp_path / "control")
    await open_room(app)
    ann = Member(app, "ann")
    await ann.join()
    await ann.answer("publish")
    assert (await app.event(Connected)).side == "publish"
    process.stop(signal.SIGTERM)
    assert process._child.returncode == 0
    with pytest.raises((EOFError, ConnectionError)):
        await app.read()
    ann.vanish()


async def test_a_killed_one_leaves_nothing_in_the_way_of_the_next(start: Start, tmp_path: Path) -> None:
    port = free_port()
    start("--listen", f"127.0.0.1:{port}").stop(signal.SIGKILL)
    assert (tmp_path / "control").exists()
    process = start("--listen", f"127.0.0.1:{port}")
    until(lambda: "media engine is there" in process.text())
    await open_room(await App.at(tmp_path / "control"))


async def test_over_tcp_it_asks_for_the_secret(start: Start, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    control = f"127.0.0.1:{free_port()}"
    start("--secret-file", str(tmp_path / "secret"), control=control)
    host, port = control.split(":")
    await open_room(await App.at((host, int(port)), SECRET))


@pytest.mark.parametrize("options", [["--listen", "here"], ["--control", "here"], ["--control", "127.0.0.1:1x"]])
async def test_a_place_that_cannot_be_read_is_said(start: Start, options: list[str]) -> None:
    with pytest.raises(NotUp, match="is not ADDRESS:PORT"):
        start(*options)


async def test_control_over_tcp_without_a_secret_is_refused(start: Start) -> None:
    with pytest.raises(NotUp, match="needs a secret"):
        start(control=f"127.0.0.1:{free_port()}")


@pytest.mark.parametrize("options", [["--listen", "here:0"], ["--second", "here"], ["--announce", "media.example"]])
async def test_a_name_instead_of_an_address_is_refused(start: Start, options: list[str]) -> None:
    with pytest.raises(NotUp, match="is not an IP address"):
        start(*options)


async def test_an_address_that_is_not_this_machines_is_said_in_one_line(start: Start) -> None:
    with pytest.raises(NotUp, match="consilium: Cannot assign requested address"):
        start("--listen", "192.0.2.1:0")


async def test_browsers_are_told_the_announced_address_and_the_second(start: Start, tmp_path: Path) -> None:
    start("--listen", "127.0.0.1:0", "--second", "::1", "--announce", "198.51.100.7")
    app = await App.at(tmp_path / "control")
    await open_room(app)
    await Member(app, "ann").join()
    offer = await app.event(Offer, peer="ann", side="publish")
    assert {line.split()[4] for line in offer.sdp.splitlines() if line.startswith("a=candidate:")} == {"198.51.100.7", "::1"}
