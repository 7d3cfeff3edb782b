"""What the pages of call quality show of one person: words first, then three plots, then the same figures as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from server.consultation.call_findings import Reading, table
from server.consultation.call_quality import Call, PersonCall, span_of
from server.consultation.call_words import GOOD, tell, verdict
from server.consultation.model import Role
from server.consultation.plots import Curve, Plot, Span, top_of
from server.core.marking import _
from server.web.i18n import Language


@dataclass(frozen=True)
class Lines:
    """Two measures that share one picture; `least` is the smallest value at its upper edge, `unit` stands behind each value."""

    key: str
    title: str
    unit: str
    first: tuple[str, str]
    second: tuple[str, str]
    least: int
    divide: int = 1


PICTURES = (
    Lines("loss", _("Loss"), "%", ("lost_in", _("of what arrived here")), ("lost_out", _("of what was sent from here")), 100, 10),
    Lines("delay", _("Delay"), "ms", ("delay_ms", _("there and back")), ("jitter_ms", _("unevenness")), 200),
    Lines("rate", _("Bitrate"), "kbit/s", ("in_kbps", _("received")), ("out_kbps", _("sent")), 100),
)


@dataclass(frozen=True)
class ShownPlot:
    title: str
    top: str
    legend: tuple[str, str]
    svg: Markup


@dataclass(frozen=True)
class ShownPerson:
    name: str
    sentences: Sequence[str]
    plots: Sequence[ShownPlot]
    rows: Sequence[Reading]


def called(language: Language, person: PersonCall) -> str:
    """Return the name, or only what they are where the viewer must not know it."""
    if person.name is not None:
        return person.name
    return language.text(_("The patient")) if person.role == Role.PATIENT else language.text(_("A guest"))


def verdict_of(language: Language, call: Call) -> str:
    return verdict(language, [(called(language, person), person.findings) for person in call.people])


def shown_people(language: Language, call: Call) -> list[ShownPerson]:
    """Return everybody of whom there are figures, with plots over the same time and on the same scale, so that they can be compared."""
    if not call.people:
        return []
    span = Span(*span_of(call))
    every = [reading for person in call.people for reading in person.readings]
    tops = {lines.key: top_of(_curves(lines, every), lines.least) for lines in PICTURES}
    return [_person(language, person, span, tops) for person in call.people]


def _person(language: Language, person: PersonCall, span: Span, tops: dict[str, int]) -> ShownPerson:
    name = called(language, person)
    sentences = [tell(language, finding, name) for finding in person.findings] or [language.text(GOOD)]
    plots = [_plot(language, person, lines, span, tops[lines.key]) for lines in PICTURES]
    return ShownPerson(name, sentences, plots, table(person.readings))


def _plot(language: Language, person: PersonCall, lines: Lines, span: Span, top: int) -> ShownPlot:
    title = language.text(lines.title)
    legend = (language.text(lines.first[1]), language.text(lines.second[1]))
    curves = _curves(lines, person.readings)
    worst = [max(value for _at, value in curve.points) // lines.divide for curve in curves]
    words = language.text(
        _("Highest: {first} {unit} {first_name}, {second} {unit} {second_name}."),
        first=worst[0], first_name=legend[0], second=worst[1], second_name=legend[1], unit=lines.unit,
    )  # fmt: skip
    label = language.text(_("{what} of {name}"), what=title, name=called(language, person))
    plot = Plot(f"{lines.key}-{person.participant_id}", label, words, curves)
    svg = Markup(plot.svg(span, top))  # noqa: S704 - numbers, and words that are escaped there
    return ShownPlot(title, f"{top // lines.divide} {lines.unit}", legend, svg)


def _curves(lines: Lines, readings: Sequence[Reading]) -> list[Curve]:
    names = {"first": lines.first[0], "second": lines.second[0]}
    return [Curve(kind, [(reading.at, getattr(reading, name)) for reading in readings]) for kind, name in names.items()]
