"""Which figures may be shown, so that none of them tells of a few people: neither by itself nor by what is left of a total. Pure.

A row is a total and the parts that add up to it. Whoever reads it knows this file, too: a row is shown as it is only if other rows with
other hidden figures would be shown the same way. Rows are never added up, for a sum over rows would give the hidden one away.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

FEWEST = 10


class Veil(StrEnum):
    """`few` is under `FEWEST`, none among it; `kept` may be any number, and is not shown for the sake of the others."""

    FEW = "few"
    KEPT = "kept"


Cell = int | Veil


class Row(NamedTuple):
    total: Cell
    parts: tuple[Cell, ...]


def veiled(parts: Sequence[int]) -> Row:
    """Return the row of these parts as it may be shown.

    Parts under `FEWEST` are hidden, and with them the last of the others: which one must not depend on how large they are. Where that does
    not leave each hidden part anything from nothing to `FEWEST` - 1, no part is shown.
    """
    total = sum(parts)
    if total < FEWEST:
        return Row(Veil.FEW, (Veil.FEW,) * len(parts))
    if min(parts) >= FEWEST:
        return Row(total, tuple(parts))
    last = max((place for place, part in enumerate(parts) if part >= FEWEST), default=None)
    if last is None or parts[last] + sum(part for part in parts if part < FEWEST) < 2 * FEWEST - 1:
        return Row(total, (Veil.KEPT,) * len(parts))
    return Row(total, tuple(Veil.FEW if part < FEWEST else Veil.KEPT if place == last else part for place, part in enumerate(parts)))


def alone(count: int) -> Cell:
    """Return a figure that is part of nothing else."""
    return count if count >= FEWEST else Veil.FEW
