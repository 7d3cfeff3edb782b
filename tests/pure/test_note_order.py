"""In which order pieces stand: honest editors are never refused, and whatever is let in reads the same to everybody."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.notes.document import Document
from server.notes.layout import Layout
from server.notes.order import Crossed, New, Order
from server.notes.yproto import Bad, read_state_vector, write_varuint
from server.notes.ywalk import MESSAGE, Walker, walk
from tests.fuzz.undo import read_sessions, refused_at
from tests.pure.order_game import Server, play_honest, play_hostile, said_by, text_of

pytestmark = pytest.mark.row("N1")

ALICE, BOB, CARL = 5, 3, 9
UNDONE = list(read_sessions((Path(__file__).parent / "undo_sessions.txt").read_text()))
"""What the real editor's undo sends while others write; made by static/test/undo-sessions.mjs."""

OPENING = b"\x01\x03\x05\x00\x07\x01\x04plan\x03\x09paragraph\x07\x00\x05\x00\x06\x04\x00\x05\x01\x04abcd\x00"
A, B, C, D = ((ALICE, clock) for clock in range(2, 6))


def letters(client: int, clock: int, *pieces: tuple[tuple[int, int] | None, tuple[int, int] | None, str]) -> bytes:
    """Return an update with each of some texts between two neighbours."""
    structs = b""
    for left, right, text in pieces:
        beside = b"".join(write_varuint(number) for item in (left, right) if item for number in item)
        parent = b"" if left or right else b"\x00\x05\x01"
        structs += bytes([4 | (0x80 if left else 0) | (0x40 if right else 0)]) + beside + parent + bytes([len(text)]) + text.encode()
    return b"\x01" + bytes([len(pieces), client, clock]) + structs + b"\x00"


@pytest.fixture
def server() -> Server:
    server = Server()
    assert server.take(ALICE, OPENING)
    return server


def take(server: Server, update: bytes) -> bool:
    return server.take(update[2], update)


def said(server: Server) -> str:
    (text,) = set(server.readings().values())
    return text.partition("<paragraph>")[2].partition("</paragraph>")[0]


def test_a_letter_between_two_that_touch(server: Server) -> None:
    assert take(server, letters(BOB, 0, (B, C, "x")))
    assert said(server) == "abxcd"


def test_somebody_may_not_have_heard_of_what_stands_between(server: Server) -> None:
    assert take(server, letters(CARL, 0, (B, C, "y")))
    assert take(server, letters(BOB, 0, (B, C, "x")))
    assert said(server) == "abxycd"


@pytest.mark.parametrize(("left", "right"), [(C, B), (A, D), (B, B), (None, B), (A, None), (D, A), (None, None)])
def test_bad_41_neighbours_that_cannot_have_been_side_by_side(
    server: Server, left: tuple[int, int] | None, right: tuple[int, int] | None
) -> None:
    """All of them hang on Alice's last letter, so their author has seen every one of hers."""
    before = server.document.since(b"\x00")
    assert take(server, letters(BOB, 0, (D, None, "z")))
    whole = server.document.since(b"\x00")
    assert not take(server, letters(BOB, 1, (left, right, "x")))
    assert server.document.since(b"\x00") == whole != before


def test_bad_41_ones_own_letter_stands_between(server: Server) -> None:
    assert take(server, letters(BOB, 0, (B, C, "x")))
    assert not take(server, letters(BOB, 1, (B, C, "y")))
    assert take(server, letters(BOB, 1, (B, (BOB, 0), "y")))
    assert said(server) == "abyxcd"


def test_bad_41_what_a_colleague_had_seen_stands_between(server: Server) -> None:
    """Bob hangs on Carl's letter, which hangs on Alice's `d`: so he has seen `c` as well."""
    assert take(server, letters(CARL, 0, (D, None, "y")))
    assert take(server, letters(BOB, 0, ((CARL, 0), None, "x")))
    assert not take(server, letters(BOB, 1, (B, D, "z")))


def test_bad_41_known_in_the_same_update(server: Server) -> None:
    assert not take(server, letters(BOB, 0, (B, C, "x"), (B, C, "y")))
    assert server.document.clocks == {ALICE: 6}
    assert take(server, letters(BOB, 0, (B, C, "x"), (B, (BOB, 0), "y")))


def test_a_value_is_put_at_the_end_of_its_attribute(server: Server) -> None:
    def value(client: int, clock: int, info: int, place: bytes) -> bytes:
        return bytes([1, 1, client, clock, info]) + place + b"\x01\x78\x00"

    assert take(server, value(BOB, 0, 0x28, b"\x00\x05\x00\x01k"))
    assert not take(server, value(CARL, 0, 0x48, b"\x03\x00"))
    assert take(server, value(CARL, 0, 0x88, b"\x03\x00"))


def test_what_an_attribute_hangs_on_has_been_seen(server: Server) -> None:
    """Bob's value hangs on a paragraph of Carl, and so he has seen it stand there."""
    assert take(server, b"\x01\x01\x09\x00\x87\x05\x00\x03\x09paragraph\x00")
    assert take(server, b"\x01\x01\x03\x00\x28\x00\x09\x00\x01k\x01\x78\x00")
    assert not take(server, b"\x01\x01\x03\x01\x87\x05\x00\x03\x09paragraph\x00")


@settings(max_examples=50, deadline=None)
@given(some.randoms(use_true_random=False), some.integers(min_value=10, max_value=120))
def test_honest_editors_are_never_refused(dice: Random, steps: int) -> None:
    server = play_honest(dice, steps)
    assert server.refused == 0
    assert len(set(server.readings().values())) == 1


@settings(max_examples=50, deadline=None)
@given(some.randoms(use_true_random=False), some.integers(min_value=10, max_value=80))
def test_bad_41_whatever_is_let_in_reads_the_same_to_everybody(dice: Random, steps: int) -> None:
    server = play_hostile(dice, steps)
    readings = server.readings()
    assert len(set(readings.values())) == 1, readings


def test_the_readings_differ_once_nobody_looks_at_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Order, "check", lambda *_: None)
    assert any(len(set(play_hostile(Random(seed), 60).readings().values())) > 1 for seed in range(10))


@settings(max_examples=50, deadline=None)
@given(some.randoms(use_true_random=False), some.integers(min_value=5, max_value=60))
def test_the_order_is_the_librarys_own(dice: Random, steps: int) -> None:
    server = play_hostile(dice, steps, deleting=False)
    shown = text_of(server.document._doc)
    signs = signs_of(server)
    for layout in (server.document._laid_out(), again(server.document)._laid_out()):
        assert "".join(signs[item] for item in items_in(layout)) == shown.partition("<paragraph>")[2].partition("</paragraph>")[0]


@settings(max_examples=50, deadline=None)
@given(some.randoms(use_true_random=False), some.integers(min_value=5, max_value=60))
def test_a_refused_update_leaves_no_trace_in_the_order(dice: Random, steps: int) -> None:
    """Also one that was in order and that the library refused: nothing of the cuts that it made is left."""
    server = play_hostile(dice, steps)
    layout = server.document._laid_out()
    before, client = shape(layout), dice.choice([*server.document.clocks, 200])
    known = layout.clocks.get(client, 0)
    for _ in range(5):
        left = dice.choice(list(items_in(layout)))
        new = walk(b"\x01\x01" + write_varuint(client) + write_varuint(known) + b"\x84" + b"".join(map(write_varuint, left)) + b"\x01x\x00")
        try:
            layout.add(client, new.pieces[client])
        except (Bad, Crossed):
            pass
        else:
            layout.cut(client, known)
        assert shape(layout) == before


def test_bad_41_the_first_letter_of_a_text_is_taken_back_with_what_followed_it(server: Server) -> None:
    assert take(server, b"\x01\x02\x09\x00\x87\x05\x00\x03\x09paragraph\x07\x00\x09\x00\x06\x00")
    before = shape(server.document._laid_out())
    first = b"\x04\x00\x09\x01\x01x"
    assert not take(server, b"\x01\x02\x03\x00" + first + b"\x84\x05\x00\x01y\x00")
    assert shape(server.document._laid_out()) == before
    assert take(server, b"\x01\x01\x03\x00" + first + b"\x00")


def test_what_was_never_one_is_not_joined_by_a_piece_that_is_taken_back(server: Server) -> None:
    assert take(server, letters(CARL, 0, (D, None, "y")))
    assert take(server, letters(BOB, 0, ((CARL, 0), None, "x")))
    assert take(server, letters(CARL, 1, ((CARL, 0), (BOB, 0), "z")))
    layout = server.document._laid_out()
    before = shape(layout)
    layout.add(ALICE, walk(letters(ALICE, 6, ((CARL, 0), (CARL, 1), "a"))).pieces[ALICE])
    layout.cut(ALICE, 6)
    assert shape(layout) == before
    assert {(CARL, 0, 1), (CARL, 1, 2)} < set(before)


@pytest.mark.parametrize("flow", [flow for flow, _ in UNDONE])
def test_the_real_editors_undo_is_never_refused(flow: str) -> None:
    (messages,) = [messages for name, messages in UNDONE if name == flow]
    assert len(messages) > 50
    assert refused_at(messages) is None


def test_an_undo_of_yjs_itself_can_be_refused() -> None:
    """It names what it once stood between, though its author has put something there since: `keepStraight` keeps our tabs from it."""
    server = Server()
    server.take(ALICE, OPENING)
    server.take(ALICE, letters(ALICE, 6, (B, C, "x")))
    assert not take(server, letters(ALICE, 7, (B, C, "y")))


def test_plain_typing_is_one_stretch_and_costs_no_step() -> None:
    order, place = Order(), object()
    for clock in range(1_000):
        order.begin(0)
        piece = New(ALICE, clock, clock + 1, (ALICE, clock - 1) if clock else None, None, place)
        order.check(piece, ())
        order.add(piece)
    assert shape_of(order) == [(ALICE, 0, 1_000)]


def test_typing_on_beside_a_colleague_is_one_stretch_as_well(server: Server) -> None:
    for clock in range(30):
        assert take(server, letters(BOB, clock, ((BOB, clock - 1) if clock else D, None, "x")))
        assert take(server, letters(CARL, clock, ((CARL, clock - 1) if clock else D, None, "y")))
    assert [each for each in shape(server.document._laid_out()) if each[0] != ALICE] == [(BOB, 0, 30), (CARL, 0, 30)]
    assert said(server) == "abcd" + 30 * "x" + 30 * "y"


def test_bad_41_what_takes_too_many_steps_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.notes.layout.MAX_ORDER_STEPS", 20)
    right = C
    for clock in range(30):
        assert take(server, letters(CARL, clock, (B, right, "y")))
        right = (CARL, clock)
    whole, before = server.document.since(b"\x00"), shape(server.document._laid_out())
    assert not take(server, letters(BOB, 0, (B, C, "x")))
    assert (server.document.since(b"\x00"), shape(server.document._laid_out())) == (whole, before)
    assert take(server, letters(BOB, 0, (C, D, "x")))


def test_bad_41_a_note_that_takes_too_many_steps_to_lay_out_is_only_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for clock in range(5):
        assert take(server, letters(CARL, clock, (B, (CARL, clock - 1) if clock else C, "y")))
    assert take(server, letters(BOB, 0, (B, C, "x")))
    tangled = again(server.document)
    monkeypatch.setattr("server.notes.layout.MAX_LAYOUT_STEPS", 0)
    for _ in range(2):
        with pytest.raises(Crossed):
            tangled.apply(BOB, update := letters(BOB, 1, (D, None, "z")), walk(update))
    assert said_by([tangled.since(b"\x00")]) == said_by([server.document.since(b"\x00")])


def test_a_note_that_is_only_read_is_not_laid_out(server: Server) -> None:
    document = again(server.document)
    assert document.clocks == server.document.clocks == read_state_vector(document.state_vector())
    assert document.prose() == server.document.prose()
    assert document._layout is None
    assert document.size == len(server.document.since(b"\x00"))
    document.apply(BOB, update := letters(BOB, 0, (D, None, "z")), walk(update))
    assert document._layout is not None
    assert document.clocks == {ALICE: 6, BOB: 1}


def again(document: Document) -> Document:
    fresh = Document()
    fresh._fill([document.since(b"\x00")])
    return fresh


def items_in(layout: Layout) -> Iterator[tuple[int, int]]:
    """Yield the ids of all letters of the note, place by place in their order."""
    for first in layout._order._first.values():
        if first.place.kind == "#text":  # type: ignore[attr-defined]
            stretch = first
            while stretch is not None:
                yield from ((stretch.client, clock) for clock in range(stretch.start, stretch.end))
                stretch = stretch.after  # type: ignore[assignment]


class Signs(Walker):
    """Collects which sign each letter of an update is."""

    def __init__(self, update: bytes) -> None:
        super().__init__(update, MESSAGE)
        self.found: dict[tuple[int, int], str] = {}

    def _letters(self, client: int, clock: int) -> bytes:
        text = super()._letters(client, clock)
        self.found |= {(client, clock + at): sign for at, sign in enumerate(text.decode())}
        return text


def signs_of(server: Server) -> dict[tuple[int, int], str]:
    signs: dict[tuple[int, int], str] = {}
    for _, update in server.rows:
        reader = Signs(update)
        reader.walk()
        signs |= reader.found
    return signs


def shape(layout: Layout) -> list[tuple[int, int, int]]:
    return shape_of(layout._order)


def shape_of(order: Order) -> list[tuple[int, int, int]]:
    return sorted((each.client, each.start, each.end) for trail in order._trails.values() for each in trail.stretches)
