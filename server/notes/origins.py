"""Who first wrote a letter that an editor wrote anew.

Whoever breaks a colleague's paragraph, or makes a list of it, deletes letters and inserts the same ones in one update, under their own
id: the document then calls them the author. The log still shows whose letters they were. Nobody can put words into a colleague's mouth
this way: only words that the same update took away count, in the order in which they stood.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pycrdt import Doc, XmlFragment

from server.notes.alike import alike
from server.notes.letters import Letter, letters_in, letters_of
from server.notes.limits import SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span, joined
from server.notes.reading import read_prose, written_by
from server.notes.ypieces import Id, Touched

Ranges = Mapping[int, Sequence[tuple[int, int]]]
Origins = Mapping[Id, Id]
"""From the id of a letter that was written anew to the id that it had at first."""


def trace_origins(updates: Iterable[bytes]) -> dict[Id, Id]:
    """Follow a whole log from its first row; raises `Bad`.

    Each update that takes away letters and brings the like costs two readings of the text as it was, so this belongs in a thread.
    """
    doc: Doc[XmlFragment] = Doc()
    known: dict[Id, str] = {}
    origins: dict[Id, Id] = {}
    for update in updates:
        touched, letters = written_by(update)
        known |= letters
        if not _may_rewrite(touched, letters, known):
            doc.apply_update(update)
            continue
        before = read_prose(doc)
        doc.apply_update(update)
        for old, new in _rewritten(before, read_prose(doc), touched):
            origins[new] = origins.get(old, old)
    return origins


def by_origin(prose: Prose, origins: Origins) -> Prose:
    """Return the text with each letter under the id, and so the author, that it had at first."""
    return Prose({name: tuple(_block(block, origins) for block in blocks) for name, blocks in prose.sections.items()})


def _may_rewrite(touched: Touched, letters: Mapping[Id, str], known: Mapping[Id, str]) -> bool:
    """Whether the update inserts a letter like one that it deletes."""
    inserted = set(letters.values())
    ranges = ((client, clocks) for client, found in touched.deletes.items() for clocks in found)
    return bool(inserted) and any(known.get((client, clock)) in inserted for client, clocks in ranges for clock in range(*clocks))


def _rewritten(before: Prose, after: Prose, touched: Touched) -> Iterator[tuple[Id, Id]]:
    """Yield the old and the new id of each letter of a word that one update deleted and inserted, in the same order."""
    inserted = {client: [clocks] for client, clocks in touched.structs.items()}
    for name in SECTIONS:
        old = _among(before.sections[name], touched.deletes)
        new = _among(after.sections[name], inserted)
        pairs = alike([letter.letter for letter in old], [letter.letter for letter in new])
        yield from ((old[here].id, new[there].id) for here, there in pairs)


def _among(blocks: Iterable[Block], ranges: Ranges) -> list[Letter]:
    return [letter for letter in letters_of(blocks) if any(start <= letter.id[1] < end for start, end in ranges.get(letter.id[0], ()))]


def _block(block: Block, origins: Origins) -> Block:
    if isinstance(block, Bullets):
        return Bullets(tuple(tuple(_block(inner, origins) for inner in item) for item in block.items))
    return Paragraph(joined(found for span in block.spans for found in _spans(span, origins)))


def _spans(span: Span, origins: Origins) -> Iterator[Span]:
    for letter in letters_in(span):
        author, clock = origins.get(letter.id, letter.id)
        yield Span(letter.letter, span.marks, author, clock)
