"""A note as plain text."""

import pytest
from hypothesis import given

from server.notes.limits import SECTIONS
from server.notes.prose import Bullets, Paragraph, Prose
from server.notes.prose_text import plain_text
from tests.pure.prose_strategies import HOSTILE, PROSES, items, letters_of, paragraph

pytestmark = pytest.mark.row("N9")

TITLES = {"subjective": "Subjective", "objective": "Objective", "assessment": "Assessment", "plan": "Plan"}
NESTED = Bullets(
    (
        (paragraph("one"), paragraph("more of one"), items(paragraph("one and a half"), paragraph("deeper"))),
        (paragraph("two"),),
        (Bullets(((paragraph("only nested"),),)),),
        (paragraph(),),
    )
)
EXAMPLE = Prose({"subjective": (paragraph("He ", "said."), paragraph(), paragraph("Then.")), "plan": (NESTED, paragraph("end"))})


def test_all_sections() -> None:
    assert plain_text(EXAMPLE, TITLES) == (
        "Subjective\nHe said.\nThen.\n\n"
        "Objective\n\u2013\n\n"
        "Assessment\n\u2013\n\n"
        "Plan\n- one\n  more of one\n  - one and a half\n  - deeper\n- two\n- - only nested\nend\n"
    )


def test_without_empty_sections() -> None:
    text = plain_text(EXAMPLE, TITLES, with_empty=False)
    assert [line for line in text.splitlines() if line in TITLES.values()] == ["Subjective", "Plan"]
    assert plain_text(Prose({}), TITLES, with_empty=False) == ""


@given(prose=PROSES)
def test_nobody_writes_what_looks_like_another_section(prose: Prose) -> None:
    parts = plain_text(prose, TITLES).removesuffix("\n").split("\n\n")
    assert [part.partition("\n")[0] for part in parts] == list(TITLES.values())
    written = [len(list(lines_in(prose.sections[name]))) for name in SECTIONS]
    assert [part.count("\n") for part in parts] == [lines or 1 for lines in written]


def lines_in(blocks: tuple[Paragraph | Bullets, ...]) -> list[str]:
    return [text for block in blocks for text in (_of(block)) if text.strip()]


def _of(block: Paragraph | Bullets) -> list[str]:
    return [letters_of(block)] if isinstance(block, Paragraph) else [text for item in block.items for text in lines_in(item)]


@pytest.mark.parametrize("text", HOSTILE)
def test_bad_35_control_signs_do_not_get_out(text: str) -> None:
    lines = plain_text(Prose({"plan": (paragraph(f"x{text}"),)}), TITLES, with_empty=False).split("\n")
    assert lines[0] == "Plan"
    assert len(lines) == 3
    assert all(letter >= " " and not "\x7f" <= letter <= "\x9f" for letter in lines[1])
