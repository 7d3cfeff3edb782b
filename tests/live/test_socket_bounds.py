"""What no application sees, at either socket: frames of 20 MB, messages of endless pieces, floods of pings (bad inputs 27 and 41)."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from server.serve import WS_MAX_FRAME
from server.web.bounded_ws import MAX_PIECES, PINGS_BURST
from tests.cast import ALICE, seat_in
from tests.live.notes.typists import ticket
from tests.servers import AppServer, ForkedServer
from tests.site import Booked, Site

BIG = 20_000_000
PIECE = b"x" * 65_536
ROOM_FOR = 8 * 1024 * 1024  # bytes: the greatest frame, once in the parser and once on its way to the application, and some noise
HELLOS = {
    "room": lambda ticket: {"t": "hello", "id": 1, "b": {"ticket": ticket, "resume": None}},
    "note": lambda ticket: {"ticket": ticket, "schema": 1},
}
BOTH = pytest.mark.parametrize("purpose", HELLOS)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """One server for all of them: whoever breaks a bound loses their own socket and no more."""
    folder = tmp_path_factory.mktemp("bounds")
    shutil.copy(sqlite_template, folder / "test.db")
    url = f"sqlite:///{folder / 'test.db'}"
    seat_in(url)
    site = Site(ForkedServer(folder, DATABASE_URL=url))
    site.server.start()
    yield site
    site.close()
    site.server.stop()


@pytest.fixture
def own_site(live_server: AppServer) -> Iterator[Site]:
    """A server that has had nothing in its memory yet."""
    site = Site(live_server)
    yield site
    site.close()


@pytest.fixture
def booked(site: Site) -> Booked:
    return site.consultation()


def room_ticket(site: Site, booked: Booked) -> str:
    answer = site.client(ALICE).post(f"/api/consultations/{booked.id}/tickets", json={"purpose": "room"})
    found: str = answer.raise_for_status().json()["ticket"]
    return found


@contextmanager
def welcomed(site: Site, booked: Booked, purpose: str) -> Iterator[ClientConnection]:
    """Open a socket and hear its first frame."""
    hello = HELLOS[purpose](ticket(site, ALICE, booked) if purpose == "note" else room_ticket(site, booked))
    url = f"{site.url.replace('http', 'ws')}/ws/{purpose}"
    with connect(url, origin=site.url, compression=None, proxy=None) as socket:  # type: ignore[arg-type]
        socket.send(json.dumps(hello))
        socket.recv(30)
        yield socket


def code_of(socket: ClientConnection) -> int | None:
    """Read to the end; returns the close code."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            socket.recv(30)
    return socket.close_code


def peak(pid: int) -> int:
    """Return the most memory, in bytes, that a process has held since it was last told to forget it."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024


def masked(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


def head_of(size: int) -> bytes:
    """The first bytes of a masked binary frame of so many bytes."""
    return b"\x82\xff" + size.to_bytes(8, "big") + b"\x00" * 4


@BOTH
@pytest.mark.parametrize("size", [WS_MAX_FRAME + 1, BIG, 1 << 62])
def test_bad_41_a_frame_of_20_mb_is_closed_1009_at_its_head(site: Site, booked: Booked, purpose: str, size: int) -> None:
    """Nothing of the body is waited for."""
    with welcomed(site, booked, purpose) as socket:
        socket.socket.sendall(head_of(size))
        assert code_of(socket) == 1009


@BOTH
def test_bad_41_a_message_of_20_mb_in_pieces_is_closed_1009(site: Site, booked: Booked, purpose: str) -> None:
    """The pieces count together, and the one that passes the limit is not read."""
    with welcomed(site, booked, purpose) as socket:
        whole = WS_MAX_FRAME // len(PIECE)
        for number in range(whole):
            socket.socket.sendall(masked(Opcode.CONT if number else Opcode.BINARY, PIECE, fin=False))
        socket.socket.sendall(b"\x00" + head_of(len(PIECE))[1:])
        assert code_of(socket) == 1009


@BOTH
def test_bad_41_twenty_megabytes_cost_no_more_memory_than_the_greatest_frame(own_site: Site, purpose: str) -> None:
    site, booked = own_site, own_site.consultation()
    with welcomed(site, booked, purpose), welcomed(site, booked, purpose):
        pass  # whatever a first connection costs is not counted
    Path(f"/proc/{site.server.pid}/clear_refs").write_text("5")
    before = peak(site.server.pid)
    with welcomed(site, booked, purpose) as socket:
        with contextlib.suppress(OSError):
            socket.socket.sendall(head_of(BIG))
            for _ in range(BIG // len(PIECE)):
                socket.socket.sendall(PIECE)
        assert code_of(socket) in {1009, 1006}  # 1006 where our own sending was cut before the goodbye was read
    assert peak(site.server.pid) - before < ROOM_FOR
    assert site.server.running


@BOTH
def test_bad_41_a_message_of_endless_empty_pieces_is_closed_1009(site: Site, booked: Booked, purpose: str) -> None:
    """They add nothing to its size, so the limit on that never ends it."""
    with welcomed(site, booked, purpose) as socket:
        socket.socket.sendall(masked(Opcode.BINARY, fin=False) + masked(Opcode.CONT, fin=False) * MAX_PIECES)
        assert code_of(socket) == 1009


@BOTH
def test_bad_27_a_flood_of_pings_is_closed_4429(site: Site, booked: Booked, purpose: str) -> None:
    """Each is answered: a peer that does not read would fill the server's memory with answers."""
    with welcomed(site, booked, purpose) as socket:
        socket.socket.sendall(masked(Opcode.PING, b"x" * 125) * int(2 * PINGS_BURST + 1))
        assert code_of(socket) == 4429


def test_pings_and_pieces_within_the_bounds_do_no_harm(site: Site, booked: Booked) -> None:
    with welcomed(site, booked, "note") as socket:
        socket.socket.sendall(masked(Opcode.PING) * int(PINGS_BURST - 1))
        sync = b"\x00\x01\x02\x00\x00"
        pieces = [masked(Opcode.CONT, bytes([byte]), fin=False) for byte in sync]
        socket.socket.sendall(masked(Opcode.BINARY, fin=False) + b"".join(pieces) + masked(Opcode.CONT))
        while socket.recv(30) != b"\x64\x01":
            pass


@pytest.mark.parametrize("path", ["/ws/nowhere", "/ws/note/", "/ws", "/"])
def test_a_path_without_a_socket_is_refused_before_it_is_accepted(site: Site, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"{site.url.replace('http', 'ws')}{path}", origin=site.url, proxy=None):  # type: ignore[arg-type]
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("purpose", [*HELLOS, "today"])
def test_another_site_opens_no_socket(site: Site, purpose: str) -> None:
    url = f"{site.url.replace('http', 'ws')}/ws/{purpose}"
    with pytest.raises(InvalidStatus) as refused, connect(url, origin="https://elsewhere.example", proxy=None):  # type: ignore[arg-type]
        pass
    assert refused.value.response.status_code == 403
