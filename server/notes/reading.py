"""What a document says, and whose letters they are.

The library tells letters and marks in order, but not whose they are; the bytes of the document tell whose they are, but not in which order.
So a copy is made in which every letter of a run is one and the same sign, which stands for that run; the library puts the signs in order.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from server.notes.letters import letters_in
from server.notes.limits import MAX_NESTING, SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span, joined
from server.notes.ypieces import Id, Touched, utf16
from server.notes.yproto import Bad, prefixed
from server.notes.ywalk import WHOLE, Walker

FIRST_SIGN, LAST_SIGN = 0x0800, 0xD7FF  # all of them one unit in UTF-16, and none half of a character
SIGNS = LAST_SIGN + 1 - FIRST_SIGN

Node = XmlFragment | XmlElement | XmlText
Same = tuple[Node, ...]
"""One node in each copy. A note with more runs than there are signs has two copies, for the low and for the high digit of their numbers."""


class _Run(NamedTuple):
    """Letters with consecutive clocks that stand side by side, at `start` to `end` of the document's bytes, length included."""

    author: int
    clock: int
    text: str
    units: int
    start: int
    end: int


class _Runs(Walker):
    def __init__(self, whole: bytes) -> None:
        super().__init__(whole, WHOLE)
        self.found: list[_Run] = []

    def _letters(self, client: int, clock: int) -> bytes:
        start = self._at
        text = super()._letters(client, clock)
        units = utf16(text)
        self.found.append(_Run(client, clock, text.decode(), units, start, self._at))
        return text


def read_prose(doc: Doc[XmlFragment]) -> Prose:
    """Read the document as it is now, without touching it; raises `Bad`."""
    return read_update(doc.get_update())


def read_update(whole: bytes) -> Prose:
    """Read a document from the update that it gives of itself; may run in any thread.

    Raises `Bad`, also for an update of which a run is deleted in part: in a document's own, letters that are gone are no letters any more.
    """
    walker = _Runs(whole)
    walker.walk()
    runs = walker.found
    copies = [_copy(_signed(whole, runs, 1))]
    if len(runs) > SIGNS:
        copies.append(_copy(_signed(whole, runs, SIGNS)))
    return Prose({name: tuple(_blocks(tuple(copy[name] for copy in copies), runs)) for name in SECTIONS})


def written_by(update: bytes) -> tuple[Touched, dict[Id, str]]:
    """Return what an update touches, and by their ids the letters that it inserts; raises `Bad`."""
    walker = _Runs(update)
    touched = walker.walk()
    spans = (Span(run.text, frozenset(), run.author, run.clock) for run in walker.found)
    return touched, {letter.id: letter.letter for span in spans for letter in letters_in(span)}


def _signed(whole: bytes, runs: Iterable[_Run], divisor: int) -> bytes:
    """Return the document with a digit of its number in place of every letter of a run."""
    parts: list[bytes] = []
    end = 0
    for number, run in enumerate(runs):
        sign = chr(FIRST_SIGN + number // divisor % SIGNS)
        parts += (whole[end : run.start], prefixed((sign * run.units).encode()))
        end = run.end
    return b"".join((*parts, whole[end:]))


def _copy(update: bytes) -> dict[str, XmlFragment]:
    doc: Doc[XmlFragment] = Doc()
    try:
        doc.apply_update(update)
    except ValueError:
        raise Bad("update") from None
    return {name: doc.get(name, type=XmlFragment) for name in SECTIONS}


def _children(node: Same) -> Iterator[Same]:
    return zip(*(one.children for one in node if not isinstance(one, XmlText)), strict=True)


def _blocks(node: Same, runs: Sequence[_Run], depth: int = 0) -> Iterator[Block]:
    """Yield the blocks of a section or of an item; what is nested too deep to be read as lists comes as paragraphs."""
    for child in _children(node):
        if _tag(child) == "paragraph":
            yield _paragraph(child, runs)
        elif depth < MAX_NESTING:
            yield Bullets(tuple(tuple(_blocks(item, runs, depth + 1)) for item in _children(child)))
        else:
            yield from (_paragraph(found, runs) for found in _paragraphs_in(child))


def _paragraphs_in(node: Same) -> Iterator[Same]:
    waiting = [node]
    while waiting:
        next_one = waiting.pop()
        if _tag(next_one) == "paragraph":
            yield next_one
        else:
            waiting += reversed(list(_children(next_one)))


def _tag(node: Same) -> str | None:
    first = node[0]
    return first.tag if isinstance(first, XmlElement) else None


def _paragraph(node: Same, runs: Sequence[_Run]) -> Paragraph:
    return Paragraph(joined(span for text in _children(node) for span in _spans(text, runs)))


def _spans(text: Same, runs: Sequence[_Run]) -> Iterator[Span]:
    for digits in zip(*(one.diff() for one in text if isinstance(one, XmlText)), strict=True):
        marks = frozenset(digits[0][1] or ())
        at, end = 0, len(digits[0][0])
        while at < end:
            number = sum((ord(signs[at]) - FIRST_SIGN) * SIGNS**power for power, (signs, _) in enumerate(digits))
            run = runs[number]
            if digits[0][0][at : at + run.units] != digits[0][0][at] * run.units:
                raise Bad("run")
            yield Span(run.text, marks, run.author, run.clock)
            at += run.units
