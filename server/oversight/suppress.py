"""Which figures may be shown, so that none of them tells of a few people: neither by itself nor by what is left of a total. Pure.

What is small is told by the people whom a figure is about: forty consultations of one patient tell of one patient.
A row is a total and the parts that add up to it. Whoever reads it knows this file, too: a row is shown as it is only if other rows with
other hidden figures would be shown the same way. Rows are never added up, for a sum over rows would give the hidden one away.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

FEWEST = 10


class Veil(StrEnum):
    """`few` is about fewer than `FEWEST` people, nobody among it; `kept` may be any number, and is not shown for the sake of the others."""

    FEW = "few"
    KEPT = "kept"


Cell = int | Veil


class Row(NamedTuple):
    total: Cell
    parts: tuple[Cell, ...]


def veiled(parts: Sequence[int], people: Sequence[int], everybody: int) -> Row:
    """Return the row of these parts as it may be shown; `people` are how many each is about, and `everybody` how many all of them are.

    Parts about fewer than `FEWEST` are hidden, and with them the last of the others: which one must not depend on how large they are.
    Where that does not leave each hidden part anything from nothing to `FEWEST` - 1, no part is shown.
    """
    total = sum(parts)
    if everybody < FEWEST:
        return Row(Veil.FEW, (Veil.FEW,) * len(parts))
    if min(people) >= FEWEST:
        return Row(total, tuple(parts))
    small = [place for place, many in enumerate(people) if many < FEWEST]
    last = max((place for place in range(len(parts)) if place not in small), default=None)
    if last is None or parts[last] + sum(parts[place] for place in small) < 2 * FEWEST - 1:
        return Row(total, (Veil.KEPT,) * len(parts))
    return Row(total, tuple(Veil.FEW if place in small else Veil.KEPT if place == last else part for place, part in enumerate(parts)))


def alone(count: int, people: int) -> Cell:
    """Return a figure that is part of nothing else."""
    return count if people >= FEWEST else Veil.FEW
