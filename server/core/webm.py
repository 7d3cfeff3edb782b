"""WebM as it is written while it happens (RFC 8794, RFC 9559): a head without lengths that would have to be filled in later, then clusters.

Nothing refers back or forward, so a file that ends after any cluster can be played. In the head there is room for what is known only
at the end; server/core/webm_index.py lays it there while the file is served.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Literal, NamedTuple

Coding = Literal["opus", "VP8"]

FLOAT = Struct("!d")
_BLOCK = Struct("!hB")
UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"
EPOCH_S = 978_307_200  # 2001-01-01, from which dates are counted, in seconds of Unix
_OPUS_HEAD = b"OpusHead" + Struct("<BBHIhB").pack(1, 2, 0, 48_000, 0, 0)
WRITER = "Consilium"
LONGEST_S = 32  # of one cluster: its blocks tell their times in 16 bits
CLUSTER = 0x1F43B675
SEEK_BYTES = 54  # in the head for a SeekHead that names the Cues
DURATION_BYTES = 18  # and for a Duration


class Entry(NamedTuple):
    """One track; `width` and `height` are of its first picture, 0 for sound. Later pictures may have another size."""

    number: int
    codec: Coding
    width: int = 0
    height: int = 0


class Block(NamedTuple):
    """One frame at `at_ms` of the file; `key` where it needs none before it."""

    track: int
    at_ms: int
    key: bool
    payload: bytes


def head(tracks: Sequence[Entry], begun_s: float) -> bytes:
    """Return the beginning of a file whose millisecond 0 was at `begun_s` (seconds of Unix)."""
    date = int((begun_s - EPOCH_S) * 1e9).to_bytes(8, "big", signed=True)
    named = uint(0x2AD7B1, 1_000_000) + element(0x4461, date) + _text(0x4D80, WRITER) + _text(0x5741, WRITER)
    info = element(0x1549A966, void(DURATION_BYTES) + named)
    entries = b"".join(_sound(track) if track.codec == "opus" else _picture(track) for track in tracks)
    return OPENING + UNKNOWN + void(SEEK_BYTES) + info + element(0x1654AE6B, entries)


def cluster(blocks: Sequence[Block], at_ms: int) -> bytes:
    """Return these blocks, in the order of their times; all of them must be within 32 s of `at_ms`, the time of the cluster."""
    return element(CLUSTER, uint(0xE7, at_ms) + b"".join(_block(block, at_ms) for block in sorted(blocks, key=lambda one: one.at_ms)))


def _block(block: Block, cluster_ms: int) -> bytes:
    flags = 0x80 if block.key else 0
    return element(0xA3, bytes((0x80 | block.track,)) + _BLOCK.pack(block.at_ms - cluster_ms, flags) + block.payload)


def _sound(track: Entry) -> bytes:
    audio = element(0xE1, element(0xB5, FLOAT.pack(48_000)) + uint(0x9F, 2))
    return _track(track, 2, "A_OPUS", element(0x63A2, _OPUS_HEAD) + uint(0x56BB, 80_000_000) + audio)


def _picture(track: Entry) -> bytes:
    return _track(track, 1, f"V_{track.codec}", element(0xE0, uint(0xB0, track.width) + uint(0xBA, track.height)))


def _track(track: Entry, kind: int, codec: str, rest: bytes) -> bytes:
    names = uint(0xD7, track.number) + uint(0x73C5, track.number) + uint(0x83, kind) + uint(0x9C, 0)
    return element(0xAE, names + _text(0x86, codec) + rest)


def element(identity: int, content: bytes) -> bytes:
    return identity.to_bytes((identity.bit_length() + 7) // 8, "big") + (1 << 56 | len(content)).to_bytes(8, "big") + content


def void(size: int) -> bytes:
    """Return an element of so many bytes in all, at least 9, that says nothing."""
    return element(0xEC, bytes(size - 9))


def uint(identity: int, value: int) -> bytes:
    return element(identity, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _text(identity: int, value: str) -> bytes:
    return element(identity, value.encode())


OPENING = element(
    0x1A45DFA3,
    uint(0x4286, 1) + uint(0x42F7, 1) + uint(0x42F2, 4) + uint(0x42F3, 8) + _text(0x4282, "webm") + uint(0x4287, 4) + uint(0x4285, 2),
) + (0x18538067).to_bytes(4, "big")
"""What stands before the size of the segment, in every file."""
SEGMENT_AT = len(OPENING) + len(UNKNOWN)  # from where positions in the segment are counted
