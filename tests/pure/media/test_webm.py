"""A file of WebM is what another reader takes it for, wherever it is cut between two clusters."""

import io
from datetime import UTC, datetime

import av
import pytest

from server.core.webm import Block, Entry, cluster, head

pytestmark = pytest.mark.row("V8")
BEGUN = datetime(2026, 11, 28, 16, 0, 0, 250_000, UTC).timestamp()
TRACKS = [Entry(1, "VP8", 320, 240), Entry(2, "opus")]
BLOCKS = [
    Block(2, 20, key=True, payload=b"\xfc\xff\xfe"),
    Block(1, 0, key=True, payload=b"\x10\x00\x01"),
    Block(1, 33, key=False, payload=b"\x11\x00\x00"),
]


def read(raw: bytes) -> tuple[dict[str, str], list[tuple[int, int, bool, bytes]]]:
    with av.open(io.BytesIO(raw)) as container:
        assert [stream.codec_context.name for stream in container.streams] == ["vp8", "opus"]
        assert (container.streams.video[0].width, container.streams.video[0].height) == (320, 240)
        assert container.streams.audio[0].rate == 48_000
        found = [(one.stream_index + 1, one.pts, one.is_keyframe, bytes(one)) for one in container.demux() if one.size]
        return dict(container.metadata), found


def test_another_reader_finds_tracks_times_and_frames() -> None:
    raw = head(TRACKS, BEGUN) + cluster(BLOCKS, 0) + cluster([Block(1, 1_990, key=True, payload=b"\x10\x00\x00")], 2_000)
    metadata, found = read(raw)
    assert datetime.fromisoformat(metadata["creation_time"]).timestamp() == pytest.approx(BEGUN, abs=0.001)
    assert sorted(found) == sorted(
        [(1, 0, True, b"\x10\x00\x01"), (2, 20, True, b"\xfc\xff\xfe"), (1, 33, False, b"\x11\x00\x00"), (1, 1_990, True, b"\x10\x00\x00")]
    )


def test_a_file_that_ends_after_any_cluster_is_read() -> None:
    raw = head(TRACKS, BEGUN) + cluster(BLOCKS, 0)
    assert len(read(raw)[1]) == 3
