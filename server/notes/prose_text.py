"""The text of a note as plain text, for the clipboard, a file or a program that reads nothing else."""

import re
from collections.abc import Iterable, Iterator, Mapping

from server.notes.limits import SECTIONS
from server.notes.prose import Block, Paragraph, Prose, shown

INDENT = "  "
BULLET = "- "
NOTHING_WRITTEN = "\u2013"
BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


def plain_text(prose: Prose, titles: Mapping[str, str], *, with_empty: bool = True) -> str:
    """Return each section under its title, with a blank line between two; an empty one holds a dash, or is left out.

    A blank line comes nowhere else, and no paragraph takes more than one line, so nobody can write what looks like another section.
    """
    parts = []
    for name in SECTIONS:
        lines = list(_lines(prose.sections.get(name, ()), ""))
        if lines or with_empty:
            parts.append("\n".join([_one_line(titles[name]), *(lines or [NOTHING_WRITTEN])]))
    return "\n\n".join(parts) + "\n" if parts else ""


def _lines(blocks: Iterable[Block], indent: str) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Paragraph):
            line = _one_line("".join(span.text for span in block.spans))
            if line.strip():
                yield indent + line
        else:
            for item in block.items:
                yield from _item(item, indent)


def _item(blocks: Iterable[Block], indent: str) -> Iterator[str]:
    """Yield the lines of an item, the first of them behind a bullet."""
    inside = indent + INDENT
    for number, line in enumerate(_lines(blocks, inside)):
        yield line if number else indent + BULLET + line.removeprefix(inside)


def _one_line(text: str) -> str:
    return shown(BREAKS.sub(" ", text))
