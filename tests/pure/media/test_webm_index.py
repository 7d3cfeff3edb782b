"""A player finds its way in a long recording by its index, and only the pieces that it asks for are opened."""

import io
import itertools
import tracemalloc
from pathlib import Path

import av
import pytest

from server.core import webm_index
from server.core.strongbox import Reader
from server.core.webm import CLUSTER, SEEK_BYTES, SEGMENT_AT, Block, Entry, cluster, head
from server.core.webm_index import CUES, HEAD_BYTES, Index, Seen, begun_at, frames_of, index_of, laid_over
from server.media import tape
from server.media.recorder import Recorder
from server.notes.recording_files import Film, read_piece
from tests.pure.media.net import rtp
from tests.pure.media.test_depacketise import packets, picture
from tests.pure.media.test_recorder import KEY, WALL, begin, source

pytestmark = pytest.mark.row("V8")

HOUR_S = 3600
TRACKS = [Entry(1, "VP8", 320, 240), Entry(2, "opus")]
MEMORY = 1 << 20  # bytes that a recorder of one person may need for nine minutes


def minute(recorder: Recorder, minute: int) -> None:
    """A picture and a sound a second, a whole picture every ten seconds."""
    for second in range(60 * minute, 60 * minute + 60):
        at = 100.0 + second
        sound = rtp(b"\xfc" + bytes(60), kind=111, ssrc=1, sequence=second & 0xFFFF, timestamp=48_000 * second & 0xFFFFFFFF)
        recorder.take(tape.Entry(tape.PACKET, 1, at, sound))
        for packet in packets(picture(second, key=second % 10 == 0, pieces=1), 2 * second & 0xFFFF, 90_000 * second & 0xFFFFFFFF):
            recorder.take(tape.Entry(tape.PACKET, 2, at, packet))
        recorder.take(tape.Entry(tape.TIME, 0, at + 0.5, b""))


def an_hour(folder: Path) -> Film:
    recorder = Recorder(begin(folder), [].append)
    for one in tape.Tape().feed(source(1, "audio") + source(2, "camera")):
        recorder.take(one)
    for number in range(HOUR_S // 60):
        minute(recorder, number)
    (track,) = recorder.finish(100.0 + HOUR_S)
    return Film(folder / track.file, track.file, KEY, bytes.fromhex(track.head), (track.ended - track.begun).total_seconds())


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.media.reel.os.fsync", lambda _: None)  # a disk that is waited for 3,600 times shows nothing here
        return an_hour(tmp_path_factory.mktemp("tape") / "f")


class Served(io.RawIOBase):
    """The file as the player's endpoint serves it, and how much of it was asked for."""

    def __init__(self, film: Film) -> None:
        self.film, self.at, self.bytes = film, 0, 0
        self.size = read_piece(film, "bytes=0-0").size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, to: int, whence: int = 0) -> int:
        self.at = (0, self.at, self.size)[whence] + to
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, count: int = -1) -> bytes:
        if self.at >= self.size:
            return b""
        content = read_piece(self.film, f"bytes={self.at}-{self.at + min(count, 4096) - 1}").content
        self.at, self.bytes = self.at + len(content), self.bytes + len(content)
        return content


def test_another_reader_knows_the_length_and_seeks_without_reading_all(film: Film) -> None:
    served = Served(film)
    with av.open(served) as container:  # type: ignore[call-overload] - a file that is read and moved about in
        assert container.duration / av.time_base == pytest.approx(HOUR_S - 1, abs=0.1)
        container.seek(3_005 * av.time_base)
        first = next(packet for packet in container.demux(video=0) if packet.size)
        assert (first.pts * first.time_base, first.is_keyframe) == (3_000, True)
    assert served.bytes < served.size / 5


def test_by_the_sound_a_player_finds_its_way_as_by_the_picture(film: Film) -> None:
    """Browsers seek by the sound while nothing shows the picture."""
    served = Served(film)
    with av.open(served) as container:  # type: ignore[call-overload] - as above
        (sound,) = container.streams.audio
        container.seek(int(3_005 / sound.time_base), stream=sound)
        first = next(packet for packet in container.demux() if packet.size)
        assert first.pts * first.time_base == pytest.approx(3_000, abs=5)
    assert served.bytes < served.size / 5


def test_a_range_opens_only_its_pieces(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    opening = Reader._open
    monkeypatch.setattr(Reader, "_open", lambda self, number, before: (opened.append(number), opening(self, number, before))[1])
    middle = read_piece(film, "bytes=0-0").size // 2
    ends = {0, max(opened)}
    opened.clear()
    assert len(read_piece(film, f"bytes={middle}-{middle + 799}").content) == 800
    assert len(set(opened) - ends) <= 6
    assert min(set(opened) - ends) > 700
    opened.clear()
    assert CUES in read_piece(film, "bytes=0-199").content
    assert set(opened) == ends


def test_the_index_is_served_in_front_and_points_at_clusters(film: Film) -> None:
    whole = Served(film).readall()
    at = whole.index(CUES, SEGMENT_AT + SEEK_BYTES)
    assert at == SEGMENT_AT + SEEK_BYTES
    assert at < whole.index(CLUSTER.to_bytes(4, "big"))
    assert whole.count(CUES) == 2, "in the SeekHead and in front, and none at the end"
    points = next(element for _, _, element in webm_index._elements(whole[at : at + 200_000], 0))
    places = [
        SEGMENT_AT + webm_index._number(webm_index._find(point, 0, 0xB7) or b"", 0xF1) for _, _, point in webm_index._elements(points, 0)
    ]
    assert len(places) == HOUR_S // 10
    assert {whole[place : place + 4] for place in places} == {CLUSTER.to_bytes(4, "big")}


def test_stretches_of_what_is_served_fit_together(film: Film) -> None:
    """Also where one ends within the head, the index, or the first piece behind it."""
    whole = Served(film).readall()
    for step in (1, 7, 997, 4096):
        for start in range(0, 20 * step, step):
            assert read_piece(film, f"bytes={start}-{start + step - 1}").content == whole[start : start + step]
    behind = whole.index(CLUSTER.to_bytes(4, "big"))
    for start in range(behind - 300, behind + 20, 9):
        assert read_piece(film, f"bytes={start}-{start + 99}").content == whole[start : start + 100]


def test_an_hour_needs_no_memory_of_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.media.reel.os.fsync", lambda _: None)
    recorder = Recorder(begin(tmp_path / "f"), [].append)
    for one in tape.Tape().feed(source(1, "audio") + source(2, "camera")):
        recorder.take(one)
    minute(recorder, 0)
    tracemalloc.start()
    for number in range(1, 10):
        minute(recorder, number)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < MEMORY


def test_the_places_of_an_endless_file_are_bounded_and_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webm_index, "MOST_PLACES", 16)
    index = Index(1)
    for second in range(1_000):
        index.note(SEGMENT_AT + second, [Seen(1, 1000 * second, key=True), Seen(2, 1000 * second, key=True)])
    times = [at for at, _ in index._places]
    assert len(times) <= 16
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) <= 256_000
    assert times[-1] > 700_000


def test_what_stands_in_a_piece_is_found_again() -> None:
    first = head(TRACKS, WALL)
    blocks = [
        Block(1, 5_000, key=True, payload=b"\x10"),
        Block(2, 5_020, key=True, payload=b"\xfc"),
        Block(1, 5_033, key=False, payload=b"\x11"),
    ]
    piece = first + cluster(blocks, 5_000)
    assert begun_at(piece) == pytest.approx(WALL)
    at, frames = frames_of(piece, SEGMENT_AT)
    assert at == len(first)
    assert frames == [Seen(1, 5_000, key=True), Seen(2, 5_020, key=True), Seen(1, 5_033, key=False)]
    index = index_of(piece)
    index.note(at, frames)
    assert index._places == [(5_000, len(first) - SEGMENT_AT)]
    assert index_of(head([Entry(1, "opus")], WALL))._track == 1


@pytest.mark.parametrize("raw", [b"", b"\x00" * 20, b"\x1a\x45", head(TRACKS, WALL)[:60], b"\xff" * 300])
def test_what_is_no_head_stays_as_it_is(raw: bytes) -> None:
    assert laid_over(raw[:HEAD_BYTES], 10_000, 5.0, CUES) == raw[:HEAD_BYTES]
    assert begun_at(raw) is None
    assert frames_of(raw, 0)[1] == []


def test_a_file_without_an_end_has_a_length_all_the_same() -> None:
    raw = head(TRACKS, WALL)
    laid = laid_over(raw[:HEAD_BYTES], 10_000, 5.0)
    assert len(laid) == HEAD_BYTES
    assert CUES not in laid
    assert laid != raw[:HEAD_BYTES]
