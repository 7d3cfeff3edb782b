"""The figures as lines of a table for programs (CSV). Pure."""

from collections.abc import Iterator

from server.oversight.figures import Figures
from server.oversight.suppress import FEWEST, Cell, Veil

HEAD = ("table", "begins", "figure", "value")
VEILS = {Veil.FEW: f"fewer than {FEWEST} people", Veil.KEPT: "not shown"}


def lines_of(figures: Figures) -> Iterator[tuple[str, ...]]:
    """Yield the head and a line for each figure; the names are for programs and stay the same in every language."""
    yield HEAD
    for table in figures.tables:
        for first, row in table.rows:
            yield table.name, str(first), "total", _value(row.total)
            yield from ((table.name, str(first), part, _value(cell)) for part, cell in zip(table.columns, row.parts, strict=True))
    for middle in figures.middles:
        told = (("waited_min", middle.waited_min), ("lasted_min", middle.lasted_min), ("felt", middle.felt))
        yield from (("middles", str(middle.first), name, VEILS[Veil.FEW] if value is None else str(value)) for name, value in told)
        yield "middles", str(middle.first), "answers", _value(middle.answers)


def _value(cell: Cell) -> str:
    return VEILS[cell] if isinstance(cell, Veil) else str(cell)
