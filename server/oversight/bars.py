"""Bars beside a table as SVG, without a script and without colours of their own: the page's style gives those. Pure."""

from collections.abc import Sequence
from html import escape

from server.oversight.suppress import Cell

WIDTH, HEIGHT = 600, 120
SHARE = 0.7  # of its place that a bar fills
STUB = 4  # how high the mark of a figure is that is not shown


def svg_of(identity: str, title: str, description: str, cells: Sequence[Cell]) -> str:
    """Return the picture with a bar for each cell; `identity` is unique on the page, and a screen reader says the other two."""
    name = escape(identity)
    top = max([1, *(cell for cell in cells if isinstance(cell, int))])
    bars = "".join(_bar(place, cell, top, len(cells)) for place, cell in enumerate(cells))
    grid = "".join(f'<line class="plot-grid" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>' for y in (0, HEIGHT // 2, HEIGHT))
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-labelledby="{name}-title" aria-describedby="{name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
        f"{grid}{bars}</svg>"
    )


def _bar(place: int, cell: Cell, top: int, many: int) -> str:
    kind, height = ("bar-shown", cell / top * HEIGHT) if isinstance(cell, int) else ("bar-hidden", STUB)
    wide = WIDTH / many
    left = place * wide + wide * (1 - SHARE) / 2
    return f'<rect class="{kind}" x="{left:.1f}" y="{HEIGHT - height:.1f}" width="{wide * SHARE:.1f}" height="{height:.1f}"/>'
