"""The first update of a document that begins with a text: an amendment of a signed note, or a template.

It is made once, on the server, and stored as the first row of the log: two copies that were seeded apart would show everything twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from server.notes.limits import MARKS, SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span

Parent = XmlFragment | XmlElement


def seed_update(prose: Prose, client_id: int) -> bytes:
    """Return one update that builds this text in an empty document, all of it under the one client id, as the editor would build it."""
    doc: Doc[XmlFragment] = Doc(client_id=client_id)
    with doc.transaction():
        for name in SECTIONS:
            _add(doc.get(name, type=XmlFragment), well_formed(prose.sections.get(name, ())))
    return doc.get_update()


def well_formed(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return the blocks as the editor's schema wants them: no list without items, and a paragraph at the beginning of each item.

    Changes that met can leave other things in a document, and an editor deletes, with the text in it, what does not fit.
    """
    return tuple(_well_formed(blocks))


def _well_formed(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Paragraph):
            yield block
        elif block.items:
            yield Bullets(tuple(_item(well_formed(item)) for item in block.items))


def _item(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    return blocks if blocks and isinstance(blocks[0], Paragraph) else (Paragraph(()), *blocks)


def _add(parent: Parent, blocks: Iterable[Block]) -> None:
    for block in blocks:
        if isinstance(block, Paragraph):
            _write(_append(parent, "paragraph"), block.spans)
        else:
            bullets = _append(parent, "bulletList")
            for item in block.items:
                _add(_append(bullets, "listItem"), item)


def _append(parent: Parent, tag: str) -> XmlElement:
    return parent.children.append(XmlElement(tag))


def _write(paragraph: XmlElement, spans: Sequence[Span]) -> None:
    """Write letters in a text of their own, and then their marks; a paragraph without letters has none."""
    letters = "".join(span.text for span in spans)
    if not letters:
        return
    text = paragraph.children.append(XmlText(letters))
    for mark in MARKS:
        start = 0
        for marked, same in groupby(spans, lambda span: mark in span.marks):  # noqa: B023 - used up before the next mark
            end = start + sum(len(span.text.encode()) for span in same)  # the library counts bytes here
            if marked:
                text.format(start, end, {mark: {}})
            start = end
