"""The text of a note with its authors as compact JSON, for storing what was rendered."""

import json
from collections.abc import Mapping

from server.errors import Malformed
from server.notes.limits import MARKS, MAX_CLIENT_ID, MAX_CLOCK, MAX_NESTING, SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span

FORMAT = 1  # of what is written here; whoever changes it must go on reading the older ones
BITS = {name: 1 << bit for bit, name in enumerate(MARKS)}


def pack(prose: Prose) -> bytes:
    """Return `{"format": 1, "sections": {name: blocks}}`.

    A list is `{"items": [blocks]}`, a paragraph an array of `[text, marks, author, clock]` with a bit for each mark, as `MARKS` has them.
    """
    sections = {name: [_packed(block) for block in blocks] for name, blocks in prose.sections.items()}
    return json.dumps({"format": FORMAT, "sections": sections}, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(raw: bytes) -> Prose:
    """Read what `pack` wrote; raises `Malformed` with the code `prose` for everything else."""
    try:
        whole = json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise _refused("prose_json") from None
    if not isinstance(whole, dict) or whole.keys() != {"format", "sections"} or whole["format"] is True or whole["format"] != FORMAT:
        raise _refused("prose_format")
    sections = whole["sections"]
    if not isinstance(sections, dict) or not sections.keys() <= set(SECTIONS):
        raise _refused("prose_sections")
    return Prose({name: _blocks(blocks, MAX_NESTING) for name, blocks in sections.items()})


def _packed(block: Block) -> object:
    if isinstance(block, Bullets):
        return {"items": [[_packed(inner) for inner in item] for item in block.items]}
    return [[span.text, sum(BITS[mark] for mark in span.marks), span.author, span.clock] for span in block.spans]


def _blocks(found: object, depth: int) -> tuple[Block, ...]:
    return tuple(_block(block, depth) for block in _array(found))


def _block(found: object, depth: int) -> Block:
    if isinstance(found, Mapping):
        if found.keys() != {"items"} or not depth:
            raise _refused("prose_list")
        return Bullets(tuple(_blocks(item, depth - 1) for item in _array(found["items"])))
    return Paragraph(tuple(_span(span) for span in _array(found)))


def _span(found: object) -> Span:
    match found:
        case [str(text), int(marks), int(author), int(clock)] if _is_text(text) and _are_bounded(marks, author, clock):
            return Span(text, frozenset(name for name, bit in BITS.items() if marks & bit), author, clock)
    raise _refused("prose_run")


def _are_bounded(marks: int, author: int, clock: int) -> bool:
    return _is_number(marks, 1 << len(BITS)) and _is_number(author, MAX_CLIENT_ID) and _is_number(clock, MAX_CLOCK)


def _array(found: object) -> list[object]:
    if not isinstance(found, list):
        raise _refused("prose_array")
    return found


def _is_text(text: str) -> bool:
    """Whether it is whole: JSON can hold halves of characters, UTF-8 cannot."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_number(found: object, end: int) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and 0 <= found < end


def _refused(code: str) -> Malformed:
    """Say by its code what is wrong, and nothing of what stands there: it is somebody's health."""
    return Malformed("The stored text of a note cannot be read.", code=code)
