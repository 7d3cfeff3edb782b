"""Where pieces stand: everything that the real editor sends fits, and nothing that would keep it from opening the note."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.notes.document import Document
from server.notes.guard import Verdict, judge
from server.notes.layout import Layout, lay_out
from server.notes.ypieces import Touched
from server.notes.yproto import EMPTY_UPDATE, Bad, read_state_vector, write_varuint
from server.notes.ywalk import walk, walk_whole

pytestmark = pytest.mark.row("N1")

ALICE, BOB = 77, 78
A, B = write_varuint(ALICE), write_varuint(BOB)
SESSIONS = (Path(__file__).parent / "editor_sessions.txt").read_text().split("\n\n")
"""What three tabs with the real editor sent; made by static/test/editor-sessions.mjs."""

STRING, FORMAT, TYPE, ANY, DELETED, GC = b"\x04", b"\x06", b"\x07", b"\x08", b"\x01", b"\x00"
LEFT, RIGHT, KEY = 0x80, 0x40, 0x20
PLAN = b"\x01\x04plan"
PARAGRAPH, LIST, ITEM, TEXT = b"\x03\x09paragraph", b"\x03\x0abulletList", b"\x03\x08listItem", b"\x06"
BOLD = b"\x04bold\x02{}"
YES = b"\x01\x78"


def update(client: bytes, clock: int, *structs: bytes) -> bytes:
    return b"\x01" + bytes([len(structs)]) + client + bytes([clock]) + b"".join(structs) + b"\x00"


def after(item: bytes, kind: bytes) -> bytes:
    return bytes([LEFT | kind[0]]) + item


def before(item: bytes, kind: bytes) -> bytes:
    return bytes([RIGHT | kind[0]]) + item


def between(left: bytes, right: bytes, kind: bytes) -> bytes:
    return bytes([LEFT | RIGHT | kind[0]]) + left + right


def under(item: bytes, kind: bytes) -> bytes:
    return kind + b"\x00" + item


def attribute(item: bytes, kind: bytes = ANY) -> bytes:
    return bytes([KEY | kind[0]]) + b"\x00" + item + b"\x01k"


# Alice's note: 0 paragraph, 1 its text, 2 to 6 "ab😀c" (5 is half of the emoji), 7 bold, 8 another paragraph, 9 its text, 10 "d",
# 11 a list, 12 its item, 13 an attribute of the list, 14 a paragraph in the item.
HERS = update(
    A,
    0,
    TYPE + PLAN + PARAGRAPH,
    under(A + b"\x00", TYPE) + TEXT,
    under(A + b"\x01", STRING) + b"\x07ab\xf0\x9f\x98\x80c",
    after(A + b"\x06", FORMAT) + BOLD,
    after(A + b"\x00", TYPE) + PARAGRAPH,
    under(A + b"\x08", TYPE) + TEXT,
    under(A + b"\x09", STRING) + b"\x01d",
    after(A + b"\x08", TYPE) + LIST,
    under(A + b"\x0b", TYPE) + ITEM,
    attribute(A + b"\x0b") + YES,
    under(A + b"\x0c", TYPE) + PARAGRAPH,
)
FIRST_NODE, FIRST_TEXT, LETTER, EMOJI, HALF, BOLDNESS, NODE, OTHER_TEXT, OTHER_LETTER, A_LIST, AN_ITEM, VALUE = (
    A + bytes([clock]) for clock in (0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13)
)


def take(document: Document, author: int, raw: bytes) -> Touched:
    touched = walk(raw)
    assert judge(touched, author, document.clocks) is not Verdict.GAP
    document.apply(author, raw, touched)
    return touched


@pytest.fixture
def note() -> Document:
    document = Document()
    take(document, ALICE, HERS)
    return document


HONEST: dict[str, bytes] = {
    "a letter between two": update(B, 0, between(LETTER, A + b"\x03", STRING) + b"\x01x"),
    "a letter before the first": update(B, 0, before(LETTER, STRING) + b"\x01x"),
    "a letter after an emoji": update(B, 0, between(HALF, A + b"\x06", STRING) + b"\x01x"),
    "a letter before an emoji": update(B, 0, between(A + b"\x03", EMOJI, STRING) + b"\x01x"),
    "an emoji and a letter after it": update(
        B, 0, after(BOLDNESS, STRING) + b"\x04\xf0\x9f\x98\x81", after(B + b"\x01", STRING) + b"\x01x"
    ),
    "a paragraph between two": update(B, 0, between(FIRST_NODE, NODE, TYPE) + PARAGRAPH, under(B + b"\x00", TYPE) + TEXT),
    "a list in an item": update(B, 0, under(AN_ITEM, TYPE) + LIST, under(B + b"\x00", TYPE) + ITEM),
    "an attribute": update(B, 0, attribute(FIRST_NODE) + YES),
    "another value of an attribute": update(B, 0, after(VALUE, ANY) + YES),
    "something that was deleted at once": update(B, 0, DELETED + PLAN + b"\x03", under(FIRST_TEXT, DELETED) + b"\x02"),
    "garbage, and something after it": update(B, 0, GC + b"\x03", after(B + b"\x02", STRING) + b"\x01x"),
    "a letter in what was deleted": update(B, 0, DELETED + PLAN + b"\x01", under(B + b"\x00", STRING) + b"\x01x"),
    "an attribute of what was deleted": update(B, 0, DELETED + PLAN + b"\x01", attribute(B + b"\x00") + YES),
    "an emoji is deleted": b"\x00\x01" + A + b"\x01\x04\x02",
}

MISPLACED: dict[str, bytes] = {
    "a letter in a section": update(B, 0, STRING + PLAN + b"\x01x"),
    "a format in a section": update(B, 0, FORMAT + PLAN + BOLD),
    "a text in a section": update(B, 0, TYPE + PLAN + TEXT),
    "a list item in a section": update(B, 0, TYPE + PLAN + ITEM),
    "a letter after a paragraph": update(B, 0, after(FIRST_NODE, STRING) + b"\x01x"),
    "a letter before a paragraph": update(B, 0, before(FIRST_NODE, STRING) + b"\x01x"),
    "a letter in a paragraph": update(B, 0, under(FIRST_NODE, STRING) + b"\x01x"),
    "a letter after a text": update(B, 0, after(FIRST_TEXT, STRING) + b"\x01x"),
    "a letter after one's own paragraph": update(B, 0, TYPE + PLAN + PARAGRAPH, after(B + b"\x00", STRING) + b"\x01x"),
    "a letter in a letter": update(B, 0, under(LETTER, STRING) + b"\x01x"),
    "a letter as an attribute": update(B, 0, attribute(FIRST_NODE, STRING) + b"\x01x"),
    "a letter after an attribute": update(B, 0, after(VALUE, STRING) + b"\x01x"),
    "a text after an attribute": update(B, 0, after(VALUE, TYPE) + TEXT),
    "a paragraph in a paragraph": update(B, 0, under(FIRST_NODE, TYPE) + PARAGRAPH),
    "a paragraph in a text": update(B, 0, under(FIRST_TEXT, TYPE) + PARAGRAPH),
    "a paragraph in a list": update(B, 0, under(A_LIST, TYPE) + PARAGRAPH),
    "a text in an item": update(B, 0, under(AN_ITEM, TYPE) + TEXT),
    "a value in a section": update(B, 0, ANY + PLAN + YES),
    "a value in a text": update(B, 0, under(FIRST_TEXT, ANY) + YES),
    "a value after a letter": update(B, 0, after(LETTER, ANY) + YES),
    "a value in a paragraph": update(B, 0, under(FIRST_NODE, ANY) + YES),
    "an attribute of a text": update(B, 0, attribute(FIRST_TEXT) + YES),
    "an attribute of a letter": update(B, 0, attribute(LETTER) + YES),
    "between a letter and a paragraph": update(B, 0, between(LETTER, FIRST_NODE, STRING) + b"\x01x"),
    "between letters of two texts": update(B, 0, between(LETTER, OTHER_LETTER, STRING) + b"\x01x"),
    "the second piece of two": update(B, 0, after(LETTER, STRING) + b"\x01x", STRING + PLAN + b"\x01x"),
    "a letter in the middle of an emoji": update(B, 0, between(EMOJI, HALF, STRING) + b"\x01x"),
    "a letter after half an emoji": update(B, 0, after(EMOJI, STRING) + b"\x01x"),
    "a letter before half an emoji": update(B, 0, before(HALF, STRING) + b"\x01x"),
    "the first half of an emoji is deleted": b"\x00\x01" + A + b"\x01\x04\x01",
    "the second half of an emoji is deleted": b"\x00\x01" + A + b"\x01\x05\x01",
}


@pytest.mark.parametrize("raw", HONEST.values(), ids=HONEST.keys())
def test_what_an_editor_may_send(note: Document, raw: bytes) -> None:
    take(note, BOB, raw)
    assert read_state_vector(note.state_vector()) == note.clocks


@pytest.mark.parametrize("raw", MISPLACED.values(), ids=MISPLACED.keys())
def test_bad_41_a_piece_out_of_place_is_refused_and_leaves_nothing(note: Document, raw: bytes) -> None:
    """One of these, taken, and nobody's editor opens that section again: it throws on what it finds there."""
    whole = note.since(b"\x00")
    with pytest.raises(Bad):
        take(note, BOB, raw)
    assert note.since(b"\x00") == whole
    take(note, BOB, update(B, 0, after(LETTER, STRING) + b"\x01x"))
    assert note.clocks == {ALICE: 15, BOB: 1}


LIES: dict[str, tuple[bytes, bytes]] = {
    "a paragraph that is called a text": (
        update(B, 0, TYPE + PLAN + PARAGRAPH),
        update(B, 0, under(FIRST_NODE, TYPE) + TEXT, under(B + b"\x00", STRING) + b"\x01x"),
    ),
    "a letter that goes on from a paragraph": (
        update(B, 0, TYPE + PLAN + PARAGRAPH),
        update(B, 0, after(LETTER, STRING) + b"\x03xyz"),
    ),
    "a letter that goes on from another text": (
        update(B, 0, after(LETTER, STRING) + b"\x02xy"),
        update(B, 0, after(OTHER_LETTER, STRING) + b"\x03xyz"),
    ),
    "letters that go on from the middle of an emoji": (
        update(B, 0, after(LETTER, STRING) + b"\x03xyz"),
        update(B, 0, after(LETTER, STRING) + b"\x07xy\xf0\x9f\x98\x80!"),
    ),
    "letters of a paragraph that were said to be of another": (
        update(B, 0, TYPE + PLAN + PARAGRAPH),
        update(B, 0, after(LETTER, STRING) + b"\x01x", after(B + b"\x00", STRING) + b"\x01y"),
    ),
}


@pytest.mark.parametrize(("first", "lie"), LIES.values(), ids=LIES.keys())
def test_bad_41_what_is_known_is_not_told_anew(note: Document, first: bytes, lie: bytes) -> None:
    """The library keeps what it has for a clock, so what an update says of a known clock counts for nothing."""
    take(note, BOB, first)
    whole = note.since(b"\x00")
    with pytest.raises(Bad):
        take(note, BOB, lie)
    assert note.since(b"\x00") == whole
    assert lay_out(walk_whole(whole)).clocks == read_state_vector(note.state_vector()) == note.clocks


def test_what_is_known_in_part_goes_on(note: Document) -> None:
    """A tab that comes back may send a run of which the server has the beginning."""
    take(note, BOB, update(B, 0, after(LETTER, STRING) + b"\x02xy"))
    take(note, BOB, update(B, 0, after(LETTER, STRING) + b"\x04xyz!"))
    take(note, BOB, update(B, 0, GC + b"\x09"))
    assert note.clocks[BOB] == 9


def messages(session: str) -> Iterator[tuple[int, bytes]]:
    for line in session.splitlines():
        author, raw = line.split(" ")
        if bytes.fromhex(raw) != EMPTY_UPDATE:
            yield int(author), bytes.fromhex(raw)


def kinds(layout: Layout) -> dict[tuple[int, int], str]:
    return {(client, clock): layout._trails[client].at(clock).stands.kind for client, end in layout.clocks.items() for clock in range(end)}


@pytest.mark.parametrize("session", SESSIONS, ids=range(len(SESSIONS)))
def test_everything_that_the_real_editor_sends_fits(session: str) -> None:
    """Also when the note was let go and read again in between: then what was deleted for good stands nowhere."""
    document = Document()
    for author, raw in messages(session):
        take(document, author, raw)
        again = lay_out(walk_whole(document.since(b"\x00")))
        assert again.clocks == document.clocks == read_state_vector(document.state_vector())
        places = kinds(document._layout)
        assert all(kind in {places[item], "#garbage"} for item, kind in kinds(again).items())
        document._layout = again


def test_a_document_that_hangs_on_nothing_is_not_laid_out() -> None:
    with pytest.raises(Bad, match="layout"):
        lay_out(walk_whole(update(B, 0, after(LETTER, STRING) + b"\x01x")))


def test_a_document_that_hangs_on_itself_is_not_laid_out() -> None:
    mine, hers = after(A + b"\x00", STRING) + b"\x01x", after(B + b"\x00", STRING) + b"\x01x"
    with pytest.raises(Bad, match="layout"):
        lay_out(walk_whole(b"\x02\x01" + B + b"\x00" + mine + b"\x01" + A + b"\x00" + hers + b"\x00"))
