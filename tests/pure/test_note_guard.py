"""Whose characters an update may hold, and what it may rest on."""

import pytest

from server.notes.guard import Verdict, judge
from server.notes.ypieces import Touched
from server.notes.yproto import Bad
from server.notes.ywalk import walk

ALICE, BOB = 11, 22
KNOWN = {ALICE: 10, BOB: 5}


@pytest.mark.parametrize(
    ("touched", "verdict"),
    [
        (Touched(structs={BOB: (5, 6)}), Verdict.NEW),
        (Touched(structs={BOB: (3, 6)}), Verdict.NEW),
        (Touched(structs={BOB: (0, 5)}), Verdict.OLD),
        (Touched(structs={BOB: (6, 7)}), Verdict.GAP),
        (Touched(structs={BOB: (5, 6)}, refers={ALICE: 9, BOB: 4}), Verdict.NEW),
        (Touched(structs={BOB: (5, 6)}, refers={ALICE: 10}), Verdict.GAP),
        (Touched(structs={BOB: (5, 6)}, refers={99: 0}), Verdict.GAP),
        (Touched(deletes={ALICE: [(0, 1), (1, 10)]}), Verdict.OLD),
        (Touched(deletes={ALICE: [(0, 1), (1, 11)]}), Verdict.GAP),
        (Touched(structs={BOB: (5, 8)}, deletes={BOB: [(0, 1), (1, 8)]}), Verdict.NEW),
        (Touched(structs={BOB: (5, 8)}, deletes={BOB: [(0, 1), (1, 9)]}), Verdict.GAP),
        (Touched(), Verdict.OLD),
    ],
)
def test_verdicts(touched: Touched, verdict: Verdict) -> None:
    assert judge(touched, BOB, KNOWN) is verdict


def test_the_first_update_of_a_new_author() -> None:
    assert judge(Touched(structs={33: (0, 4)}), 33, KNOWN) is Verdict.NEW


@pytest.mark.row("N1")
def test_bad_41_gc_struct_for_a_colleagues_client_id() -> None:
    """Nine bytes that would make a CRDT ignore the colleague's next keystrokes without a word."""
    swallow = b"\x01\x01" + bytes([ALICE]) + b"\x0a\x00\x05\x00"
    with pytest.raises(Bad, match="foreign_client"):
        judge(walk(swallow), BOB, KNOWN)


@pytest.mark.parametrize("touched", [Touched(structs={ALICE: (10, 11)}), Touched(structs={BOB: (5, 6), ALICE: (0, 3)})])
def test_bad_41_foreign_client_id(touched: Touched) -> None:
    with pytest.raises(Bad, match="foreign_client"):
        judge(touched, BOB, KNOWN)


def test_gc_struct_of_ones_own_is_honest() -> None:
    """Yjs sends it for a list that was made and deleted while the line was down."""
    assert judge(walk(b"\x01\x01" + bytes([BOB]) + b"\x05\x00\x03\x00"), BOB, KNOWN) is Verdict.NEW
