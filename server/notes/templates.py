"""Templates and snippets as text: how a section's text becomes blocks, and what its placeholders stand for.

A section is plain text: each line is a paragraph, a line that begins with `- ` an item of a list. What the patient answered in a
questionnaire has no placeholder: it is opened by itself, beside the note, because each opening is on record.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from server.core.marking import _
from server.notes.limits import SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Span

MAX_TEMPLATES = 50  # of one owner; one more is refused with 'full'
MAX_SNIPPETS = 200  # of one owner; the same
MAX_NAME = 100  # letters; refused
MAX_BODY = 20_000  # letters of all sections together; refused
MAX_SNIPPET = 2_000  # letters; refused
SHORTCUT = r"^[^\W_]{1,20}$"  # letters and digits: anything else ends a shortcut while somebody types it

PLACEHOLDER = re.compile(r"\{([a-z_.]+)\}")
BULLET = "- "

Sections = Mapping[str, str]


class Placeholder(NamedTuple):
    """A name in braces, what it stands for in words, and an example for the preview."""

    name: str
    meaning: str
    example: str


PLACEHOLDERS = (
    Placeholder("patient.name", _("the name of the patient's record"), "Dana Diaz"),
    Placeholder("professional.name", _("your name with your title"), "Dr Alice Ahmed"),
    Placeholder("date", _("the day of the consultation"), "2 March 2026"),
    Placeholder("time", _("the time at which the consultation began"), "10:05"),
    Placeholder("practice.name", _("the name of the practice"), "Harbour Clinic"),
    Placeholder("team", _("the team of the consultation; without one it stays as it is"), "North"),
)
EXAMPLES = {one.name: one.example for one in PLACEHOLDERS}

SOAP = "SOAP"
SOAP_SECTIONS = {
    "subjective": _("Presenting complaint:\nHistory:\nMedication and allergies:"),
    "objective": _("General appearance:\nFindings:"),
    "assessment": _("Impression:"),
    "plan": _("Treatment:\nFollow-up:\nWhen to seek help:"),
}


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put the values into the placeholders; one without a value stays as it is, so that whoever writes sees it."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def blocks_of(text: str) -> tuple[Block, ...]:
    """Read a section's text; empty lines only part lists from each other."""
    lines = (line.strip() for line in text.splitlines())
    runs = groupby(lines, lambda line: line.startswith(BULLET) or line == BULLET.strip())
    return tuple(block for listed, run in runs for block in (_bullets(run) if listed else _paragraphs(run)))


def plain_of(sections: Sections) -> dict[str, str]:
    """Return the sections that have any text, in their order, with one kind of line end."""
    tidy = {name: "\n".join(sections.get(name, "").strip().splitlines()) for name in SECTIONS}
    return {name: text for name, text in tidy.items() if text}


def packed(sections: Sections) -> str:
    """Return the text of a template as it is stored."""
    return json.dumps(plain_of(sections), ensure_ascii=False, separators=(",", ":"))


def unpacked(body: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(body)
    return found


def _bullets(lines: Iterable[str]) -> Iterator[Block]:
    yield Bullets(tuple((_paragraph(line.removeprefix(BULLET.strip()).strip()),) for line in lines))


def _paragraphs(lines: Iterable[str]) -> Iterator[Block]:
    yield from (_paragraph(line) for line in lines if line)


def _paragraph(text: str) -> Paragraph:
    return Paragraph((Span(text, frozenset(), 0, 0),) if text else ())
