"""Where websocket frames end, however their bytes were cut; compared with what the `websockets` library writes."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from server.web.ws_frames import Content, FrameEnds, plain_content

SIZES = st.one_of(st.integers(0, 130), st.integers(65_530, 65_540))
FRAMES = st.builds(
    lambda opcode, size, fin, mask: Frame(opcode, bytes(size), fin=fin).serialize(mask=mask),
    st.sampled_from([Opcode.BINARY, Opcode.TEXT, Opcode.CONT]),
    SIZES,
    st.booleans(),
    st.booleans(),
)


def pieces(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[start:end] for start, end in pairwise(places)]


@given(st.lists(FRAMES, max_size=6), st.lists(st.integers(0, 400_000), max_size=30))
def test_an_end_is_met_where_a_frame_ends_and_nowhere_else(frames: list[bytes], cuts: list[int]) -> None:
    ends = {0}
    for frame in frames:
        ends.add(max(ends) + len(frame))
    follower, at = FrameEnds(), 0
    for piece in pieces(b"".join(frames), cuts):
        follower.follow(piece)
        at += len(piece)
        assert follower.met == (at in ends)


def test_the_bytes_of_a_head_may_come_one_by_one() -> None:
    follower = FrameEnds()
    for byte in Frame(Opcode.BINARY, bytes(70_000)).serialize(mask=True)[:14]:
        follower.follow(bytes([byte]))
        assert not follower.met
    follower.follow(bytes(70_000))
    assert follower.met


@given(FRAMES, st.binary(max_size=20), st.integers(0, 200))
def test_plain_is_a_masked_whole_binary_message_below_64_kib(frame: bytes, rest: bytes, shorter: int) -> None:
    plain = frame[0] == 0x82 and frame[1] & 0x80 and (frame[1] & 127) < 127
    start = 8 if frame[1] & 127 == 126 else 6
    assert plain_content(frame + rest) == (Content(start, len(frame)) if plain else None)
    if shorter and shorter < len(frame):
        assert plain_content(frame[:-shorter]) is None
