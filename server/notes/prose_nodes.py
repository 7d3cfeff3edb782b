"""The text of a section as the browser's editor takes it: a list of its own nodes, so that nobody makes them out of HTML."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from server.notes.limits import MARKS
from server.notes.prose import Block, Bullets, Paragraph, Span, shown
from server.notes.seeding import well_formed

Node = dict[str, Any]


def nodes_of(blocks: Iterable[Block]) -> list[Node]:
    """Return paragraphs and lists as the editor's schema wants them, without whose letters they were."""
    return [_node(block) for block in well_formed(blocks)]


def _node(block: Block) -> Node:
    if isinstance(block, Bullets):
        return {"type": "bulletList", "content": [_item(item) for item in block.items]}
    return _paragraph(block)


def _item(blocks: Sequence[Block]) -> Node:
    return {"type": "listItem", "content": [_node(block) for block in blocks]}


def _paragraph(paragraph: Paragraph) -> Node:
    texts = [_text(same, marks) for marks, same in groupby(paragraph.spans, lambda span: span.marks)]
    return {"type": "paragraph", "content": texts} if texts else {"type": "paragraph"}


def _text(spans: Iterable[Span], marks: frozenset[str]) -> Node:
    node: Node = {"type": "text", "text": shown("".join(span.text for span in spans))}
    kept = [{"type": mark} for mark in MARKS if mark in marks]
    return {**node, "marks": kept} if kept else node
