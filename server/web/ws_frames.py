"""Where websocket frames begin and end (RFC 6455, section 5.2), for whoever reads some of them past the parser."""

from dataclasses import dataclass

PLAIN = 0x82  # a whole binary message
MASKED = 0x80
SHORT = 126  # from this on, the length stands in bytes of its own
HEAD = 6  # bytes before the content of a short masked frame
LENGTHS = {126: 2, 127: 8}


def plain_frame(data: bytes) -> int:
    """Return the size of the short, masked, whole binary message that `data` begins with, or 0 where it begins with anything else."""
    if len(data) < HEAD or data[0] != PLAIN or not MASKED <= data[1] < MASKED + SHORT:
        return 0
    size = HEAD + data[1] - MASKED
    return size if size <= len(data) else 0


def frame_size(head: bytes) -> int | None:
    """Return the size of the frame that begins so, its head included; None where too little of the head is there."""
    if len(head) < 2:
        return None
    length, mask, extra = head[1] & 127, 4 if head[1] & MASKED else 0, 0
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
