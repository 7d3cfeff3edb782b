"""What is done in pieces, some milliseconds apart: packets that are sent all at once push out those that stand behind them in a queue."""

from collections.abc import Callable

Piece = Callable[[float], bool]
"""Does the next piece at this time; returns whether there is a further one."""


class Pace:
    """The work that is under way. `go_on` is called about every 10 ms."""

    def __init__(self) -> None:
        self._under_way: list[Piece] = []

    def add(self, piece: Piece) -> None:
        """Begin with the next call of `go_on`."""
        self._under_way.append(piece)

    def go_on(self, now: float) -> None:
        """Do one piece of everything. Work that crashes is not asked again."""
        due, self._under_way = self._under_way, []
        for piece in due:
            if piece(now):
                self._under_way.append(piece)
