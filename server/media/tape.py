"""What an engine tells the recorder of a call, over a pipe: small binary records, in the order in which things happened.

    record = length of what follows: 4 bytes, kind: 1 byte, source: 4 bytes, when (seconds of the engine's monotonic clock): 8 bytes, body

The recorder answers in lines of JSON: `RecordedFile`s at the end, a wish for a picture, or a reason why it failed.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, TypeAdapter

from server.media_control import Count, Key, Name, RecordedFile, Source, Strict

BEGIN, SOURCE, INSTANT, PACKET, TIME, PAUSE, GONE, STOP = range(8)
"""Kinds: the settings; a new source; its sender's report; a packet; time has passed; every file ends here; a peer left; the end."""
LONGEST_RECORD = 64 * 1024

_HEAD = Struct("!LBLd")
_INSTANT = Struct("!QL")
_BODY = _HEAD.size - 4


class Begin(Strict):
    """Where to write, sealed by what; `wall` is the time of day, in seconds of Unix, when the monotonic clock showed `monotonic`."""

    folder: str
    key: Key
    wall: float
    monotonic: float


class NewSource(Strict):
    """Packets of this number are of this: `codec` is spelt as in SDP."""

    peer: Name
    source: Source
    codec: Annotated[str, Field(max_length=8)]
    clock_hz: Count


class WantPicture(Strict):
    """Something of a picture was lost: have the browser send a whole one."""

    t: Literal["picture"] = "picture"
    source: Count


class Whole(Strict):
    t: Literal["whole"] = "whole"
    tracks: list[RecordedFile]


class Failed(Strict):
    t: Literal["failed"] = "failed"
    reason: Annotated[str, Field(max_length=32)]


Told = WantPicture | Whole | Failed
_TOLD: TypeAdapter[Told] = TypeAdapter(Annotated[Told, Field(discriminator="t")])


class Entry(NamedTuple):
    """One record."""

    kind: int
    source: int
    at: float
    body: bytes


class Broken(Exception):
    """Bytes that are no record."""


def entry(kind: int, source: int, at: float, body: bytes = b"") -> bytes:
    """Return a record as it is written."""
    return _HEAD.pack(_BODY + len(body), kind, source, at) + body


def instant(source: int, at: float, ntp: int, timestamp: int) -> bytes:
    return entry(INSTANT, source, at, _INSTANT.pack(ntp, timestamp))


def read_instant(body: bytes) -> tuple[int, int]:
    """Return NTP time and timestamp."""
    ntp, timestamp = _INSTANT.unpack(body)
    return ntp, timestamp


def read_told(line: bytes) -> Told:
    """Raises `ValueError`."""
    return _TOLD.validate_json(line)


class Tape:
    """Cuts a stream of bytes into records."""

    def __init__(self) -> None:
        self._left = bytearray()

    def feed(self, data: bytes) -> Iterator[Entry]:
        """Return the records that are whole now. Raises `Broken`."""
        left = self._left
        left += data
        at = 0
        while at + _HEAD.size <= len(left):
            length, kind, source, when = _HEAD.unpack_from(left, at)
            if not _BODY <= length <= LONGEST_RECORD:
                raise Broken
            end = at + 4 + length
            if end > len(left):
                break
            yield Entry(kind, source, when, bytes(left[at + _HEAD.size : end]))
            at = end
        del left[:at]
