"""The text of a section as HTML, and, at a reader's wish, with a sign at every run of letters of who wrote it.

What comes out is XHTML at the same time, so it may stand in a page as well as in a FHIR narrative; a page gives it
`white-space: pre-wrap`.
Each block has a direction of its own, so signs that turn the direction of writing round end with it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import NamedTuple

from server.notes.prose import Block, Paragraph, Span, shown

TAGS = (("italic", "em"), ("bold", "strong"))  # from the inside to the outside
COLOURS = 6  # as many as the carets of the others have

Inline = Callable[[Sequence[Span]], str]


class Writer(NamedTuple):
    """Somebody who wrote in the note; `initials` stand beside their letters, so that nobody needs to tell colours apart."""

    name: str
    initials: str


@dataclass(frozen=True)
class Writers:
    """Who wrote under which client id: several tabs of one person lead to the same place in `people`."""

    by_client: Mapping[int, int]
    people: Sequence[Writer]
    others: Writer  # for letters under any other client id, as the text has that a note began with

    def of(self, author: int) -> tuple[Writer, str]:
        """Return who wrote under a client id, and the attributes that show it."""
        place = self.by_client.get(author)
        writer = self.others if place is None else self.people[place]
        colour = "" if place is None else f" by-{place % COLOURS}"
        return writer, f' class="by{colour}" data-by="{safe(writer.initials)}"'


def html_of(blocks: Iterable[Block]) -> str:
    """Return p, ul, li, strong and em, with everything else escaped."""
    return "".join(_block(block, styled) for block in blocks)


def html_by_writer(blocks: Iterable[Block], writers: Writers) -> str:
    """Return the same with each writer's letters in `<span class="by by-2" data-by="BB">`: 2 is the place in `people` modulo `COLOURS`.

    Styles show `data-by` beside the letters. A screen reader hears the name, which stands before them in a `span` of the class `unseen`.
    """

    def inline(spans: Sequence[Span]) -> str:
        runs = groupby(spans, lambda span: writers.by_client.get(span.author))
        return "".join(_run(list(same), writers) for _, same in runs)

    return "".join(_block(block, inline) for block in blocks)


def styled(spans: Sequence[Span]) -> str:
    """Return a run of letters with its marks."""
    return "".join(marked(text_of(same), marks) for marks, same in groupby(spans, lambda span: span.marks))


def text_of(spans: Iterable[Span]) -> str:
    return safe("".join(span.text for span in spans))


def safe(text: str) -> str:
    """Return a text for an element or for a quoted attribute."""
    return escape(shown(text))


def _block(block: Block, inline: Inline) -> str:
    if isinstance(block, Paragraph):
        return f'<p dir="auto">{inline(block.spans)}</p>'
    items = "".join(f'<li dir="auto">{_item(item, inline)}</li>' for item in block.items)
    return f"<ul>{items}</ul>" if items else ""


def _item(blocks: Iterable[Block], inline: Inline) -> str:
    """Leave the direction of its first paragraph to the item, whose bullet then stands on the right side."""
    return "".join(
        f"<p>{inline(block.spans)}</p>" if number == 0 and isinstance(block, Paragraph) else _block(block, inline)
        for number, block in enumerate(blocks)
    )


def marked(text: str, marks: frozenset[str]) -> str:
    for mark, tag in TAGS:
        if mark in marks:
            text = f"<{tag}>{text}</{tag}>"
    return text


def _run(spans: Sequence[Span], writers: Writers) -> str:
    writer, attributes = writers.of(spans[0].author)
    return f'<span{attributes}><span class="unseen">{safe(writer.name)}: </span>{styled(spans)}</span>'
