"""The text of a note as people read it: sections of paragraphs and lists, and for every run of letters who wrote it."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from server.notes.limits import SECTIONS

UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
INSTEAD = "\ufffd"


class Span(NamedTuple):
    """A run of letters that look alike and that one tab wrote in one go.

    `author` is the client id of that tab. Yjs counts UTF-16 units: `clock` is that of the first one, the others follow without a gap.
    """

    text: str
    marks: frozenset[str]
    author: int
    clock: int


def units(text: str) -> int:
    """Return the length of a text as Yjs counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join runs that go on where the one before ends, and leave out empty ones."""
    found: list[Span] = []
    end = 0
    for span in spans:
        if not span.text:
            continue
        last = found[-1] if found else None
        if last is not None and (last.marks, last.author, end) == (span.marks, span.author, span.clock):
            found[-1] = last._replace(text=last.text + span.text)
        else:
            found.append(span)
        end = span.clock + units(span.text)
    return tuple(found)


class Paragraph(NamedTuple):
    spans: tuple[Span, ...]


class Bullets(NamedTuple):
    """A list; each item holds blocks, among them further lists."""

    items: tuple[tuple["Block", ...], ...]


Block: TypeAlias = Paragraph | Bullets


@dataclass(frozen=True)
class Prose:
    """What stands in each section, in the order of `SECTIONS`; an empty one has no blocks."""

    sections: Mapping[str, tuple[Block, ...]]

    @property
    def empty(self) -> bool:
        return not any(_words(block) for blocks in self.sections.values() for block in blocks)


def shown(text: str) -> str:
    """Return a text as it may stand in a page or a file: a replacement sign for each control character and each half of a character."""
    return UNSHOWABLE.sub(INSTEAD, text)


def fingerprint(prose: Prose) -> bytes:
    """Return SHA-256 over letters, marks and structure: equal for equal text, whoever wrote it and in however many pieces."""
    plain = {name: [_plain(block) for block in prose.sections.get(name, ())] for name in SECTIONS}
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()).digest()


def _words(block: Block) -> str:
    if isinstance(block, Paragraph):
        return "".join(span.text for span in block.spans).strip()
    return "".join(_words(inner) for item in block.items for inner in item)


def _plain(block: Block) -> object:
    if isinstance(block, Bullets):
        return {"items": [[_plain(inner) for inner in item] for item in block.items]}
    runs: list[tuple[str, list[str]]] = []
    for span in block.spans:
        marks = sorted(span.marks)
        if runs and runs[-1][1] == marks:
            runs[-1] = (runs[-1][0] + span.text, marks)
        else:
            runs.append((span.text, marks))
    return {"runs": runs}
