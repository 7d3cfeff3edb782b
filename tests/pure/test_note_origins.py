"""Whose words they are after somebody else's editor wrote them anew."""

import pytest
from hypothesis import given, settings
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from server.notes.compare import compare, who_contributed
from server.notes.origins import by_origin, trace_origins
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span, fingerprint
from server.notes.reading import read_prose, read_update
from server.notes.seeding import seed_update
from tests.pure.prose_strategies import PROSES
from tests.pure.test_note_layout import SESSIONS, messages

pytestmark = pytest.mark.row("N6")

PLAIN: frozenset[str] = frozenset()
ALICE, BOB, CHARLIE, DANA, ERIN = 1, 2, 3, 4, 5
WRITES = "01030100070104706c616e03097061726167726170680700010006040001010c5265737420616e642074656100"
INSERTS = "01010200c4010a010b057761726d2000"
BREAKS = "0103030087010003097061726167726170680700030006040003010c616e64207761726d20746561020201000501010707"
LISTS = (
    "01050400c701000300030a62756c6c65744c6973740700040003086c6973744974656d070004010309706172616772617068"
    "0700040206040004030c616e64207761726d20746561010301000e"
)
OVERWRITES = "01010500c404060407066e6f207465610104010403"
LOG = [bytes.fromhex(update) for update in (WRITES, INSERTS, BREAKS, LISTS, OVERWRITES)]
"""Five tabs with the real editor: "Rest and tea", "warm " inserted, broken after "Rest ", made a list, "and" overwritten by "no tea"."""


def state(log: list[bytes]) -> Prose:
    doc: Doc[XmlFragment] = Doc()
    for update in log:
        doc.apply_update(update)
    return read_prose(doc)


def authors(prose: Prose) -> list[tuple[str, int]]:
    return [(span.text, span.author) for block in prose.sections["plan"] for span in spans_of(block)]


def spans_of(block: Block) -> list[Span]:
    if isinstance(block, Paragraph):
        return list(block.spans)
    return [span for item in block.items for inner in item for span in spans_of(inner)]


def test_the_document_names_who_pressed_the_key() -> None:
    assert authors(state(LOG[:3])) == [("Rest ", ALICE), ("and warm tea", CHARLIE)]
    assert authors(state(LOG[:4])) == [("Rest ", ALICE), ("and warm tea", DANA)]


def test_the_log_names_who_wrote() -> None:
    """Once and once more, and what is new in the place of something old is its writer's."""
    found = [authors(by_origin(state(LOG[:end]), trace_origins(LOG[:end]))) for end in (2, 3, 4, 5)]
    written = [("and ", ALICE), ("warm ", BOB), ("tea", ALICE)]
    assert found[0] == [("Rest and ", ALICE), ("warm ", BOB), ("tea", ALICE)]
    assert found[1] == found[2] == [("Rest ", ALICE), *written]
    assert found[3] == [("Rest ", ALICE), ("no tea", ERIN), (" ", ALICE), ("warm ", BOB), ("tea", ALICE)]


def test_texts_by_origin_compare_by_their_first_ids() -> None:
    origins = trace_origins(LOG)
    before, after = (by_origin(state(LOG[:end]), origins) for end in (2, 4))
    changes = [change for line in compare(before, after).sections["plan"] for change in line.changes]
    assert {change.kind.value for change in changes} == {"same"}
    assert who_contributed(after) == who_contributed(before)


def test_nobody_writes_under_a_colleague_s_name() -> None:
    """Words count in the order in which they stood, and none twice: the rest is whose it is."""
    mallory: Doc[XmlFragment] = Doc(client_id=9)
    mallory.apply_update(LOG[0])
    before = mallory.get_state()
    paragraph = mallory.get("plan", type=XmlFragment).children[0]
    assert isinstance(paragraph, XmlElement)
    text = paragraph.children[0]
    assert isinstance(text, XmlText)
    with mallory.transaction():
        text.clear()
        text.insert(0, "tea and tea tea Rest never")
    log = [LOG[0], mallory.get_update(before)]
    assert authors(by_origin(state(log), trace_origins(log))) == [("tea ", 9), ("and tea", ALICE), (" tea Rest never", 9)]


@pytest.mark.parametrize("session", SESSIONS, ids=range(len(SESSIONS)))
def test_only_authors_differ(session: str) -> None:
    log = [raw for _, raw in messages(session)]
    origins = trace_origins(log)
    assert not set(origins.values()) & origins.keys()
    for end in range(0, len(log), 10):
        prose = state(log[:end])
        assert fingerprint(by_origin(prose, origins)) == fingerprint(prose)


@given(prose=PROSES)
@settings(max_examples=30, deadline=None)
def test_a_text_that_was_never_rewritten_is_as_it_was(prose: Prose) -> None:
    seed = seed_update(prose, ALICE)
    assert trace_origins([seed]) == {}
    assert by_origin(read_update(seed), {}) == read_update(seed)


def test_lists_keep_their_form() -> None:
    prose = Prose({"plan": (Bullets(((Paragraph((Span("ab", PLAIN, CHARLIE, 7),)),),)),)})
    moved = by_origin(prose, {(CHARLIE, 8): (ALICE, 0)})
    assert moved.sections["plan"] == (Bullets(((Paragraph((Span("a", PLAIN, CHARLIE, 7), Span("b", PLAIN, ALICE, 0))),),)),)
