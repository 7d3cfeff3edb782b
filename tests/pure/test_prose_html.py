"""A note as HTML: what is in the allow-list, and nothing that somebody wrote."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.notes.prose import Block, Bullets, Paragraph, Prose, Span, shown
from server.notes.prose_html import COLOURS, Writer, Writers, html_by_writer, html_of
from tests.pure.prose_strategies import HOSTILE, PROSES, items, letters_of, paragraph

pytestmark = pytest.mark.row("N6")

TAGS = {"p", "ul", "li", "strong", "em"}
BY_WRITER = TAGS | {"span"}
WRITERS = Writers({1: 0, 2: 1, 3: 1, 9: 8}, [Writer(f"Dr {name}", name[0]) for name in "ABCDEFGHI"], Writer("The signed text", "+"))
NAMED = Writers({}, [], Writer('"><script>\x00', "<&\"'"))
Attributes = dict[str, str | None]


class Page(HTMLParser):
    """Collects what a browser would find; `unseen` letters are those that are for screen readers."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text, self.unseen, self._open = "", "", list[Attributes]()
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._open.append(dict(attrs))

    def handle_endtag(self, _: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if any(attributes.get("class") == "unseen" for attributes in self._open):
            self.unseen += data
        else:
            self.text += data

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    handle_comment = handle_pi = unknown_decl = handle_decl


def by_writer(blocks: tuple[Block, ...]) -> str:
    return html_by_writer(blocks, WRITERS)


def as_xml(html: str) -> ET.Element:
    return ET.fromstring(f'<div xmlns="http://www.w3.org/1999/xhtml">{html}</div>')


@pytest.mark.parametrize(("render", "tags"), [(html_of, TAGS), (by_writer, BY_WRITER)])
@given(prose=PROSES)
def test_only_what_is_allowed_and_exactly_the_text(render: Callable[..., str], tags: set[str], prose: Prose) -> None:
    for blocks in prose.sections.values():
        html = render(blocks)
        page = Page(html)
        assert set(page.tags) <= tags
        assert {name for name, _ in page.attributes} <= {"dir", "class", "data-by"}
        assert page.text == shown("".join(map(letters_of, blocks)))
        assert "".join(as_xml(html).itertext()) == page.text if render is html_of else as_xml(html) is not None


@pytest.mark.row("N9")
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("render", [html_of, by_writer])
def test_bad_35_what_is_written_is_never_markup(text: str, render: Callable[..., str]) -> None:
    page = Page(render((paragraph(text), items(paragraph(text)))))
    assert set(page.tags) <= BY_WRITER
    assert page.text == shown(text) * 2
    assert not any(ord(letter) < 32 and letter not in "\t\n" for letter in page.text)


@given(text=some.text(some.characters(codec=None)))
def test_control_signs_and_half_characters_do_not_get_out(text: str) -> None:
    html = html_of((paragraph(text),))
    assert len(Page(html).text) == len(text)
    assert as_xml(html) is not None
    assert html.encode("utf-8")


def test_names_are_never_markup_either() -> None:
    html = html_by_writer((paragraph("x"),), NAMED)
    page = Page(html)
    assert page.tags == ["p", "span", "span"]
    assert ("data-by", "<&\"'") in page.attributes
    assert page.unseen == '"><script>\ufffd: '
    assert as_xml(html) is not None


def test_marks_and_lists() -> None:
    bold, both = frozenset({"bold"}), frozenset({"bold", "italic"})
    marked = Paragraph((Span("a", bold, 1, 0), Span("b", bold, 2, 0), Span("c", both, 1, 1), Span(" <d>", frozenset({"italic"}), 1, 2)))
    nested = Bullets(((paragraph("one"), paragraph("more"), items(paragraph("deep"))), (Bullets(()), paragraph("last"))))
    assert html_of((marked, nested, Bullets(()))) == (
        '<p dir="auto"><strong>ab</strong><strong><em>c</em></strong><em> &lt;d&gt;</em></p>'
        '<ul><li dir="auto"><p>one</p><p dir="auto">more</p><ul><li dir="auto"><p>deep</p></li></ul></li>'
        '<li dir="auto"><p dir="auto">last</p></li></ul>'
    )


def test_who_wrote_what() -> None:
    """Several tabs of one person are one person; a paragraph begins with its writer; colours begin again, initials do not."""
    bold = frozenset({"bold"})
    written = (Span("a", bold, 2, 0), Span("b", frozenset(), 3, 0), Span("c", frozenset(), 9, 0), Span("d", frozenset(), 77, 0))
    html = html_by_writer((Paragraph(written), Paragraph(written[3:])), WRITERS)
    assert html == (
        '<p dir="auto"><span class="by by-1" data-by="B"><span class="unseen">Dr B: </span><strong>a</strong>b</span>'
        f'<span class="by by-{8 % COLOURS}" data-by="I"><span class="unseen">Dr I: </span>c</span>'
        '<span class="by" data-by="+"><span class="unseen">The signed text: </span>d</span></p>'
        '<p dir="auto"><span class="by" data-by="+"><span class="unseen">The signed text: </span>d</span></p>'
    )


def test_there_are_as_many_colours_as_carets() -> None:
    carets = (Path(__file__).parents[2] / "static/src/notes/carets.ts").read_text()
    assert f"const COLOURS = {COLOURS};" in carets
