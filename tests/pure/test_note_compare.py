"""Two states of a note beside each other: every letter has one fate, and what stayed is not called new."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pycrdt import Doc, XmlFragment

from server.notes import alike as alike_module
from server.notes.alike import alike
from server.notes.compare import Change, Comparison, Kind, Line, compare, who_contributed
from server.notes.compare_html import Words, comparison_html
from server.notes.letters import Place
from server.notes.limits import SECTIONS
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span, fingerprint, shown
from server.notes.prose_html import Writer, Writers
from server.notes.reading import read_prose, read_update
from server.notes.seeding import seed_update
from tests.pure.prose_strategies import HOSTILE, PROSES, items, letters_of, paragraph
from tests.pure.test_note_layout import SESSIONS, messages
from tests.pure.test_prose_html import TAGS, Page, as_xml

pytestmark = pytest.mark.row("N6")

SAME, ADDED, REMOVED, RESTYLED = Kind
PLAIN: frozenset[str] = frozenset()
BOLD = frozenset({"bold"})
ALICE, BOB = 1, 2
WRITERS = Writers({BOB: 1}, [Writer("Dr A", "A"), Writer("Dr B", "B")], Writer("?", "?"))
WORDS = Words("Added", "Removed", "Formatting changed", "End", WRITERS)


def run(text: str, clock: int = 0, author: int = ALICE, marks: frozenset[str] = PLAIN) -> Span:
    return Span(text, marks, author, clock)


def plan(*blocks: Block) -> Prose:
    return Prose({"plan": blocks})


def lines(comparison: Comparison) -> list[tuple[Kind, list[tuple[Kind, str]]]]:
    return [(line.kind, [(change.kind, change.text) for change in line.changes]) for line in comparison.sections["plan"]]


def text_of(prose: Prose, name: str) -> str:
    return "".join(map(letters_of, prose.sections.get(name, ())))


def fates(found: tuple[Line, ...], *kinds: Kind) -> str:
    return "".join(change.text for line in found for change in line.changes if change.kind in kinds)


def beginnings(found: tuple[Line, ...], *kinds: Kind) -> int:
    return sum(line.kind in kinds for line in found)


def count(blocks: tuple[Block, ...]) -> int:
    return sum(1 if isinstance(block, Paragraph) else sum(map(count, block.items)) for block in blocks)


def check_fates(old: Prose, new: Prose) -> Comparison:
    """Every letter and every paragraph of the old text stayed or went, every one of the new text stayed or came, in their order."""
    comparison = compare(old, new)
    for name in SECTIONS:
        found = comparison.sections[name]
        assert fates(found, SAME, RESTYLED, REMOVED) == text_of(old, name)
        assert fates(found, SAME, RESTYLED, ADDED) == text_of(new, name)
        assert beginnings(found, SAME, RESTYLED, REMOVED) == count(old.sections.get(name, ()))
        assert beginnings(found, SAME, RESTYLED, ADDED) == count(new.sections.get(name, ()))
    return comparison


def states(session: str) -> Iterator[Prose]:
    doc: Doc[XmlFragment] = Doc()
    for _, raw in messages(session):
        doc.apply_update(raw)
        yield read_prose(doc)


@given(prose=PROSES)
@settings(deadline=None)
def test_a_text_is_the_same_as_itself(prose: Prose) -> None:
    comparison = compare(prose, prose)
    assert comparison.same
    assert fates(sum(comparison.sections.values(), ()), ADDED, REMOVED, RESTYLED) == ""


@given(old=PROSES, new=PROSES)
@settings(max_examples=50, deadline=None)
def test_two_documents(old: Prose, new: Prose) -> None:
    comparison = check_fates(old, new)
    assert fingerprint(old) == fingerprint(new) or not comparison.same


@pytest.mark.parametrize("session", SESSIONS, ids=range(len(SESSIONS)))
def test_what_real_editors_did(session: str) -> None:
    """Each state beside the one before and beside the first; letters with the same id are never said to have come or gone."""
    found = list(states(session))
    for before, after in pairwise(found):
        check_fates(found[0], after)
        comparison = check_fates(before, after)
        for name in SECTIONS:
            kept = ids(before, name) & ids(after, name)
            assert len(fates(comparison.sections[name], SAME, RESTYLED)) >= len(kept)


def ids(prose: Prose, name: str) -> set[tuple[int, int]]:
    return {found for block in prose.sections[name] for found in ids_in(block)}


def ids_in(block: Block) -> Iterator[tuple[int, int]]:
    if isinstance(block, Bullets):
        yield from (found for item in block.items for inner in item for found in ids_in(inner))
        return
    for span in block.spans:
        clock = span.clock
        for letter in span.text:
            yield span.author, clock
            clock += 2 if letter > "\uffff" else 1


@given(prose=PROSES)
@settings(max_examples=50, deadline=None)
def test_an_amendment_begins_as_the_signed_text(prose: Prose) -> None:
    assert compare(prose, read_update(seed_update(prose, 4_000_000_000))).same


def test_letters_are_told_apart_by_their_ids() -> None:
    """The same word, typed anew by somebody else in the middle of what stayed, is neither old nor whole."""
    old = plan(Paragraph((run("no fever"),)))
    new = plan(Paragraph((run("no "), run("high ", 0, BOB), run("fever", 3))))
    assert compare(old, new).sections["plan"] == (
        Line(
            SAME,
            Place(0, opens=False),
            (Change(SAME, "no ", PLAIN, ALICE), Change(ADDED, "high ", PLAIN, BOB), Change(SAME, "fever", PLAIN, ALICE)),
        ),
    )


def test_marks_that_changed() -> None:
    old, new = (plan(Paragraph((run("very", marks=marks), run(" ill", 4)))) for marks in (PLAIN, BOLD))
    assert lines(compare(old, new)) == [(SAME, [(RESTYLED, "very"), (SAME, " ill")])]


def test_a_paragraph_that_went_goes_as_a_whole() -> None:
    one, two, three = (Paragraph((run(text, clock),)) for text, clock in (("one", 0), ("two", 10), ("three", 20)))
    went = [(SAME, [(SAME, "one")]), (REMOVED, [(REMOVED, "two")]), (SAME, [(SAME, "three")])]
    assert lines(compare(plan(one, two, three), plan(one, three))) == went
    came = [(SAME, [(SAME, "one")]), (ADDED, [(ADDED, "two")]), (SAME, [(SAME, "three")])]
    assert lines(compare(plan(one, three), plan(one, two, three))) == came


def test_a_paragraph_that_is_broken_keeps_its_words() -> None:
    """The editor writes the second half anew, under the id of whoever pressed the key."""
    old = plan(Paragraph((run("Rest. Come back."),)))
    new = plan(Paragraph((run("Rest."),)), Paragraph((run("Come back.", 40, BOB),)))
    assert lines(compare(old, new)) == [(SAME, [(SAME, "Rest."), (REMOVED, " ")]), (ADDED, [(SAME, "Come back.")])]
    assert lines(compare(new, old)) == [(SAME, [(SAME, "Rest.")]), (REMOVED, [(ADDED, " "), (SAME, "Come back.")])]


def test_a_paragraph_that_became_an_item() -> None:
    comparison = compare(plan(Paragraph((run("rest"),))), plan(items(Paragraph((run("rest", 9, BOB),)))))
    assert [(line.kind, line.place) for line in comparison.sections["plan"]] == [(RESTYLED, Place(1, opens=True))]
    assert lines(comparison) == [(RESTYLED, [(SAME, "rest")])]


def test_places_in_lists() -> None:
    block = Bullets(((paragraph("a"), paragraph("b"), items(paragraph("c")), paragraph("d")), (items(paragraph("e")),)))
    found = compare(plan(), plan(block)).sections["plan"]
    assert [tuple(line.place) for line in found] == [(1, True), (1, False), (2, True), (1, False), (2, True)]


def test_ids_that_two_documents_have_by_chance_count_for_nothing() -> None:
    """Two amendments that were seeded under one client id."""
    old = plan(Paragraph((run("abcde fine"),)))
    new = plan(Paragraph((run("xxxxe fine"),)))
    assert lines(compare(old, new)) == [(SAME, [(REMOVED, "abcde "), (ADDED, "xxxxe "), (SAME, "fine")])]


def test_ids_that_come_twice_or_out_of_order_lose_no_letter() -> None:
    old = plan(Paragraph((run("a", 0), run("b", 1), run("b", 1))))
    check_fates(old, plan(Paragraph((run("b", 1), run("b", 1), run("a", 0)))))


def test_scripts_without_spaces_are_compared_by_letter() -> None:
    old, new = plan(Paragraph((run("熱はない"),))), plan(Paragraph((run("熱がある", 0, BOB),)))
    assert lines(compare(old, new))[0][1][0] == (SAME, "熱")


def test_too_many_equal_words_are_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = list("x a b a y"), list("x b a b y")
    assert len(list(alike(old, new))) == 7
    monkeypatch.setattr(alike_module, "MAX_PAIRS", 0)
    assert list(alike(old, new)) == [(0, 0), (1, 1), (8, 8)]


def test_who_contributed() -> None:
    prose = Prose({"plan": (Paragraph((run("ab "), run("😀", 0, BOB))), items(Paragraph((run("c", 3),)))), "objective": ()})
    assert who_contributed(prose) == {ALICE: 4, BOB: 1}


def html(old: Prose, new: Prose) -> str:
    return comparison_html(compare(old, new).sections["plan"], WORDS)


def unseen(text: str) -> str:
    return f'<span class="unseen">{text}</span>'


def test_changes_are_said_and_not_only_shown() -> None:
    old = plan(Paragraph((run("no fever"),)))
    new = plan(Paragraph((run("no "), run("<high> ", 0, BOB), run("fever", 3, marks=BOLD))), items(Paragraph((run("rest", 90),))))
    assert html(old, new) == (
        '<p dir="auto">no '
        f'<ins class="by by-1" data-by="B">{unseen("Added, Dr B: ")}&lt;high&gt; {unseen(" End ")}</ins>'
        f'<span class="restyled">{unseen("Formatting changed: ")}<strong>fever</strong>{unseen(" End ")}</span></p>'
        f'<ul><li class="level-1" dir="auto"><ins class="by" data-by="?">{unseen("Added, ?: ")}rest{unseen(" End ")}</ins></li></ul>'
    )


def test_paragraphs_that_were_broken_or_joined_show_where() -> None:
    whole = plan(Paragraph((run("Rest. Come back."),)))
    broken = plan(Paragraph((run("Rest. "),)), Paragraph((run("Come back.", 6),)))
    assert html(whole, broken) == f'<p dir="auto">Rest. </p><p dir="auto"><ins>{unseen("Added: ")}¶{unseen(" End ")}</ins>Come back.</p>'
    assert html(broken, whole) == f'<p dir="auto">Rest. <del>{unseen("Removed: ")}¶{unseen(" End ")}</del>Come back.</p>'


def test_an_empty_paragraph_that_went() -> None:
    assert html(plan(paragraph("a"), paragraph()), plan(paragraph("a"))).count("<del>") == 1


def test_lists_show_their_depth() -> None:
    deep: Block = paragraph("x")
    for _ in range(8):
        deep = Bullets(((paragraph(), deep),))
    page = Page(html(plan(), plan(deep, paragraph("end"))))
    levels = [value for name, value in page.attributes if name == "class" and value and value.startswith("level-")]
    assert levels == [*(f"level-{min(level, 6)}" for level in range(1, 9)), "level-6 goes-on"]
    assert page.tags.count("ul") == 1


@given(old=PROSES, new=PROSES, seed=some.booleans())
@settings(max_examples=50, deadline=None)
def test_only_what_is_allowed_and_every_letter(old: Prose, new: Prose, seed: bool) -> None:
    after = Prose({**new.sections, "plan": old.sections["plan"][1:]}) if seed else new
    for found in compare(old, after).sections.values():
        page = Page(comparison_html(found, WORDS))
        assert set(page.tags) <= TAGS | {"ins", "del", "span"}
        letters = "".join(change.text for line in found for change in line.changes)
        assert page.text.replace("¶", "") == shown(letters).replace("¶", "")
        assert as_xml(comparison_html(found, WORDS)) is not None


@pytest.mark.parametrize("text", HOSTILE)
def test_bad_35_what_was_removed_is_no_markup_either(text: str) -> None:
    page = Page(html(plan(paragraph(text)), plan()))
    assert set(page.tags) <= {"p", "del", "span"}
    assert page.text == shown(text)
