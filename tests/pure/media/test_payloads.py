"""Where a picture begins in each codec, and the numbers of a VP8 picture, beside aiortc's descriptor."""

import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from server.media.payloads import Descriptor, Vp8, read_vp8, starts_picture, write_vp8

pytestmark = pytest.mark.row("V5")

CODECS = ("VP8", "VP9", "H264", "AV1")
KEY, INTER = b"\x50\x01\x02\x9d\x01\x2a", b"\x51\x01\x02"  # the first bytes of a VP8 frame
LONG = b"\x90\xe0\x92\x34\x56\x40"  # start of partition 0; 15 bits of picture id, TL0PICIDX, TID
SHORT = b"\x90\xc0\x12\x56"

DESCRIPTORS = st.builds(
    VpxPayloadDescriptor,
    partition_start=st.integers(0, 1),
    partition_id=st.integers(0, 7),
    picture_id=st.none() | st.integers(0, 0x7FFF),
    tl0picidx=st.none() | st.integers(0, 255),
    tid=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 1)),
    keyidx=st.none() | st.integers(0, 31),
)


def vp8_of(payload: bytes) -> Vp8:
    vp8 = read_vp8(payload, 0, len(payload))
    assert vp8 is not None
    return vp8


@given(DESCRIPTORS, st.binary(min_size=1, max_size=4))
def test_descriptor_of_vp8_reads_as_aiortc_writes_it(theirs: VpxPayloadDescriptor, frame: bytes) -> None:
    ours = vp8_of(bytes(theirs) + frame)
    assert (ours.picture_id if ours.picture_at else None) == theirs.picture_id
    assert (ours.tl0 if ours.tl0_at else None) == theirs.tl0picidx
    assert ours.payload == len(bytes(theirs))


@given(st.binary(max_size=8), st.integers(0, 5))
def test_any_descriptor_of_vp8_reads_as_aiortc_reads_it(payload: bytes, at: int) -> None:
    """Outside of the payload stands what would be read as more of it."""
    ours = read_vp8(memoryview(b"\xff" * at + payload + b"\xff" * 8), at, at + len(payload))
    try:
        theirs, frame = VpxPayloadDescriptor.parse(payload)
    except ValueError:
        frame = b""
    if not frame:
        assert ours is None
        return
    assert ours is not None
    assert (ours.picture_id if ours.picture_at else None, ours.tl0 if ours.tl0_at else None) == (theirs.picture_id, theirs.tl0picidx)
    assert ours.payload == at + len(payload) - len(frame)


def test_picture_id_of_seven_bits() -> None:
    assert vp8_of(SHORT + KEY) == Vp8(picture_at=2, picture_bits=7, picture_id=0x12, tl0_at=3, tl0=0x56, payload=4)


@given(DESCRIPTORS, st.integers(0, 0xFFFF), st.integers(0, 0xFFF), st.integers(0, 9))
def test_written_numbers_read_back_and_nothing_else_changes(theirs: VpxPayloadDescriptor, picture: int, tl0: int, moved: int) -> None:
    payload = bytes(theirs) + KEY
    vp8 = vp8_of(payload)
    copy = bytearray(moved) + payload + bytes(3)
    write_vp8(copy, vp8, picture, tl0, moved)
    theirs.picture_id = None if theirs.picture_id is None else picture & 0x7FFF
    theirs.tl0picidx = None if theirs.tl0picidx is None else tl0 & 0xFF
    assert copy == bytes(moved) + bytes(theirs) + KEY + bytes(3)


@pytest.mark.parametrize("head", ["10", "9000", "908012", "90809234", "90c01256", "904056", "902040", "90f092345640"])
def test_one_byte_of_a_frame_is_enough(head: str) -> None:
    descriptor = bytes.fromhex(head)
    assert vp8_of(descriptor + b"\x10").payload == len(descriptor)
    assert read_vp8(descriptor + b"\x10", 0, len(descriptor)) is None


def test_written_picture_id_keeps_to_its_seven_bits() -> None:
    payload = bytearray(SHORT + KEY)
    write_vp8(payload, vp8_of(bytes(payload)), 0x1FF, 0x100)
    assert payload == b"\x90\xc0\x7f\x00" + KEY


def test_a_descriptor_without_numbers_is_left_as_it_is() -> None:
    payload = bytearray(b"\x10" + KEY)
    write_vp8(payload, vp8_of(bytes(payload)), 5, 6)
    assert payload == b"\x10" + KEY


SPS, IDR, SLICE = b"\x67\x42\xe0\x1f", b"\x65\x88\x80", b"\x41\x9a\x00"


def aggregate(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


BEGINS = [
    ("VP8", b"\x10" + KEY), ("VP8", LONG + KEY), ("VP8", SHORT + KEY), ("VP8", b"\x30" + KEY),
    ("VP9", b"\x08\x82"), ("VP9", b"\x88\x12\x82"), ("VP9", b"\x88\x92\x34\x82"),
    ("VP9", b"\xaa\x92\x34\x00\x07\x82"), ("VP9", b"\x0c\x82"),
    ("H264", SPS), ("H264", aggregate(SPS, IDR)), ("H264", aggregate(b"\x09\xf0", SPS)), ("H264", b"\x7c\x87\x42"),
    ("AV1", b"\x18\x0a\x0b"), ("AV1", b"\x58\x0a\x0b"),
]  # fmt: skip
GOES_ON = [
    ("VP8", b"\x10" + INTER), ("VP8", LONG + INTER), ("VP8", b"\x00" + KEY), ("VP8", b"\x11" + KEY),
    ("VP9", b"\x48\x82"), ("VP9", b"\x00\x82"), ("VP9", b"\xaa\x92\x34\x02\x07\x82"), ("VP9", b"\x04\x82"),
    ("H264", SLICE), ("H264", IDR), ("H264", aggregate(IDR, SLICE)), ("H264", b"\x7c\x07\x42"), ("H264", b"\x7c\x85\x88"),
    ("AV1", b"\x10\x0a\x0b"), ("AV1", b"\x98\x0a\x0b"),
    ("opus", b"\x18\x0a\x0b"), ("vp8", b"\x10" + KEY),
]  # fmt: skip
TRUNCATED = [
    ("VP8", b"\x10"), ("VP8", b"\x90"), ("VP8", b"\x90\x80\x92"), ("VP8", b"\x90\x40"), ("VP8", LONG),
    ("VP9", b"\x08"), ("VP9", b"\x88"), ("VP9", b"\x88\x92\x34"), ("VP9", b"\xaa\x92\x34"),
    ("H264", SPS[:1]), ("H264", b"\x7c"), ("H264", b"\x78"), ("H264", b"\x78\x00\x00\x00\x04"), ("H264", b"\x78\xff\xff\x09"),
    ("AV1", b"\x18"),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "payload"), BEGINS)
def test_a_picture_begins(codec: str, payload: bytes) -> None:
    assert starts_picture(codec, b"\x00" * 7 + payload, 7, 7 + len(payload))


@pytest.mark.parametrize(("codec", "payload"), GOES_ON)
def test_no_picture_begins(codec: str, payload: bytes) -> None:
    assert not starts_picture(codec, b"\x00" * 7 + payload, 7, 7 + len(payload))


@pytest.mark.parametrize(("codec", "payload"), [*TRUNCATED, *((codec, b"") for codec in CODECS)])
@pytest.mark.parametrize("after", [b"", b"\x00" * 9, b"\xff" * 9, SPS * 3, KEY])
def test_what_is_cut_short_begins_nothing(codec: str, payload: bytes, after: bytes) -> None:
    assert not starts_picture(codec, payload + after, 0, len(payload))


@given(st.sampled_from(CODECS), st.binary(max_size=40))
def test_nothing_is_read_beyond_the_payload(codec: str, payload: bytes) -> None:
    begins = {starts_picture(codec, payload + after, 0, len(payload)) for after in (b"", b"\x00" * 70_000, b"\xff" * 9, b"\x07" * 9)}
    assert len(begins) == 1


@given(
    st.lists(st.tuples(st.sampled_from((b"\x90\xc0", b"\x80\xc0", b"\x10", b"\x90\x80", b"\x90\xf0")), st.binary(max_size=9)), max_size=20)
)
def test_what_is_read_once_for_a_picture_is_what_each_packet_says(packets: list[tuple[bytes, bytes]]) -> None:
    descriptor = Descriptor()
    for first, rest in packets:
        for packet in (first + rest, first + rest):
            vp8 = read_vp8(packet, 0, len(packet))
            assert descriptor.read(packet, 0, len(packet)) == (vp8, vp8.numbers_at if vp8 is not None else 0)
