"""A text becomes a document that an editor would have made, and is read out of it as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.notes.document import Document
from server.notes.guard import Verdict, judge
from server.notes.layout import lay_out
from server.notes.limits import MAX_CLIENT_ID
from server.notes.prose import Bullets, Paragraph, Prose, Span, fingerprint
from server.notes.reading import read_update
from server.notes.seeding import seed_update, well_formed
from server.notes.ywalk import walk, walk_whole
from tests.pure.prose_strategies import HOSTILE, PROSES, items, paragraph

pytestmark = pytest.mark.row("N6")

SEEDER = 4_000_000_001
CLIENT_IDS = some.integers(1, MAX_CLIENT_ID - 1)


@given(prose=PROSES, client_id=CLIENT_IDS)
@settings(max_examples=150, deadline=None)
def test_what_is_seeded_is_read_again(prose: Prose, client_id: int) -> None:
    read = read_update(seed_update(prose, client_id))
    assert fingerprint(read) == fingerprint(prose)
    assert {span.author for blocks in read.sections.values() for block in blocks for span in spans_of(block)} <= {client_id}


def spans_of(block: Paragraph | Bullets) -> list[Span]:
    if isinstance(block, Paragraph):
        return list(block.spans)
    return [span for item in block.items for inner in item for span in spans_of(inner)]


@given(prose=PROSES)
@settings(max_examples=100, deadline=None)
def test_a_seed_passes_every_check_that_an_editor_s_update_passes(prose: Prose) -> None:
    seed = seed_update(prose, SEEDER)
    touched = walk(seed)
    assert not touched.deletes
    assert lay_out(walk_whole(seed)).clocks == {client: end for client, (_, end) in touched.structs.items()}
    document = Document()
    assert judge(touched, SEEDER, document.clocks) is (Verdict.NEW if touched.structs else Verdict.OLD)
    document.apply(SEEDER, seed, touched)
    assert fingerprint(document.prose()) == fingerprint(prose)


@pytest.mark.parametrize("text", HOSTILE)
def test_bad_35_hostile_letters_are_only_letters(text: str) -> None:
    read = read_update(seed_update(Prose({"plan": (paragraph(text),)}), SEEDER))
    assert read.sections["plan"] == (Paragraph((Span(text, frozenset(), SEEDER, 2),)),)


BOLD = frozenset({"bold"})


def test_marks_are_stored_as_the_editor_stores_them() -> None:
    """As in tests/pure/editor_sessions.txt: a mark begins with an empty object and ends with null."""
    prose = Prose({"plan": (Paragraph((Span("a", frozenset(), 1, 0), Span("b", BOLD, 1, 1), Span("c", frozenset(), 1, 2))),)})
    seed = seed_update(prose, 77)
    assert seed.count(b"\x04bold\x02{}") == seed.count(b"\x04bold\x04null") == 1
    assert [text in seed for text in (b"\x01a", b"\x01b", b"\x01c")] == [True] * 3


def test_a_paragraph_without_letters_has_no_text_inside() -> None:
    assert len(walk(seed_update(Prose({"plan": (paragraph(),)}), 77)).pieces[77]) == 1


def test_what_an_editor_would_delete_is_not_seeded() -> None:
    nested = Bullets(((items(paragraph("kept")),), ()))
    assert well_formed((Bullets(()), nested)) == (Bullets(((Paragraph(()), items(paragraph("kept"))), (Paragraph(()),))),)
