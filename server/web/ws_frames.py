"""Where websocket frames begin and end (RFC 6455, section 5.2), for whoever reads some of them past the parser."""

from dataclasses import dataclass
from typing import NamedTuple

PLAIN = 0x82  # a whole binary message
MASKED = 0x80
MASK_BYTES = 4
SHORT, LONG = 126, 127  # instead of a length: it stands in two bytes, or in eight
LENGTHS = {SHORT: 2, LONG: 8}


class Content(NamedTuple):
    """Where the masked content of a frame stands; the mask is right before it."""

    start: int
    end: int


def plain_content(data: bytes) -> Content | None:
    """Return where the content is of the masked, whole binary message below 64 KiB that `data` begins with; None where it begins with
    anything else, or with a part of one.
    """
    if len(data) < 2 or data[0] != PLAIN or not MASKED <= data[1] < MASKED + LONG:
        return None
    start, size = 2 + MASK_BYTES, data[1] - MASKED
    if size == SHORT:
        start, size = 4 + MASK_BYTES, int.from_bytes(data[2:4], "big")
    end = start + size
    return Content(start, end) if end <= len(data) else None


def frame_size(head: bytes) -> int | None:
    """Return the size of the frame that begins so, its head included; None where too little of the head is there."""
    if len(head) < 2:
        return None
    length, mask, extra = head[1] & 127, MASK_BYTES if head[1] & MASKED else 0, 0
    if length in LENGTHS:
        extra = LENGTHS[length]
        if len(head) < 2 + extra:
            return None
        length = int.from_bytes(head[2 : 2 + extra], "big")
    return 2 + extra + mask + length


@dataclass(slots=True)
class FrameEnds:
    """Follows the bytes of one peer and knows whether they have just come to the end of a frame."""

    _missing: int = 0  # bytes of the current frame
    _head: bytes = b""  # what has come of a head that is not whole

    @property
    def met(self) -> bool:
        return not self._missing and not self._head

    def follow(self, data: bytes) -> None:
        """Go over what came next, however it was cut."""
        data = self._head + data
        at = self._missing
        while at < len(data):
            size = frame_size(data[at : at + 10])
            if size is None:
                self._head, self._missing = data[at:], 0
                return
            at += size
        self._head, self._missing = b"", at - len(data)
