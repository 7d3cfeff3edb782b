"""WebM as it is written while it happens (RFC 8794, RFC 9559): a head without lengths that would have to be filled in later, then clusters.

Nothing refers back or forward, so a file that ends after any cluster can be played.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Literal, NamedTuple

Coding = Literal["opus", "VP8"]

_FLOAT = Struct("!d")
_BLOCK = Struct("!hB")
_UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_EPOCH_S = 978_307_200  # 2001-01-01, from which dates are counted, in seconds of Unix
_OPUS_HEAD = b"OpusHead" + Struct("<BBHIhB").pack(1, 2, 0, 48_000, 0, 0)
WRITER = "Consilium"
LONGEST_S = 32  # of one cluster: its blocks tell their times in 16 bits


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
    ebml = _element(
        0x1A45DFA3,
        _uint(0x4286, 1)
        + _uint(0x42F7, 1)
        + _uint(0x42F2, 4)
        + _uint(0x42F3, 8)
        + _text(0x4282, "webm")
        + _uint(0x4287, 4)
        + _uint(0x4285, 2),
    )
    date = int((begun_s - _EPOCH_S) * 1e9).to_bytes(8, "big", signed=True)
    info = _element(0x1549A966, _uint(0x2AD7B1, 1_000_000) + _element(0x4461, date) + _text(0x4D80, WRITER) + _text(0x5741, WRITER))
    entries = b"".join(_sound(track) if track.codec == "opus" else _picture(track) for track in tracks)
    return ebml + (0x18538067).to_bytes(4, "big") + _UNKNOWN + info + _element(0x1654AE6B, entries)


def cluster(blocks: Sequence[Block], at_ms: int) -> bytes:
    """Return these blocks, in the order of their times; all of them must be within 32 s of `at_ms`, the time of the cluster."""
    return _element(0x1F43B675, _uint(0xE7, at_ms) + b"".join(_block(block, at_ms) for block in sorted(blocks, key=lambda one: one.at_ms)))


def _block(block: Block, cluster_ms: int) -> bytes:
    flags = 0x80 if block.key else 0
    return _element(0xA3, bytes((0x80 | block.track,)) + _BLOCK.pack(block.at_ms - cluster_ms, flags) + block.payload)


def _sound(track: Entry) -> bytes:
    audio = _element(0xE1, _element(0xB5, _FLOAT.pack(48_000)) + _uint(0x9F, 2))
    return _track(track, 2, "A_OPUS", _element(0x63A2, _OPUS_HEAD) + _uint(0x56BB, 80_000_000) + audio)


def _picture(track: Entry) -> bytes:
    return _track(track, 1, f"V_{track.codec}", _element(0xE0, _uint(0xB0, track.width) + _uint(0xBA, track.height)))


def _track(track: Entry, kind: int, codec: str, rest: bytes) -> bytes:
    names = _uint(0xD7, track.number) + _uint(0x73C5, track.number) + _uint(0x83, kind) + _uint(0x9C, 0)
    return _element(0xAE, names + _text(0x86, codec) + rest)


def _element(identity: int, content: bytes) -> bytes:
    return identity.to_bytes((identity.bit_length() + 7) // 8, "big") + (1 << 56 | len(content)).to_bytes(8, "big") + content


def _uint(identity: int, value: int) -> bytes:
    return _element(identity, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _text(identity: int, value: str) -> bytes:
    return _element(identity, value.encode())
