"""The statistics of a practice, for whoever looks after it: tables with plots, and the same for programs. Nobody is in them by name."""

from datetime import date
from typing import NamedTuple

from babel.dates import format_skeleton
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.people import in_charge_of
from server.access.viewer import viewer_of
from server.core.csv_rows import csv_of
from server.oversight.bars import svg_of
from server.oversight.figure_rows import lines_of
from server.oversight.figure_words import FROM_TO, PARTS, TITLES, TOTALS, WEEK
from server.oversight.figures import Figures, Scope, Table, figures_of
from server.oversight.suppress import FEWEST, Row
from server.web.endpoint import house_of
from server.web.i18n import Language
from server.web.pages import language_of, render

PAGE = "/practice/statistics"


class Shown(NamedTuple):
    """A table in words: the headings of its columns, and its rows with the words for their period, the newest first."""

    name: str
    title: str
    headings: list[str]
    rows: list[tuple[str, Row]]
    plot: Markup

    @property
    def shows(self) -> bool:
        """Whether there is any figure in it."""
        return any(isinstance(row.total, int) for _period, row in self.rows)


def routes() -> list[Route]:
    return [Route(PAGE, _statistics), Route(PAGE + ".csv", _as_csv)]


async def _statistics(request: Request) -> Response:
    viewer, language = await viewer_of(request), language_of(request)
    figures = await _figures(request)
    async with house_of(request).database.read() as tx:
        part = await part_of(tx, viewer)
    shown = {
        "part": part,
        "tables": [_shown(language, table) for table in figures.tables],
        "middles": [(_month(language, middle.first), middle) for middle in figures.middles],
        "any": any(isinstance(row.total, int) for table in figures.tables for _, row in table.rows),
        "fewest": FEWEST,
    }
    return render(request, "staff/statistics.html", shown)


async def _as_csv(request: Request) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="statistics.csv"'}
    return Response(csv_of(lines_of(await _figures(request))), media_type="text/csv; charset=utf-8", headers=headers)


async def _figures(request: Request) -> Figures:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        return await figures_of(tx, Scope(await in_charge_of(tx, viewer), house.clock.now()))


def _shown(language: Language, table: Table) -> Shown:
    text = language.text
    period = _week if table.name == "calls" else _month
    rows = [(period(language, first), row) for first, row in table.rows]
    title, heading = text(TITLES[table.name]), text(TOTALS[table.name])
    described = text(FROM_TO, first=rows[-1][0], last=rows[0][0])
    plot = svg_of(f"plot-{table.name}", f"{title}: {heading}", described, [row.total for _, row in reversed(rows)])
    return Shown(table.name, title, [heading, *(text(PARTS[part]) for part in table.columns)], rows, Markup(plot))  # noqa: S704 - escaped there


def _month(language: Language, first: date) -> str:
    return format_skeleton("yMMMM", first, locale=language.locale)


def _week(language: Language, first: date) -> str:
    return language.text(WEEK, day=format_skeleton("yMMMd", first, locale=language.locale))
