"""The recorder without its process: records in, files and answers out; and whatever goes wrong is told."""

import errno
import os
from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.core.strongbox import Reader
from server.media import reel, tape
from server.media.depacketise import Frame
from server.media.recorder import WHOLE_S, Recorder, run
from tests.pure.media.net import rtp
from tests.pure.media.test_depacketise import packets, picture

pytestmark = pytest.mark.row("V8")
KEY = bytes(range(32))
WALL = 1_800_000_000.0


def begin(folder: Path) -> tape.Begin:
    return tape.Begin(folder=str(folder), key=KEY.hex(), wall=WALL, monotonic=100.0)


def source(number: int, kind: str, peer: str = "ann", at: float = 100.0) -> bytes:
    codec, hz = ("opus", 48_000) if kind == "audio" else ("VP8", 90_000)
    new = tape.NewSource(peer=peer, source=kind, codec=codec, clock_hz=hz)  # type: ignore[arg-type]
    return tape.entry(tape.SOURCE, number, at, new.model_dump_json().encode())


def sound(number: int, count: int, begun: float = 100.0) -> bytes:
    """So many sounds of 20 ms."""
    made = [rtp(b"\xfc" + bytes([at & 0xFF]), kind=111, ssrc=1, sequence=at, timestamp=960 * at) for at in range(count)]
    return b"".join(tape.entry(tape.PACKET, number, begun + 0.02 * at, packet) for at, packet in enumerate(made))


def tell(records: list[bytes]) -> list[tape.Told]:
    """Run a recorder over these records; returns what it told."""
    told: list[tape.Told] = []
    left = list(records)
    run(lambda: left.pop(0) if left else b"", told.append)
    return told


def head(folder: Path) -> bytes:
    return tape.entry(tape.BEGIN, 0, 100.0, begin(folder).model_dump_json().encode())


def stop(at: float) -> bytes:
    return tape.entry(tape.STOP, 0, at)


def sizes(path: Path) -> tuple[int, bool]:
    with path.open("rb") as file:
        found = Reader(file, path.name, KEY).verify()
    return found.chunks, found.finished


def test_a_piece_is_written_every_second(tmp_path: Path) -> None:
    (whole,) = tell([head(tmp_path / "f"), source(1, "audio"), sound(1, 200), stop(104.0)])
    assert isinstance(whole, tape.Whole)
    (track,) = whole.tracks
    assert (track.ended - track.begun).total_seconds() == pytest.approx(3.98, abs=0.001)
    assert track.begun.timestamp() == WALL
    chunks, finished = sizes(tmp_path / "f" / track.file)
    assert 4 <= chunks <= 6
    assert finished


def test_the_end_of_the_engine_leaves_a_file_without_an_end(tmp_path: Path) -> None:
    assert tell([head(tmp_path / "f"), source(1, "audio"), sound(1, 70)]) == []
    (path,) = (tmp_path / "f").iterdir()
    assert sizes(path) == (2, False)
    assert tell([]) == []


def test_a_lost_picture_is_wished_for_now_and_then(tmp_path: Path) -> None:
    wanted = b"".join(
        tape.entry(tape.PACKET, 1, 100.0 + 0.1 * number, packet)
        for number in range(12)
        for packet in packets(picture(number, key=False), 10 * number, 3000 * number)[:1]
    )
    told = tell([head(tmp_path / "f"), source(1, "camera"), wanted])
    assert told == [tape.WantPicture(source=1)] * 2


def test_screen_and_camera_are_two_files_of_one_peer(tmp_path: Path) -> None:
    shown = [tape.entry(tape.PACKET, number, 100.0, packet) for number in (1, 2) for packet in packets(picture(1, key=True), 1, 0)]
    (whole,) = tell([head(tmp_path / "f"), source(1, "camera"), source(2, "screen"), *shown, stop(101.0)])
    assert isinstance(whole, tape.Whole)
    assert [track.peer for track in whole.tracks] == ["ann", "ann"]


def test_who_is_gone_has_their_file_whole_at_once(tmp_path: Path) -> None:
    told: list[tape.Told] = []
    recorder = Recorder(begin(tmp_path / "f"), told.append)
    gone = tape.entry(tape.GONE, 0, 101.0, b"ann")
    raw = source(1, "audio") + sound(1, 10) + source(2, "audio", "ben") + sound(2, 10) + gone + tape.entry(tape.PACKET, 1, 101.0, b"late")
    for one in tape.Tape().feed(raw):
        recorder.take(one)
    assert sizes(tmp_path / "f" / "ann.1.box") == (2, True)
    assert [track.peer for track in recorder.finish(102.0)] == ["ann", "ben"]


@pytest.mark.parametrize(("fault", "reason"), [(errno.ENOSPC, "full"), (errno.EDQUOT, "full"), (errno.EIO, "disk")])
def test_a_write_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, reason: str) -> None:
    def fsync(_: int) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(reel.os, "fsync", fsync)
    assert tell([head(tmp_path / "f"), source(1, "audio"), sound(1, 70)]) == [tape.Failed(reason=reason)]


def test_a_folder_that_is_there_and_too_many_files_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tell([head(tmp_path)]) == [tape.Failed(reason="folder")]
    monkeypatch.setattr("server.media.recorder.MOST_FILES", 2)
    pauses = [one for _ in range(3) for one in (source(1, "audio"), sound(1, 3), tape.entry(tape.PAUSE, 0, 100.1))]
    assert tell([head(tmp_path / "f"), *pauses]) == [tape.Failed(reason="files")]


def test_so_many_bytes_are_not_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reel, "CLUSTER_BYTES", 20)
    tell([head(tmp_path / "f"), source(1, "audio"), sound(1, 40)])
    assert sizes(tmp_path / "f" / "ann.1.box")[0] == 4


@pytest.mark.parametrize("pictures", [range(0, 80_000, 1_000), (0, 79_999)], ids=["all along", "first and last"])
def test_more_sounds_than_milliseconds_end_no_file(tmp_path: Path, pictures: Collection[int]) -> None:
    """Their times run ahead of the picture's, in one cluster or from one to the next, until there is no place for both."""
    one = reel.Reel(tmp_path, "ann.1.box", "ann", KEY, alone=False)
    for count in range(80_000):
        now = WALL + count / 2_000
        one.put("opus", now, Frame(0, whole=True, payload=b"\xfc"), now)
        if count in pictures:
            one.put("VP8", now, Frame(0, whole=True, payload=b"\x00", width=4, height=4), now)
    assert one.finish() is not None
    assert sizes(tmp_path / "ann.1.box")[1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([tape.INSTANT, tape.PACKET, tape.TIME]), st.integers(1, 2), st.binary(max_size=80)), max_size=30))
def test_no_packet_ends_the_recorder(tmp_path_factory: pytest.TempPathFactory, records: list[tuple[int, int, bytes]]) -> None:
    folder = tmp_path_factory.mktemp("any") / "f"
    bodies = {tape.INSTANT: lambda body: (body + bytes(12))[:12], tape.TIME: lambda _: b"", tape.PACKET: lambda body: b"\x80\x60" + body}
    raw = [tape.entry(kind, number, 100.0 + 0.05 * place, bodies[kind](body)) for place, (kind, number, body) in enumerate(records)]
    told = tell([head(folder), source(1, "audio"), source(2, "camera"), *raw, stop(110.0)])
    assert isinstance(told[-1], tape.Whole)
    assert all(sizes(folder / track.file)[1] for track in told[-1].tracks)


def test_a_whole_picture_is_asked_for_now_and_then_so_that_a_seek_is_short(tmp_path: Path) -> None:
    told: list[tape.Told] = []
    recorder = Recorder(begin(tmp_path / "f"), told.append)
    for one in tape.Tape().feed(source(1, "camera")):
        recorder.take(one)
    for number in range(40):
        for packet in packets(picture(number, key=number == 0, pieces=1), 2 * number, 45_000 * number):
            recorder.take(tape.Entry(tape.PACKET, 1, 100.0 + number / 2, packet))
    assert told[0] == tape.WantPicture(source=1)
    assert 2 <= len(told) <= 2 * (20 - WHOLE_S) + 1
