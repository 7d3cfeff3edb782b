"""The engine's process, as the command line starts it."""

import itertools
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from server.address import own_address
from server.core.clock import SystemClock
from server.core.supervise import Supervisor
from server.media import worker
from server.media_control import Connected
from tests.live.media import caller
from tests.live.media.app_side import SECRET, App, Member, addresses, heard, open_room, spoken
from tests.servers import Forked, NotUp, free_port, listening, listening_at, need_six, until

pytestmark = pytest.mark.anyio
Start = Callable[..., Forked]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start engines with these options, each until it listens."""
    started: list[Forked] = []

    def start(*options: str, control: str = str(tmp_path / "control")) -> Forked:
        command = ["media", "--control", control, *options]
        started.append(Forked(command, tmp_path / f"engine-{len(started)}.log"))
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
    assert process.code == 0
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


def told(address: str, second: str | None, *announced: str) -> list[str]:
    """Return the addresses that the browsers of an engine in this place are told."""
    place = worker.Place(address, 0, Path("control"), second, announced)
    mux = worker.open_port(place, Supervisor(), SystemClock())
    addresses = place.told(mux.sockets)
    for bound in mux.sockets:
        bound.close()
    return list(addresses)


@pytest.mark.parametrize(
    ("announced", "expected"),
    [
        (["198.51.100.7"], ["198.51.100.7", "::1"]),
        (["2001:db8::7"], ["127.0.0.1", "2001:db8::7"]),
        (["2001:db8::7", "198.51.100.7"], ["198.51.100.7", "2001:db8::7"]),
    ],
)
async def test_browsers_are_told_what_is_announced_in_place_of_its_family(announced: list[str], expected: list[str]) -> None:
    need_six()
    assert told("127.0.0.1", "::1", *announced) == expected


async def test_an_address_of_the_other_family_is_found_where_there_is_one() -> None:
    four, six = own_address(socket.AF_INET), own_address(socket.AF_INET6)
    if four is None or six is None:
        pytest.skip("this machine has no way outside by both IPv4 and IPv6")
    assert told(four, "auto") == [four, six]
    assert told(six, "auto") == [six, four]


async def test_whoever_listens_everywhere_tells_where_that_is() -> None:
    assert told("0.0.0.0", None) == [own_address(socket.AF_INET) or "0.0.0.0"]


@pytest.mark.parametrize("second", ["auto", None])
async def test_beside_loopback_there_is_no_other_family_unless_it_is_named(second: str | None) -> None:
    assert told("127.0.0.1", second) == ["127.0.0.1"]


async def test_an_address_that_nobody_named_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "other_address", lambda _: "2001:db8::7")
    assert told("127.0.0.1", "auto") == ["127.0.0.1"]
    with pytest.raises(OSError, match="Cannot assign"):
        told("127.0.0.1", "2001:db8::7")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--second", "127.0.0.2"], "--second 127.0.0.2 must be of the other family than 127.0.0.1"),
        (["--announce", "192.0.2.1,192.0.2.2"], "--announce may name one address of each family"),
        (["--second", "none", "--announce", "2001:db8::7"], "does not listen on an address of the family of --announce 2001:db8::7"),
    ],
)
async def test_addresses_that_do_not_fit_together_are_said(start: Start, options: list[str], sentence: str) -> None:
    with pytest.raises(NotUp, match=sentence):
        start("--listen", "127.0.0.1:0", *options)


async def test_who_has_ipv6_alone_and_who_has_ipv4_alone_hear_each_other(start: Start, tmp_path: Path) -> None:
    need_six()
    start("--listen", "127.0.0.1:0", "--second", "::1")
    app = await App.at(tmp_path / "control")
    await open_room(app)
    members = [Member(app, "ann"), Member(app, "ben", six=True)]
    for member in members:
        await member.join(publishes=["audio"])
        assert [host for host, _ in addresses(await member.answer("publish"))] == ["127.0.0.1", "::1"]
    for member in members:
        await member.answer("subscribe")
    sequences = itertools.count(1)

    def all_hear() -> bool:
        """Say a little more at every asking."""
        sequence = next(sequences)
        for member in members:
            member.callers["publish"].send_rtp(spoken(sequence))
        return all(heard(member) > 3 for member in members)

    await caller.until(all_hear)
    for member in members:
        member.vanish()
