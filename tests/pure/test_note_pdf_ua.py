"""What PDF/UA-1 asks of an exported PDF, read out of the file itself: Typst promises it, and here somebody else looks."""

import io
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import pypdf
import pytest
from pypdf.generic import ContentStream

from server.notes.export.pdf import make_pdf
from server.web.i18n import Languages
from tests.dossiers import NOTES, dossier

pytestmark = pytest.mark.row("N9")

STANDARD = {
    "/Document", "/Part", "/Sect", "/Div", "/P", "/H1", "/H2", "/H3", "/H4", "/H5", "/H6", "/L", "/LI", "/Lbl", "/LBody", "/Table",
    "/THead", "/TBody", "/TR", "/TH", "/TD",
    "/Span", "/Link", "/Figure", "/Caption", "/TOC", "/TOCI", "/NonStruct", "/Reference", "/Code", "/Quote",
    "/BlockQuote", "/Note",
}  # fmt: skip
MARKS = {b"Tj", b"TJ", b"'", b'"', b"S", b"s", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"Do", b"sh", b"EI"}
INSIDE = {"/LI": {"/L"}, "/LBody": {"/LI"}, "/Lbl": {"/LI", "/Note"}, "/TR": {"/Table", "/THead", "/TBody", "/TFoot"},
          "/TD": {"/TR"}, "/TH": {"/TR"}, "/TOCI": {"/TOC"}}  # fmt: skip


def whole_record() -> bytes:
    return make_pdf(dossier(*NOTES.values()), Languages([]).choose(None, ""), whole=True)


def one_note() -> bytes:
    return make_pdf(dossier(NOTES["amended"]), Languages([]).choose(None, ""), whole=False)


@pytest.fixture(scope="module", params=[one_note, whole_record], ids=["note", "record"])
def reader(request: pytest.FixtureRequest) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(request.param()))


def pages(reader: pypdf.PdfReader) -> list[Any]:
    """Return the pages, whose entries have no types."""
    return list(reader.pages)


def elements(reader: pypdf.PdfReader) -> Iterator[tuple[str, Any, str]]:
    """Yield each element of the structure with its standard name and that of its parent, in the order of reading."""
    tree: Any = reader.trailer["/Root"]
    tree = tree["/StructTreeRoot"]
    roles = {name: str(role) for name, role in tree.get("/RoleMap", {}).items()}

    def walk(kids: Any, parent: str) -> Iterator[tuple[str, Any, str]]:
        kids = kids.get_object() if hasattr(kids, "get_object") else kids
        for kid in kids if isinstance(kids, list) else [kids]:
            element = kid.get_object() if hasattr(kid, "get_object") else kid
            if isinstance(element, dict) and "/S" in element:
                name = roles.get(element["/S"], str(element["/S"]))
                yield name, element, parent
                yield from walk(element.get("/K", []), name)

    return walk(tree["/K"], "")


def marked(operations: Iterable[tuple[Any, bytes]]) -> tuple[list[int], list[bytes]]:
    """Return the numbers of the pieces of content that the structure knows, and what is painted in no piece and is no decoration."""
    stack: list[bool] = []
    numbers, loose = [], []
    for operands, operator in operations:
        if operator in {b"BDC", b"BMC"}:
            number = operands[1].get("/MCID") if operator == b"BDC" and isinstance(operands[1], dict) else None
            numbers += [] if number is None else [int(number)]
            stack.append(number is not None or operands[0] == "/Artifact")
        elif operator == b"EMC":
            stack.pop()
        elif operator in MARKS and not any(stack):
            loose.append(operator)
    assert stack == []
    return numbers, loose


def parents(reader: pypdf.PdfReader) -> dict[int, Any]:
    """Return the tree that leads from a page's content back to the structure."""
    found: dict[int, Any] = {}
    root: Any = reader.trailer["/Root"]
    waiting = [root["/StructTreeRoot"]["/ParentTree"]]
    while waiting:
        node = waiting.pop().get_object()
        waiting += node.get("/Kids", [])
        listed = node.get("/Nums", [])
        found |= {int(key): value.get_object() for key, value in zip(listed[::2], listed[1::2], strict=True)}
    return found


def attributes(element: Any) -> dict[str, Any]:
    given = element.get("/A", [])
    given = given.get_object() if hasattr(given, "get_object") else given
    return {name: value for one in (given if isinstance(given, list) else [given]) for name, value in one.get_object().items()}


def test_the_document_says_what_it_is(reader: pypdf.PdfReader) -> None:
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert not root["/MarkInfo"]["/Suspects"].value
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert root["/Lang"] == "en-GB"
    assert reader.metadata is not None
    assert reader.metadata.title
    xmp: Any = reader.xmp_metadata
    assert xmp.dc_title["x-default"] == reader.metadata.title


def test_everything_that_is_painted_is_content_or_decoration(reader: pypdf.PdfReader) -> None:
    back = parents(reader)
    for page in pages(reader):
        numbers, loose = marked(ContentStream(page.get_contents(), reader).operations)
        assert loose == []
        assert numbers == sorted(set(numbers))
        known = back[page["/StructParents"]]
        assert all("/S" in known[number].get_object() for number in numbers)


def test_the_structure_is_of_standard_elements_in_their_places(reader: pypdf.PdfReader) -> None:
    named = [(name, parent) for name, _, parent in elements(reader)]
    assert {name for name, _ in named} - STANDARD == set()
    assert [pair for pair in named if pair[0] in INSIDE and pair[1] not in INSIDE[pair[0]]] == []


def test_headings_skip_no_level(reader: pypdf.PdfReader) -> None:
    levels = [int(name[2]) for name, _, _ in elements(reader) if name[:2] == "/H" and name[2:].isdigit()]
    assert levels[0] == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_tables_tell_what_their_heads_head(reader: pypdf.PdfReader) -> None:
    heads = [element for name, element, _ in elements(reader) if name == "/TH"]
    assert heads
    assert {str(attributes(head).get("/Scope")) for head in heads} <= {"/Column", "/Row", "/Both"}


def test_figures_and_links_have_words(reader: pypdf.PdfReader) -> None:
    assert [element for name, element, _ in elements(reader) if name == "/Figure" and not element.get("/Alt")] == []
    notes = [(page, note.get_object()) for page in pages(reader) for note in page.get("/Annots", [])]
    assert [note for _, note in notes if note["/Subtype"] == "/Link" and not (note.get("/Contents") and "/StructParent" in note)] == []
    assert [page for page, _ in notes if page.get("/Tabs") != "/S"] == []


def test_letters_can_be_shown_and_read_anywhere(reader: pypdf.PdfReader) -> None:
    fonts = [font.get_object() for page in pages(reader) for font in page["/Resources"]["/Font"].values()]
    inner = [font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font for font in fonts]
    assert [font["/BaseFont"] for font in inner if not {"/FontFile2", "/FontFile3"} & font["/FontDescriptor"].keys()] == []
    assert [font["/BaseFont"] for font in fonts if "/ToUnicode" not in font] == []


def test_the_reading_here_would_find_a_fault() -> None:
    """Text outside of every piece, and text in a piece that nothing numbers."""
    piece = ["/P", {"/MCID": 0}]
    assert marked([(piece, b"BDC"), ([], b"Tj"), ([], b"EMC")]) == ([0], [])
    assert marked([(["/Artifact"], b"BMC"), ([], b"Tj"), ([], b"EMC")]) == ([], [])
    assert marked([([], b"Tj"), (["/P"], b"BMC"), ([], b"TJ"), ([], b"EMC")]) == ([], [b"Tj", b"TJ"])
