"""A subscriber's lines keep their places, and are used again."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Overloaded
from server.media.codecs import KIND_OF
from server.media.outlets import Outlets, Track
from server.media_control import MOST_LINES, Source

ANN_SOUND, ANN_CAMERA = Track("ann", "audio"), Track("ann", "camera")
BEN_SCREEN = Track("ben", "screen")


def test_a_free_line_of_the_kind_is_used_again_with_new_sources() -> None:
    outlets = Outlets(("VP8",))
    outlets.put(ANN_SOUND, 1, 0)
    outlets.put(ANN_CAMERA, 2, 3)
    outlets.take(ANN_CAMERA)
    assert [line.stream for line in outlets.lines] == ["ann", None]
    outlets.put(BEN_SCREEN, 4, 5)
    assert outlets.tracks == {"0": ANN_SOUND, "1": BEN_SCREEN}
    line = outlets.line_of(BEN_SCREEN)
    assert line is not None
    assert (line.ssrc, line.rtx_ssrc, line.stream, line.track) == (4, 5, "ben", "screen")


def test_who_has_no_line_frees_none() -> None:
    outlets = Outlets(("VP8",))
    outlets.take(ANN_SOUND)
    assert outlets.line_of(ANN_SOUND) is None
    assert outlets.lines == []


def test_lines_are_bounded() -> None:
    outlets = Outlets(("VP8",))
    for number in range(MOST_LINES):
        outlets.put(Track(str(number), "camera"), number, number)
    with pytest.raises(Overloaded):
        outlets.put(ANN_CAMERA, 1, 2)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcd"), st.sampled_from(["audio", "camera", "screen"])), max_size=60))
def test_lines_keep_their_mid_and_kind_and_one_track_each(steps: list[tuple[bool, str, Source]]) -> None:
    outlets, held, ssrcs = Outlets(("VP8",)), set[Track](), itertools.count(1)
    for comes, publisher, source in steps:
        track = Track(publisher, source)
        if comes and track not in held:
            outlets.put(track, next(ssrcs), next(ssrcs))
            held.add(track)
        elif not comes:
            outlets.take(track)
            held.discard(track)
        assert [line.mid for line in outlets.lines] == [str(at) for at in range(len(outlets.lines))]
        assert sorted(outlets.tracks.values()) == sorted(held)
        assert all(outlets.lines[int(mid)].kind == KIND_OF[track.source] for mid, track in outlets.tracks.items())
    assert len(outlets.lines) <= 12
