"""Templates as text: lines become blocks, placeholders become facts, and what is unknown stays visible."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.notes.limits import SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Span
from server.notes.prose_nodes import nodes_of
from server.notes.templates import EXAMPLES, SHORTCUT, SOAP_SECTIONS, blocks_of, filled, packed, plain_of, unpacked

pytestmark = pytest.mark.row("N7")


def said(block: Block) -> object:
    if isinstance(block, Paragraph):
        return "".join(span.text for span in block.spans)
    return [said(item[0]) for item in block.items]


def test_each_line_is_a_paragraph_and_a_dash_an_item() -> None:
    text = "Impression:\n- tension headache\n-  poor sleep \n\n- a second list?\nAll well-known - really"
    assert [said(block) for block in blocks_of(text)] == [
        "Impression:", ["tension headache", "poor sleep"], ["a second list?"], "All well-known - really",
    ]  # fmt: skip


def test_an_item_may_still_be_empty_and_a_blank_text_has_no_blocks() -> None:
    assert [said(block) for block in blocks_of("-\n- ")] == [["", ""]]
    assert blocks_of(" \n\n\t") == ()


def test_a_number_below_zero_is_no_item() -> None:
    assert [said(block) for block in blocks_of("-2 dioptres")] == ["-2 dioptres"]


def test_known_words_in_braces_are_filled_and_others_stay() -> None:
    text = "{patient.name} and {professional.name}, {nothing} {team} {} {Date} {{date}}"
    values = {"patient.name": "Dana {date}", "professional.name": "Dr Alice Ahmed", "date": "2 March 2026"}
    assert filled(text, values) == "Dana {date} and Dr Alice Ahmed, {nothing} {team} {} {Date} {2 March 2026}"


def test_every_placeholder_has_an_example() -> None:
    assert not re.search(r"[{}]", filled(" ".join(f"{{{name}}}" for name in EXAMPLES), EXAMPLES))
    assert {"patient.name", "professional.name", "date", "time", "practice.name", "team"} == EXAMPLES.keys()


def test_the_built_in_template_fills_every_section() -> None:
    assert tuple(SOAP_SECTIONS) == SECTIONS
    assert all(blocks_of(text) for text in SOAP_SECTIONS.values())


@given(st.dictionaries(st.sampled_from((*SECTIONS, "another")), st.text()))
def test_what_is_stored_comes_back(sections: dict[str, str]) -> None:
    kept = unpacked(packed(sections))
    assert kept == plain_of(sections)
    assert packed(kept) == packed(sections)
    assert set(kept) <= set(SECTIONS)
    assert all(kept.values())


@given(st.text())
def test_nothing_but_blanks_is_dropped(text: str) -> None:
    words = "".join(str(said(block)) for block in blocks_of(text) if isinstance(block, Paragraph))
    items = [said(item[0]) for block in blocks_of(text) if isinstance(block, Bullets) for item in block.items]
    letters = len("".join(text.split()))
    assert len("".join(words.split())) + len("".join("".join(map(str, items)).split())) + len(items) == letters


def test_nodes_keep_marks_and_nested_lists() -> None:
    bold, plain = frozenset({"bold"}), frozenset[str]()
    spans = (Span("Se", bold, 1, 0), Span("vere", bold, 2, 0), Span(" pain", plain, 1, 2))
    inner = Bullets(((Paragraph((Span("at night", frozenset({"italic", "odd"}), 1, 9),)),),))
    assert nodes_of((Paragraph(spans), Bullets(((inner,),)), Paragraph(()))) == [
        {
            "type": "paragraph",
            "content": [{"type": "text", "text": "Severe", "marks": [{"type": "bold"}]}, {"type": "text", "text": " pain"}],
        },
        {
            "type": "bulletList",
            "content": [
                {
                    "type": "listItem",
                    "content": [
                        {"type": "paragraph"},
                        {
                            "type": "bulletList",
                            "content": [
                                {
                                    "type": "listItem",
                                    "content": [
                                        {
                                            "type": "paragraph",
                                            "content": [{"type": "text", "text": "at night", "marks": [{"type": "italic"}]}],
                                        }
                                    ],
                                }
                            ],
                        },
                    ],
                }
            ],
        },
        {"type": "paragraph"},
    ]


@pytest.mark.parametrize("shortcut", ["bp", "BP", "größe", "7", "x" * 20])
def test_letters_and_digits_are_a_shortcut(shortcut: str) -> None:
    assert re.search(SHORTCUT, shortcut)


@pytest.mark.parametrize("shortcut", ["", "a b", ";bp", "a_b", "a-b", "x" * 21, "a."])
def test_anything_else_is_none(shortcut: str) -> None:
    assert not re.search(SHORTCUT, shortcut)
