"""Plain text with headings, lists and links, read into blocks that a template shows escaped; pure.

`# ` and `## ` begin a heading, `- ` a point of a list; an empty line ends a paragraph. `[words](https://…)` or `(mailto:…)` is a link:
any other address stays text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

LINK = re.compile(r"\[([^\[\]]{1,200})\]\(((?:https://|mailto:)[^\s()<>\"]{1,500})\)")
HEADINGS = {"# ": "h2", "## ": "h3"}
POINT = "- "


class Span(NamedTuple):
    """Some words; with `href` they are a link."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Block:
    """`kind`: `h2`, `h3`, `p` or `ul`. A list has several `lines`, everything else one."""

    kind: str
    lines: tuple[tuple[Span, ...], ...]


def blocks_of(text: str) -> list[Block]:
    """Return the blocks of a text, in their order."""
    blocks: list[Block] = []
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        blocks += _part(part.strip("\n").split("\n"))
    return blocks


def _part(lines: Sequence[str]) -> list[Block]:
    """Read lines between two empty ones; neighbours of one kind are one block, except headings."""
    blocks: list[Block] = []
    for kind, words in (_read(line) for line in lines if line.strip()):
        last = blocks[-1] if blocks else None
        if last is None or last.kind != kind or kind in HEADINGS.values():
            blocks.append(Block(kind, (_spans(words),)))
        elif kind == "ul":
            blocks[-1] = Block(kind, (*last.lines, _spans(words)))
        else:
            blocks[-1] = Block(kind, ((*last.lines[0], Span(" "), *_spans(words)),))
    return blocks


def _read(line: str) -> tuple[str, str]:
    found = next(((kind, mark) for mark, kind in {**HEADINGS, POINT: "ul"}.items() if line.startswith(mark)), ("p", ""))
    return found[0], line[len(found[1]) :].strip()


def _spans(words: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    at = 0
    for found in LINK.finditer(words):
        spans += [Span(words[at : found.start()]), Span(found.group(1), found.group(2))]
        at = found.end()
    return tuple(span for span in (*spans, Span(words[at:])) if span.text)
