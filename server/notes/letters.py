"""A text letter by letter, with the ids that letters have in the document, and where paragraphs begin."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from server.notes.prose import Block, Paragraph, Span, units

BEGINNING = ""  # the letter of a paragraph's beginning
NO_ID = (-1, -1)


class Place(NamedTuple):
    """How many lists a paragraph stands in, and whether it is the one at the bullet."""

    level: int
    opens: bool


class Letter(NamedTuple):
    """A letter with its marks and its id, which is client id and clock; or the beginning of a paragraph with its place, and no id."""

    letter: str
    look: frozenset[str] | Place
    id: tuple[int, int]


def letters_of(blocks: Iterable[Block], level: int = 0, *, opens: bool = False) -> Iterator[Letter]:
    """Yield everything in some blocks; `level` and `opens` tell where the first of them stands."""
    for block in blocks:
        if isinstance(block, Paragraph):
            yield Letter(BEGINNING, Place(level, opens), NO_ID)
            for span in block.spans:
                yield from letters_in(span)
            opens = False
        else:
            for item in block.items:
                yield from letters_of(item, level + 1, opens=True)


def letters_in(span: Span) -> Iterator[Letter]:
    clock = span.clock
    for letter in span.text:
        yield Letter(letter, span.marks, (span.author, clock))
        clock += units(letter)
