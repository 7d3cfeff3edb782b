"""What stands in a note, and whose letters they are, against what the library itself says of the same document."""

from collections.abc import Iterator
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pycrdt import Doc, StickyIndex, XmlElement, XmlFragment, XmlText

from server.core.keyring import Sealer
from server.notes import reading
from server.notes.chain import Broken, Chain, Row
from server.notes.document import Document, Saved, restore_at, snapshot_place, update_place
from server.notes.limits import MAX_NESTING, SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span
from server.notes.reading import read_prose, read_update
from server.notes.yproto import Bad
from tests.growth import growth
from tests.pure.prose_strategies import letters_of
from tests.pure.test_note_layout import SESSIONS, messages

pytestmark = pytest.mark.row("N6")

NOTE = 5
SEALER = Sealer(bytes(32))
NO_MARKS: frozenset[str] = frozenset()
BOLD = frozenset({"bold"})


def paragraphs_of(blocks: tuple[Block, ...]) -> Iterator[Paragraph]:
    for block in blocks:
        if isinstance(block, Paragraph):
            yield block
        else:
            yield from (found for item in block.items for found in paragraphs_of(item))


def texts_in(node: XmlFragment | XmlElement) -> Iterator[list[XmlText]]:
    """Yield the texts of each paragraph, as the library has them."""
    for child in node.children:
        if isinstance(child, XmlElement) and child.tag == "paragraph":
            yield [text for text in child.children if isinstance(text, XmlText)]
        elif isinstance(child, XmlElement):
            yield from texts_in(child)


def check_against_library(doc: Doc[XmlFragment], prose: Prose) -> None:
    """The letters and marks are those that the library shows, and each run's id is where the library finds that id."""
    for name in SECTIONS:
        texts = list(texts_in(doc.get(name, type=XmlFragment)))
        found = list(paragraphs_of(prose.sections[name]))
        assert [[run for text in one for run in shown_by(text)] for one in texts] == [by_letter(one.spans) for one in found]
        for one, paragraph in zip(texts, found, strict=True):
            assert [place_of(doc, span) for span in paragraph.spans] == places(paragraph.spans, one)


def shown_by(text: XmlText) -> list[tuple[str, frozenset[str]]]:
    return [(letter, frozenset(marks or ())) for letters, marks in text.diff() for letter in letters]


def by_letter(spans: tuple[Span, ...]) -> list[tuple[str, frozenset[str]]]:
    return [(letter, span.marks) for span in spans for letter in span.text]


def place_of(doc: Doc[XmlFragment], span: Span) -> int:
    with doc.transaction() as transaction:
        return StickyIndex.from_json({"item": {"client": span.author, "clock": span.clock}, "assoc": 0}).get_index(transaction)


def places(spans: tuple[Span, ...], texts: list[XmlText]) -> list[int]:
    """Return where each run begins in its own text, in bytes of UTF-8, as the library counts."""
    ends = list(accumulate(len(str_of(text).encode()) for text in texts))
    starts = [0, *ends]
    begins = accumulate((len(span.text.encode()) for span in spans), initial=0)
    return [begin - max(start for start in starts if start <= begin) for begin, _ in zip(begins, spans, strict=False)]


def str_of(text: XmlText) -> str:
    return "".join(letters for letters, _ in text.diff())


@pytest.mark.parametrize("session", SESSIONS, ids=range(len(SESSIONS)))
def test_what_real_editors_wrote(session: str) -> None:
    doc: Doc[XmlFragment] = Doc()
    for _, raw in messages(session):
        doc.apply_update(raw)
        check_against_library(doc, read_prose(doc))


class Tabs:
    """Three tabs that write into one paragraph and learn of each other now and then."""

    LETTERS = ("a", "bc ", "ß", "中", "😀", "e\u0301", "שלום", "👩🏽‍⚕️")

    def __init__(self) -> None:
        self.docs: list[Doc[XmlFragment]] = [Doc(client_id=client) for client in (7, 300, 2**32 - 1)]
        self.docs[0].get("plan", type=XmlFragment).children.append(XmlElement("paragraph")).children.append(XmlText("start"))
        self.meet()

    def meet(self) -> None:
        for source in self.docs:
            for other in self.docs:
                other.apply_update(source.get_update(other.get_state()))

    def act(self, who: int, what: str, where: float, letters: str) -> None:
        text = next(texts_in(self.docs[who].get("plan", type=XmlFragment)))[0]
        edges = [len(str_of(text)[:end].encode()) for end in range(len(str_of(text)) + 1)]
        start = edges[int(where * (len(edges) - 1))]
        end = next((edge for edge in edges if edge > start), start)
        if what == "write":
            text.insert(start, letters)
        elif what == "bold":
            text.format(start, edges[-1], {"bold": {}})
        elif what == "plain":
            text.format(start, end, {"bold": None})
        else:
            del text[start:end]


DEEDS = some.tuples(
    some.integers(0, 2),
    some.sampled_from(["write"] * 4 + ["bold", "plain", "delete", "meet"]),
    some.floats(0, 1),
    some.sampled_from(Tabs.LETTERS),
)


@given(deeds=some.lists(DEEDS, max_size=40))
@settings(max_examples=150, deadline=None)
def test_whose_letters_they_are(deeds: list[tuple[int, str, float, str]]) -> None:
    tabs = Tabs()
    for who, what, where, letters in deeds:
        if what == "meet":
            tabs.meet()
        else:
            tabs.act(who, what, where, letters)
    tabs.meet()
    read = [read_prose(doc) for doc in tabs.docs]
    assert read[0] == read[1] == read[2]
    check_against_library(tabs.docs[0], read[0])


def test_runs_join_where_their_clocks_go_on() -> None:
    tabs = Tabs()
    tabs.act(1, "write", 1, "😀")
    tabs.act(1, "write", 1, "b")
    tabs.meet()
    tabs.act(0, "bold", 0, "")
    tabs.act(0, "plain", 0, "")
    (paragraph,) = read_prose(tabs.docs[0]).sections["plan"]
    assert paragraph == Paragraph((Span("s", NO_MARKS, 7, 2), Span("tart", BOLD, 7, 3), Span("😀b", BOLD, 300, 0)))


def test_more_runs_than_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    tabs = Tabs()
    for turn in range(12):
        tabs.act(turn % 3, "write", 0.3 * turn % 1, "ß😀")
        tabs.meet()
    expected = read_prose(tabs.docs[0])
    runs = sum(len(paragraph.spans) for paragraph in paragraphs_of(expected.sections["plan"]))
    monkeypatch.setattr(reading, "SIGNS", 5)
    assert 5 < runs <= 25
    assert read_prose(tabs.docs[0]) == expected


def test_what_is_nested_too_deep_loses_its_lists_and_no_letter() -> None:
    depth = 2_000
    doc: Doc[XmlFragment] = Doc(client_id=7)
    with doc.transaction():
        parent: XmlFragment | XmlElement = doc.get("plan", type=XmlFragment)
        for number in range(depth):
            parent = parent.children.append(XmlElement("bulletList")).children.append(XmlElement("listItem"))
            parent.children.append(XmlElement("paragraph")).children.append(XmlText(f"{number} "))
    (block,) = read_prose(doc).sections["plan"]
    assert letters_of(block) == "".join(f"{number} " for number in range(depth))
    levels = 0
    while isinstance(block, Bullets):
        (item,) = block.items
        block, levels = item[-1], levels + 1
    assert levels == MAX_NESTING


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x01",
        b"\x01\x01\x4d\x00\x04\x01\x04plan\x01x\x00\x00",
        b"\x01\x03\x4d\x00\x07\x01\x04plan\x03\x09paragraph\x07\x00\x4d\x00\x06\x06\x00\x4d\x01\x04bold\x01{\x00",
    ],
)
def test_what_is_no_document_is_refused(raw: bytes) -> None:
    with pytest.raises(Bad):
        read_update(raw)


def test_an_update_that_is_not_a_document_s_own_is_not_misread() -> None:
    """Two letters left of a run of three would be told as all three."""
    run = b"\x01\x03\x4d\x00\x07\x01\x04plan\x03\x09paragraph\x07\x00\x4d\x00\x06\x04\x00\x4d\x01\x03abc"
    assert letters_of(read_update(run + b"\x00").sections["plan"][0]) == "abc"
    partly = run + b"\x01\x4d\x01\x03\x01"
    with pytest.raises(Bad, match="run"):
        read_update(partly)
    doc: Doc[XmlFragment] = Doc()
    doc.apply_update(partly)
    assert letters_of(read_prose(doc).sections["plan"][0]) == "ac"


def log_of(session: str) -> list[Row]:
    chain = Chain(NOTE)
    return [sealed_row(chain, number, raw) for number, (_, raw) in enumerate(messages(session))]


def sealed_row(chain: Chain, number: int, raw: bytes) -> Row:
    return chain.link(1, 1_000 + number, SEALER.seal(raw, update_place(NOTE, chain.seq + 1)))


def saved_of(rows: list[Row], packed: bytes | None = None, seq: int = 0) -> Saved:
    sealed = SEALER.seal(packed, snapshot_place(NOTE, seq)) if packed else None
    return Saved(NOTE, seq, sealed, rows, SEALER)


def test_the_text_as_it_was() -> None:
    rows = log_of(SESSIONS[1])
    live = Document()._doc
    middle = restore_at(saved_of(rows[:40]), 40)
    packed = middle.pack()
    for row in rows:
        live.apply_update(SEALER.open(row.payload, update_place(NOTE, row.seq)))
        before = [saved_of(rows)] + ([saved_of(rows[39:], packed, 40)] if row.seq >= 40 else [])
        for saved in before:
            assert read_prose(live) == restore_at(saved, row.seq).prose()
    assert restore_at(saved_of(rows), 0).prose().empty


def test_no_way_to_a_row() -> None:
    rows = log_of(SESSIONS[0])
    packed = restore_at(saved_of(rows), len(rows)).pack()
    for saved, seq in [(saved_of(rows), len(rows) + 1), (saved_of(rows[-1:], packed, len(rows)), 3)]:
        with pytest.raises(Broken):
            restore_at(saved, seq)


def doc_of_words(words: int) -> Doc[XmlFragment]:
    """A paragraph that was typed here and there, so that none of its words stands beside the one that was typed before."""
    doc: Doc[XmlFragment] = Doc(client_id=7)
    text = XmlText()
    doc.get("plan", type=XmlFragment).children.append(XmlElement("paragraph")).children.append(text)
    for turn in range(words):
        text.insert(turn * 997 % (len(text) + 1), "word ")
    return doc


def test_reading_a_long_note_takes_no_longer_than_its_length() -> None:
    docs = {words: doc_of_words(words) for words in (1_000, 4_000)}
    (paragraph,) = paragraphs_of(read_prose(docs[4_000]).sections["plan"])
    assert sum(len(span.text) for span in paragraph.spans) == 20_000
    assert growth(lambda words: read_prose(docs[words]), 1_000) < 9
