"""The log of a note shows every row that was changed, dropped, added or moved; and a document comes back from it."""

from dataclasses import replace

import pytest

from server.core.keyring import Sealer
from server.notes.chain import Broken, Chain, Row
from server.notes.document import Document, Saved, restore, snapshot_place, update_place
from server.notes.yproto import Bad
from server.notes.ywalk import walk
from tests.pure.test_note_walk import ALICE, YJS_ALICE, YJS_BOB

UPDATES = [*YJS_ALICE, *YJS_BOB]
NOTE = 7
SEALER = Sealer(bytes(32))


def log_of(updates: list[bytes]) -> list[Row]:
    chain = Chain(NOTE)
    return [chain.link(1, 1000 + number, SEALER.seal(update, update_place(NOTE, chain.seq + 1))) for number, update in enumerate(updates)]


ROWS = log_of(UPDATES)


def test_an_untouched_log_holds_together() -> None:
    chain = Chain(NOTE)
    chain.follow(ROWS)
    assert (chain.seq, chain.head) == (len(ROWS), ROWS[-1].hash)


@pytest.mark.parametrize(
    "rows",
    [
        [*ROWS[:3], ROWS[3]._replace(payload=ROWS[4].payload), *ROWS[4:]],
        [*ROWS[:3], ROWS[3]._replace(session_id=2), *ROWS[4:]],
        [*ROWS[:3], ROWS[3]._replace(ts_ms=1), *ROWS[4:]],
        [*ROWS[:3], *ROWS[4:]],
        [*ROWS[:3], ROWS[4], ROWS[3], *ROWS[5:]],
        [ROWS[0], *ROWS],
        [row._replace(note_id=8) for row in ROWS],
    ],
    ids=["text", "author", "time", "dropped", "moved", "twice", "another note"],
)
def test_any_change_breaks_the_chain(rows: list[Row]) -> None:
    with pytest.raises(Broken):
        restore(Saved(NOTE, 0, None, rows, SEALER))


def test_a_document_comes_back_from_its_log() -> None:
    document, chain = restore(Saved(NOTE, 0, None, ROWS, SEALER))
    assert chain.seq == len(ROWS)
    assert document.clocks == _living().clocks
    assert document.since(b"\x00") == _living().since(b"\x00")


@pytest.mark.parametrize("seq", [1, 5, len(ROWS)])
def test_snapshot_and_later_rows_are_the_same_document(seq: int) -> None:
    packed = _sealed(seq, restore(Saved(NOTE, 0, None, ROWS[:seq], SEALER))[0].pack())
    document, chain = restore(Saved(NOTE, seq, packed, ROWS[seq - 1 :], SEALER))
    assert chain == replace(Chain(NOTE), seq=len(ROWS), head=ROWS[-1].hash)
    assert document.since(b"\x00") == _living().since(b"\x00")


def test_a_snapshot_ahead_of_its_log_is_refused() -> None:
    packed = _sealed(len(ROWS) + 1, _living().pack())
    with pytest.raises(Broken):
        restore(Saved(NOTE, len(ROWS) + 1, packed, [], SEALER))


@pytest.mark.parametrize("packed", [b"", b"junk", b"\x78\x9c\x00"])
def test_a_spoilt_snapshot_is_refused(packed: bytes) -> None:
    with pytest.raises(Bad):
        restore(Saved(NOTE, len(ROWS), _sealed(len(ROWS), packed), ROWS[-1:], SEALER))


@pytest.mark.row("N10")
def test_bad_36_a_snapshot_that_was_moved_or_changed_is_refused() -> None:
    packed = _living().pack()
    sealed = _sealed(len(ROWS), packed)
    for spoilt in (packed, _sealed(1, packed), bytes([sealed[0] ^ 1]) + sealed[1:], sealed[:-1], b""):
        with pytest.raises(Bad):
            restore(Saved(NOTE, len(ROWS), spoilt, ROWS[-1:], SEALER))


@pytest.mark.row("N10")
def test_bad_36_a_log_under_another_key_is_refused() -> None:
    with pytest.raises(Broken):
        restore(Saved(NOTE, 0, None, ROWS, Sealer(b"x" * 32)))


def test_deletions_that_are_known_change_nothing() -> None:
    deletion, touched = YJS_ALICE[-1], walk(YJS_ALICE[-1])
    assert not _living().apply_deletions(ALICE, deletion, touched)
    fresh, _ = restore(Saved(NOTE, 0, None, log_of(YJS_ALICE[:-1]), SEALER))
    assert fresh.apply_deletions(ALICE, deletion, touched)


def test_bad_41_a_state_vector_that_cannot_be_read() -> None:
    with pytest.raises(Bad):
        _living().since(b"\x05\x01")


def _sealed(seq: int, packed: bytes) -> bytes:
    return SEALER.seal(packed, snapshot_place(NOTE, seq))


def _living() -> Document:
    return restore(Saved(NOTE, 0, None, ROWS, SEALER))[0]
