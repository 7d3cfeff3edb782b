"""The last packets of one source, to be sent again to whoever missed one."""

from struct import Struct

from server.media.rtp import FIXED_BYTES

SIZE = 512  # packets, a power of two: some two seconds of a large picture; what is older is not sent again

_SEQUENCE = Struct("!H")


class Ring:
    """Keeps packets by their sequence; a later one takes the place of that which is `size` sequences before it."""

    __slots__ = ("_mask", "_packets")

    def __init__(self, size: int = SIZE) -> None:
        self._packets: list[bytes | None] = [None] * size
        self._mask = size - 1

    def put(self, sequence: int, packet: bytes) -> None:
        self._packets[sequence & self._mask] = packet

    def get(self, sequence: int) -> bytes | None:
        """Return the packet with exactly this sequence, which it holds itself."""
        packet = self._packets[sequence & self._mask]
        if packet is None or len(packet) < FIXED_BYTES or _SEQUENCE.unpack_from(packet, 2)[0] != sequence:
            return None
        return packet
