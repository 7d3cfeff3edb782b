"""Curves over time as SVG, without a script and without colours of their own: the page's style gives those. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

WIDTH, HEIGHT = 600, 120
MOST_POINTS = 300  # of one curve; more are drawn as the largest of their neighbours
GAP_S = 45  # a longer silence is a gap in the curve
STEP = timedelta(seconds=10)  # what a value stands for, from its time on


@dataclass(frozen=True, slots=True)
class Curve:
    """`kind` is its class in the page's style; points are times with values."""

    kind: str
    points: Sequence[tuple[datetime, int]]


@dataclass(frozen=True, slots=True)
class Span:
    """The time that all plots of a page share, so that they can be compared."""

    begun: datetime
    ended: datetime

    def x(self, at: datetime) -> float:
        whole = max(1.0, (self.ended - self.begun).total_seconds())
        return (at - self.begun).total_seconds() / whole * WIDTH


@dataclass(frozen=True, slots=True)
class Plot:
    """`title` and `description` are what a screen reader says of it; `identity` is unique on the page."""

    identity: str
    title: str
    description: str
    curves: Sequence[Curve]

    def svg(self, span: Span, top: int) -> str:
        """Return the picture, in which `top` is the value at the upper edge."""
        name = escape(self.identity)
        lines = "".join(_line(curve, span, top) for curve in self.curves)
        grid = "".join(f'<line class="plot-grid" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>' for y in (0, HEIGHT // 2, HEIGHT))
        return (
            f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img"'
            f' aria-labelledby="{name}-title" aria-describedby="{name}-desc">'
            f'<title id="{name}-title">{escape(self.title)}</title><desc id="{name}-desc">{escape(self.description)}</desc>'
            f"{grid}{lines}</svg>"
        )


def top_of(curves: Sequence[Curve], least: int) -> int:
    """Return the value at the upper edge: the next round number above everything, and never less than `least`."""
    highest = max([least, *(value for curve in curves for _, value in curve.points)])
    scale = int("1" + "0" * (len(str(highest)) - 1))
    return next(factor * scale for factor in (1, 2, 5, 10) if factor * scale >= highest)


def _line(curve: Curve, span: Span, top: int) -> str:
    size = -(-len(curve.points) // MOST_POINTS)
    path = " ".join(_path(_thinned(piece, size), span, top) for piece in _pieces(curve.points))
    return f'<path class="plot-line {escape(curve.kind)}" d="{path}"/>' if path else ""


def _path(points: Sequence[tuple[datetime, int]], span: Span, top: int) -> str:
    """The last value goes on for as long as it stands for; so one that is alone is seen, too."""
    last = (points[-1][0] + STEP, points[-1][1])
    places = [(span.x(at), HEIGHT - min(value, top) / top * HEIGHT) for at, value in (*points, last)]
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _pieces(points: Sequence[tuple[datetime, int]]) -> list[list[tuple[datetime, int]]]:
    pieces: list[list[tuple[datetime, int]]] = []
    for point in points:
        if not pieces or (point[0] - pieces[-1][-1][0]).total_seconds() > GAP_S:
            pieces.append([])
        pieces[-1].append(point)
    return pieces


def _thinned(points: Sequence[tuple[datetime, int]], size: int) -> list[tuple[datetime, int]]:
    groups = (points[first : first + size] for first in range(0, len(points), size))
    return [(group[0][0], max(value for _, value in group)) for group in groups]
