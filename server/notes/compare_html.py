"""A comparison as HTML: `ins` and `del`, which are told by underline and strike-through as well as by words, never by colour alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from server.notes.compare import Change, Kind, Line
from server.notes.prose_html import Writers, marked, safe

PILCROW = "¶"
TAGS = {Kind.ADDED: "ins", Kind.REMOVED: "del", Kind.RESTYLED: "span"}
DEEPEST = 6  # lists of which the styles know how far they stand in


@dataclass(frozen=True)
class Words:
    """What a screen reader says before a change, and behind it, in the reader's language."""

    added: str
    removed: str
    restyled: str
    end: str
    writers: Writers

    def before(self, kind: Kind) -> str:
        return {Kind.ADDED: self.added, Kind.REMOVED: self.removed, Kind.RESTYLED: self.restyled}[kind]


def comparison_html(lines: Iterable[Line], words: Words) -> str:
    """Return a section's lines as p and, in lists, as `<li class="level-2">` of one flat ul.

    A change is `<ins class="by by-2" data-by="BB">`, del or `<span class="restyled">`; where a paragraph was broken, joined or moved within
    lists, a pilcrow sign shows the change.
    """
    parts = []
    for in_list, same in groupby(_paragraphs(lines), lambda paragraph: bool(paragraph[0].place.level)):
        inside = "".join(_paragraph(paragraph, words) for paragraph in same)
        parts.append(f"<ul>{inside}</ul>" if in_list else inside)
    return "".join(parts)


def _paragraphs(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Yield each line with those that were joined to it: of which the beginning is gone, but not every letter."""
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and line.kind is Kind.REMOVED and not _gone(line):
            paragraph.append(line)
        else:
            if paragraph:
                yield paragraph
            paragraph = [line]
    if paragraph:
        yield paragraph


def _gone(line: Line) -> bool:
    return all(change.kind is Kind.REMOVED for change in line.changes)


def _paragraph(paragraph: list[Line], words: Words) -> str:
    inside = "".join(_line(line, words) for line in paragraph)
    place = paragraph[0].place
    if not place.level:
        return f'<p dir="auto">{inside}</p>'
    bullet = "" if place.opens else " goes-on"
    return f'<li class="level-{min(place.level, DEEPEST)}{bullet}" dir="auto">{inside}</li>'


def _line(line: Line, words: Words) -> str:
    inside = "".join(_change(change, words) for change in line.changes)
    whole = bool(line.changes) and all(change.kind is line.kind for change in line.changes)
    return inside if line.kind is Kind.SAME or whole else _told(line.kind, PILCROW, words) + inside


def _change(change: Change, words: Words) -> str:
    text = marked(safe(change.text), change.marks)
    return text if change.kind is Kind.SAME else _told(change.kind, text, words, change.author)


def _told(kind: Kind, html: str, words: Words, author: int | None = None) -> str:
    """Wrap a change, and say who made it where that is known: who removed something does not stand in a text."""
    says, attributes = words.before(kind), ' class="restyled"' if kind is Kind.RESTYLED else ""
    if kind is Kind.ADDED and author is not None:
        writer, attributes = words.writers.of(author)
        says = f"{says}, {writer.name}"
    said = f'<span class="unseen">{safe(says)}: </span>{html}<span class="unseen"> {safe(words.end)} </span>'
    return f"<{TAGS[kind]}{attributes}>{said}</{TAGS[kind]}>"
