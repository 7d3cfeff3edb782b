"""RTP in place, beside aiortc's own reading of the same bytes."""

from collections.abc import Sequence

import pytest
from aiortc.rtp import RtpPacket, unpack_header_extensions, wrap_rtx
from hypothesis import given
from hypothesis import strategies as st

from server.media.rtp import (
    ONE_BYTE,
    TWO_BYTE,
    Header,
    ahead,
    ahead32,
    as_rtx,
    blank_extensions,
    find_extensions,
    read_header,
    write_header,
)

pytestmark = pytest.mark.row("V5")

FIXED = bytes.fromhex("90e0123489abcdef01020304")  # marker, type 96, with extensions
U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
BLOCKS = st.lists(st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=16)), max_size=4)


def block_of(elements: Sequence[tuple[int, bytes]], *, two_byte: bool = False) -> bytes:
    """Return an extension block with its head, filled up to whole words."""
    heads = [bytes((number, len(value))) if two_byte else bytes((number << 4 | len(value) - 1,)) for number, value in elements]
    raw = b"".join(head + value for head, (_, value) in zip(heads, elements, strict=True))
    return extension_block(TWO_BYTE if two_byte else ONE_BYTE, raw)


def extension_block(profile: int, raw: bytes) -> bytes:
    raw += bytes(-len(raw) % 4)
    return profile.to_bytes(2, "big") + (len(raw) // 4).to_bytes(2, "big") + raw


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    sources = draw(st.lists(U32, max_size=15))
    block = draw(st.none() | st.builds(block_of, BLOCKS, two_byte=st.booleans()))
    padding = draw(st.none() | st.integers(1, 20))
    first = 0x80 | (0x20 if padding else 0) | (0x10 if block else 0) | len(sources)
    head = bytes((first, draw(st.integers(0, 255)))) + draw(st.binary(min_size=10, max_size=10))
    tail = bytes((padding - 1) * (0,) + (padding,)) if padding else b""
    return head + b"".join(source.to_bytes(4, "big") for source in sources) + (block or b"") + draw(st.binary(max_size=40)) + tail


def header_of(packet: bytes) -> Header:
    header = read_header(packet, 0, len(packet))
    assert header is not None
    return header


def values_of(packet: bytes) -> dict[int, bytes]:
    found = find_extensions(packet, header_of(packet))
    return {number: packet[at : at + length] for number, (at, length) in found.items()}


def parsed(packet: bytes) -> RtpPacket | ValueError:
    try:
        return RtpPacket.parse(packet)
    except ValueError as error:
        return error


def agrees_with_aiortc(packet: bytes, at: int) -> None:
    around = b"\xff" * at + packet + b"\xff" * 40
    header = read_header(memoryview(around), at, len(packet))
    theirs = parsed(packet)
    if isinstance(theirs, ValueError):
        assert header is None or "header extension" in str(theirs)  # they refuse a packet for one broken element
        return
    assert header is not None
    ours = (header.marker, header.payload_type, header.sequence, header.timestamp, header.ssrc)
    assert ours == (theirs.marker, theirs.payload_type, theirs.sequence_number, theirs.timestamp, theirs.ssrc)
    assert around[header.body : header.end] == theirs.payload


@given(packets(), st.integers(0, 30))
def test_whole_packets_read_as_aiortc_reads_them(packet: bytes, at: int) -> None:
    assert read_header(packet, 0, len(packet)) is not None
    agrees_with_aiortc(packet, at)


@given(packets(), st.data(), st.integers(0, 30))
def test_packets_cut_or_spoilt_read_as_aiortc_reads_them(packet: bytes, data: st.DataObject, at: int) -> None:
    cut = data.draw(st.integers(0, len(packet)))
    agrees_with_aiortc(packet[:cut], at)
    spoilt = bytearray(packet)
    spoilt[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    agrees_with_aiortc(bytes(spoilt), at)


@given(st.binary(max_size=80))
def test_any_bytes_read_as_aiortc_reads_them(packet: bytes) -> None:
    agrees_with_aiortc(packet, 3)


@pytest.mark.parametrize(
    "packet",
    [
        b"", FIXED[:11], b"\x40" + FIXED[1:] + bytes(8), FIXED, FIXED + b"\xbe\xde\x00", FIXED + b"\xbe\xde\x00\x01abc",
        b"\x82" + FIXED[1:] + bytes(7), b"\xa0" + FIXED[1:] + b"ab\x00", b"\xa0" + FIXED[1:] + b"ab\x04",
    ],
    ids=["empty", "short", "version 1", "no block", "no length", "block cut", "sources cut", "padding 0", "padding beyond"],
)  # fmt: skip
def test_no_whole_packet(packet: bytes) -> None:
    assert read_header(packet, 0, len(packet)) is None


def test_packet_of_padding_alone_has_an_empty_body() -> None:
    header = header_of(b"\xa0" + FIXED[1:] + b"\x00\x02")
    assert header.body == header.end


@given(BLOCKS, st.booleans())
def test_extensions_are_those_that_aiortc_finds(elements: list[tuple[int, bytes]], two_byte: bool) -> None:
    block = block_of(elements, two_byte=two_byte)
    theirs = dict(unpack_header_extensions(int.from_bytes(block[:2], "big"), block[4:]))
    assert values_of(FIXED + block + b"payload") == theirs == dict(elements)


@given(st.sampled_from([ONE_BYTE, TWO_BYTE, TWO_BYTE + 5, 0xABCD]), st.binary(max_size=60))
def test_no_element_reaches_out_of_its_block(profile: int, raw: bytes) -> None:
    packet = FIXED + extension_block(profile, raw) + bytes(300)
    header = header_of(packet)
    for offset, length in find_extensions(packet, header).values():
        assert header.extensions < offset <= offset + length <= header.body


@pytest.mark.parametrize(
    ("profile", "raw", "found"),
    [
        (ONE_BYTE, b"\x10a\x00\x00\x21bc", {1: b"a", 2: b"bc"}),
        (ONE_BYTE, b"\x10a\x01bc\x20d", {1: b"a"}),
        (ONE_BYTE, b"\x10a\xf0b\x20d\x00", {1: b"a"}),
        (ONE_BYTE, b"\x10a\x2fbcdef", {1: b"a"}),
        (ONE_BYTE, b"\x10a\x10b", {1: b"b"}),
        (TWO_BYTE, b"\x01\x00\x00\xf0\x02bc", {1: b"", 240: b"bc"}),
        (TWO_BYTE + 15, b"\x0f\x01a\x00", {15: b"a"}),
        (TWO_BYTE, b"\x01\x01a\x02", {1: b"a"}),
        (TWO_BYTE, b"\x01\x01a\x02\x09bcd", {1: b"a"}),
        (0xABCD, b"\x10abc", {}),
    ],
    ids=["padding between", "id 0 with a length", "reserved id", "too long", "twice", "empty element", "with bits of the application",
         "no length", "too long, two bytes", "unknown profile"],
)  # fmt: skip
def test_odd_blocks(profile: int, raw: bytes, found: dict[int, bytes]) -> None:
    assert values_of(FIXED + extension_block(profile, raw) + b"payload") == found


def test_packet_without_a_block_has_no_extensions() -> None:
    assert values_of(b"\x80" + FIXED[1:] + b"payload") == {}


@given(BLOCKS.filter(lambda elements: len(dict(elements)) == len(elements)), st.booleans(), st.sets(st.integers(1, 14)))
def test_blanked_elements_are_gone_and_nothing_else(elements: list[tuple[int, bytes]], two_byte: bool, ids: set[int]) -> None:
    packet = bytearray(FIXED + block_of(elements, two_byte=two_byte) + b"payload")
    before = bytes(packet)
    header = header_of(before)
    blank_extensions(packet, header, ids)
    assert values_of(bytes(packet)) == {number: value for number, value in elements if number not in ids}
    assert (packet[: header.extensions], packet[header.body :]) == (before[: header.extensions], before[header.body :])
    assert len(packet) == len(before)


def test_a_block_with_an_element_that_comes_twice_is_blanked_whole() -> None:
    block = block_of([(1, b"mid"), (2, b"x"), (1, b"mid")])
    packet = bytearray(FIXED + block + b"payload")
    blank_extensions(packet, header_of(bytes(packet)), {1})
    assert packet == FIXED + block[:4] + bytes(len(block) - 4) + b"payload"


@given(packets(), st.integers(0, 255), U16, U32, U32)
def test_a_rewritten_header_reads_back(packet: bytes, second: int, sequence: int, timestamp: int, ssrc: int) -> None:
    around = bytearray(b"\xaa" * 5 + packet + b"\xaa" * 5)
    write_header(around, 5, second, sequence, timestamp, ssrc)
    rewritten = bytes(around[5:-5])
    assert header_of(rewritten) == (second > 127, second & 127, sequence, timestamp, ssrc, *header_of(packet)[5:])
    assert (around[:6], around[17:]) == (b"\xaa" * 5 + packet[:1], packet[12:] + b"\xaa" * 5)


@given(packets(), st.integers(0, 127), U32, U16, U16)
def test_retransmission_is_the_one_that_aiortc_makes(packet: bytes, kind: int, ssrc: int, sequence: int, missed: int) -> None:
    original = bytearray(packet)
    original[2:4] = missed.to_bytes(2, "big")
    rtx = as_rtx(packet, kind, ssrc, sequence, missed)
    theirs = wrap_rtx(RtpPacket.parse(bytes(original)), payload_type=kind, sequence_number=sequence, ssrc=ssrc)
    ours = RtpPacket.parse(rtx)
    names = ("marker", "payload_type", "sequence_number", "timestamp", "ssrc", "csrc", "payload", "padding_size")
    assert [getattr(ours, name) for name in names] == [getattr(theirs, name) for name in names]
    assert values_of(rtx) == values_of(packet)


def test_only_packets_are_retransmitted() -> None:
    with pytest.raises(ValueError, match="no RTP packet"):
        as_rtx(b"\x00" * 20, 97, 1, 2, 3)


@given(U16, st.integers(-0x8000, 0x7FFF))
def test_distance_of_sequences_goes_the_shorter_way(start: int, distance: int) -> None:
    assert ahead((start + distance) & 0xFFFF, start) == distance


@given(U32, st.integers(-0x80000000, 0x7FFFFFFF))
def test_distance_of_timestamps_goes_the_shorter_way(start: int, distance: int) -> None:
    assert ahead32((start + distance) & 0xFFFFFFFF, start) == distance
