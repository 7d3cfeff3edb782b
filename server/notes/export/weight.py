"""How much memory a dossier costs when it becomes a document, so that nobody's record takes the server down."""

from collections.abc import Iterable

from server.errors import TooBig
from server.notes.export.dossier import Dossier
from server.notes.prose import Block, Paragraph

# Measured with Typst: a letter of plain text takes about 200 bytes, and the rest so many times as much.
PART, PARAGRAPH, SPAN, ROW = 5_000, 100, 20, 500
MAX_WEIGHT = 3_000_000  # 700 MB at the worst: 330 notes of a page, or 600 pages of plain text


def check_weight(dossier: Dossier, *, more: int = 0) -> None:
    """Raise `TooBig` for what is, with so many letters more, over `MAX_WEIGHT`."""
    if weight(dossier) + more > MAX_WEIGHT:
        raise TooBig("This record is too long for one file. Please export its notes one by one.")


def weight(dossier: Dossier) -> int:
    """Return the weight in letters of plain text."""
    parts = [part for note in dossier.notes for part in note.parts]
    rows = sum(len(note.events) for note in dossier.notes) + sum(len(part.signatures) for part in parts)
    written = sum(_weight(blocks) for part in parts for blocks in part.prose.sections.values())
    return len(parts) * PART + rows * ROW + written


def _weight(blocks: Iterable[Block]) -> int:
    total = 0
    for block in blocks:
        if isinstance(block, Paragraph):
            total += PARAGRAPH + sum(SPAN + len(span.text) for span in block.spans)
        else:
            total += sum(_weight(item) for item in block.items)
    return total
