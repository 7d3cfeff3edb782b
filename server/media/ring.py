"""The last packets of one source, to be sent again to whoever missed one."""

from array import array
from collections import deque

SIZE = 512  # packets, a power of two: what came longer ago cannot be told from what never came
KEPT_TURNS = 10  # turns of a tenth of a second: whoever asks later than that has shown a later picture by then

NEVER = -1


class Ring:
    """Keeps packets by their sequence; a later one takes the place of that which is `size` sequences before it.

    `turn` lets go of packets whose time has passed, so that a fast source holds no more memory than anybody can ask for. That they came
    is remembered all the same.
    """

    __slots__ = ("_came", "_highest", "_mask", "_packets", "_turns")

    def __init__(self, size: int = SIZE, first: int = 0) -> None:
        """`first` is the sequence with which the source begins."""
        self._packets: list[bytes | None] = [None] * size
        self._came = array("i", (NEVER,)) * size
        self._mask = size - 1
        self._highest = first - 1 & 0xFFFF
        self._turns = deque((self._highest,), KEPT_TURNS + 1)

    def put(self, sequence: int, packet: bytes | None) -> None:
        """Note that a packet came; keep it, unless it is None because nobody will ask for it."""
        place = sequence & self._mask
        self._came[place] = sequence
        self._packets[place] = packet
        if sequence - self._highest & 0xFFFF < 0x8000:
            self._highest = sequence

    def came(self, sequence: int) -> bool:
        """Whether exactly this sequence came, as one of the last `size`."""
        return self._came[sequence & self._mask] == sequence

    def get(self, sequence: int) -> bytes | None:
        """Return the packet with exactly this sequence."""
        place = sequence & self._mask
        return self._packets[place] if self._came[place] == sequence else None

    def turn(self) -> None:
        """Let go of what came before the last `KEPT_TURNS` calls; to be called about every 100 ms."""
        turns = self._turns
        if len(turns) > KEPT_TURNS:
            for sequence in range(turns[0] + 1, turns[0] + 1 + min(turns[1] - turns[0] & 0xFFFF, self._mask)):
                if self.came(sequence & 0xFFFF):  # and no later one has its place
                    self._packets[sequence & self._mask] = None
        turns.append(self._highest)
