"""Texts of notes for properties: well-formed as an editor leaves them, with letters of every kind."""

from hypothesis import strategies as some

from server.notes.limits import MARKS, MAX_CLIENT_ID, MAX_CLOCK, SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt; &amp;", "]]><!--", "\u202eevil\u202c", "a\x00b\x1b[31m\x7f",
    "line\nPlan\n\nline", "\r\n\u2028\u2029\x85", "😀👩🏽‍⚕️\U0001d518", "e\u0301\u0323", "שלום مرحبا", "\ufffe\uffff", "=cmd|' /C calc'!A0",
    "- x",
)  # fmt: skip
MARKED = some.frozensets(some.sampled_from(MARKS))
LETTERS = some.one_of(some.text(some.characters(exclude_categories=["Cs"]), min_size=1, max_size=8), some.sampled_from(HOSTILE))
SPANS = some.builds(Span, LETTERS, MARKED, some.integers(0, MAX_CLIENT_ID - 1), some.integers(0, MAX_CLOCK - 1))
PARAGRAPHS = some.builds(Paragraph, some.lists(SPANS, max_size=4).map(tuple))


def _lists(blocks: some.SearchStrategy[Block]) -> some.SearchStrategy[Block]:
    items = some.tuples(PARAGRAPHS, some.lists(blocks, max_size=2)).map(lambda item: (item[0], *item[1]))
    return some.builds(Bullets, some.lists(items, min_size=1, max_size=3).map(tuple))


BLOCKS: some.SearchStrategy[Block] = some.recursive(PARAGRAPHS, lambda inner: some.one_of(PARAGRAPHS, _lists(inner)), max_leaves=6)
SECTION = some.lists(BLOCKS, max_size=3).map(tuple)
PROSES = some.fixed_dictionaries(dict.fromkeys(SECTIONS, SECTION)).map(Prose)


def plain(text: str) -> Span:
    return Span(text, frozenset(), 1, 0)


def paragraph(*texts: str) -> Paragraph:
    return Paragraph(tuple(plain(text) for text in texts))


def items(*paragraphs: Paragraph) -> Bullets:
    return Bullets(tuple((one,) for one in paragraphs))


def letters_of(block: Block) -> str:
    """Return the letters of a block in order, without anything between paragraphs."""
    if isinstance(block, Paragraph):
        return "".join(span.text for span in block.spans)
    return "".join(letters_of(inner) for item in block.items for inner in item)
