"""Bad input 41: whatever a socket sends, the colleague beside it keeps every word, and nothing but honest rows reaches the log."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pycrdt import Doc, XmlFragment
from websockets.exceptions import ConnectionClosed

from server.core.house import House
from server.notes.conn import Conn
from server.notes.hub import Hub
from server.notes.limits import (
    AWARENESS_BURST,
    FRAMES_BURST,
    FRAMES_PER_S,
    MAX_AWARENESS,
    MAX_NOTE_BYTES,
    MAX_STATE_VECTOR,
    MAX_STEP2,
    MAX_UPDATE,
    STEP1_BURST,
)
from server.notes.yproto import EMPTY_UPDATE, STEP1, STEP2, UPDATE, awareness_message, read_state_vector, sync_message, write_varuint
from tests.cast import ALICE, BOB, Meeting
from tests.conftest import StillClock
from tests.live.notes.client import Tab
from tests.live.notes.house import Open, only_place, opened, rejects_of, rows_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("N1")]


def gc_struct(client: int, clock: int, length: int) -> bytes:
    return b"\x01\x01" + write_varuint(client) + write_varuint(clock) + b"\x00" + write_varuint(length) + b"\x00"


def letters(client: int, clock: int, text: bytes) -> bytes:
    return b"\x01\x01" + write_varuint(client) + write_varuint(clock) + b"\x04\x01\x04plan" + write_varuint(len(text)) + text + b"\x00"


async def still_works(alice: Tab, bob: Tab) -> None:
    """The colleague types on, is told 'saved', and the other colleague reads it."""
    await alice.type("!")
    await alice.until(lambda tab: tab.saved)
    await bob.until(lambda tab: tab.text() == alice.text())


async def test_bad_41_gc_struct_for_a_colleague_swallows_nothing(open_note: Open, house: House, meeting: Meeting) -> None:
    alice, bob, evil = await open_note(ALICE), await open_note(BOB), await open_note(BOB)
    await alice.type("Penicillin allergy")
    await alice.until(lambda tab: tab.saved)
    await evil.send_update(gc_struct(alice.hello["client_id"], len(b"Penicillin allergy") + 2, 50))
    assert await evil.closed() == 4400
    await still_works(alice, bob)
    assert len(await rows_of(house.database, meeting.consultation_id)) == 2
    assert [reject.code for reject in await rejects_of(house)] == ["foreign_client"]


HOSTILE: dict[str, bytes | Callable[[Tab], bytes]] = {
    "a foreign client id": sync_message(UPDATE, letters(12345, 0, b"x")),
    "truncated": lambda tab: sync_message(UPDATE, letters(tab.hello["client_id"], 0, b"xyz")[:-3]),
    "2^31 clients": sync_message(UPDATE, write_varuint(1 << 31) + b"\x00"),
    "a length beyond the frame": b"\x00\x02" + write_varuint(1 << 31) + b"x",
    "trailing bytes": lambda tab: sync_message(UPDATE, letters(tab.hello["client_id"], 0, b"x")) + b"x",
    "another root": lambda tab: sync_message(UPDATE, letters(tab.hello["client_id"], 0, b"x").replace(b"plan", b"evil")),
    "an unknown kind": b"\x63\x00",
    "an unknown sync kind": b"\x00\x07\x00",
    "an empty frame": b"",
    "one byte": b"\x00",
    "a state vector of nonsense": sync_message(STEP1, b"\x05\x01"),
    "a gap in step 2": lambda tab: b"\x00\x01" + sync_message(UPDATE, letters(tab.hello["client_id"], 7, b"x"))[2:],
    "awareness for a colleague": awareness_message({12345: (9, b"null")}),
}


@pytest.mark.parametrize("frame", HOSTILE.values(), ids=HOSTILE.keys())
async def test_bad_41_hostile_frames_close_only_their_own_socket(
    open_note: Open, house: House, frame: bytes | Callable[[Tab], bytes]
) -> None:
    alice, evil = await open_note(ALICE), await open_note(BOB)
    await evil.socket.send(frame if isinstance(frame, bytes) else frame(evil))
    assert await evil.closed() == 4400
    await still_works(alice, await open_note(BOB))
    assert len(await rejects_of(house)) == 1


TOO_BIG: dict[str, bytes] = {
    "an update": sync_message(UPDATE, b"\x00" * MAX_UPDATE),
    "a step 2": sync_message(STEP2, b"\x00" * MAX_STEP2),
    "a state vector": sync_message(STEP1, b"\x00" * MAX_STATE_VECTOR),
    "awareness": awareness_message({1: (1, b" " * MAX_AWARENESS)}),
}


@pytest.mark.parametrize("frame", TOO_BIG.values(), ids=TOO_BIG.keys())
async def test_bad_41_too_big(open_note: Open, frame: bytes) -> None:
    alice, evil = await open_note(ALICE), await open_note(BOB)
    await evil.socket.send(frame)
    assert await evil.closed() == 4413
    await still_works(alice, await open_note(BOB))


async def test_bad_41_a_frame_of_20_mb(open_note: Open) -> None:
    alice, evil = await open_note(ALICE), await open_note(BOB)
    with contextlib.suppress(ConnectionClosed):
        await evil.socket.send(b"\x00" * 20_000_000)
    assert await evil.closed() in {1006, 1009}
    await still_works(alice, await open_note(BOB))


async def test_bad_41_text_frames(open_note: Open) -> None:
    alice, evil = await open_note(ALICE), await open_note(BOB)
    await evil.socket.send('{"t":"hello"}')
    assert await evil.closed() == 4400
    await still_works(alice, await open_note(BOB))


async def test_bad_41_too_many_frames(open_note: Open) -> None:
    """The clock stands still, so nothing flows into the bucket: exactly the burst goes through."""
    alice, evil = await open_note(ALICE), await open_note(BOB)
    with contextlib.suppress(ConnectionClosed):
        for _ in range(int(FRAMES_BURST) + 1):
            await evil.send_state({"section": "plan"})
    assert await evil.closed() == 4429
    await still_works(alice, await open_note(BOB))


async def test_bad_41_sixty_frames_a_second(open_note: Open, clock: StillClock) -> None:
    """So many go through in each second after a burst, and not one more."""
    evil = await open_note(BOB)
    asked_and_answered = 2
    await evil_frames(evil, int(FRAMES_BURST) - asked_and_answered)
    clock.advance(1)
    await evil_frames(evil, int(FRAMES_PER_S))
    await evil.send_state({"section": "plan"})
    assert await evil.closed() == 4429


async def evil_frames(tab: Tab, count: int) -> None:
    """Send so many frames, the last of which is acknowledged."""
    for _ in range(count - 1):
        await tab.send_state({"section": "plan"})
    await tab.send_update(EMPTY_UPDATE, STEP2)
    await tab.until(lambda tab: tab.acked == tab.sent)


async def test_bad_41_cursors_over_their_rate_are_dropped_and_nothing_else(open_note: Open, clock: StillClock) -> None:
    """The clock stands still: exactly the burst goes through, and the next one when time has passed."""
    alice, hasty = await open_note(ALICE), await open_note(BOB)
    client, allowed = hasty.hello["client_id"], int(AWARENESS_BURST)
    for _ in range(allowed + 5):
        await hasty.send_state({"section": "plan"})
    await hasty.type("still here")
    await alice.until(lambda tab: tab.text() == "still here")
    assert alice.states[client][0] == allowed
    clock.advance(1)
    await hasty.send_state({"section": "plan"})
    await alice.until(lambda tab: tab.states[client][0] == allowed + 6)


async def test_bad_41_a_gap_in_the_clock_is_filled_by_asking(open_note: Open, house: House, meeting: Meeting) -> None:
    """An update that rests on one that never came is not parked: the tab is asked for all that is missing, and says saved only then."""
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("one ")
    await alice.until(lambda tab: tab.saved)
    alice.write("lost ")
    alice._mine.clear()
    await alice.type("three")
    await alice.until(lambda tab: tab.rejects)
    assert alice.rejects[0]["code"] == "gap"
    await alice.until(lambda tab: tab.saved)
    await bob.until(lambda tab: tab.text() == "one lost three")
    assert len(await rows_of(house.database, meeting.consultation_id)) == 2


async def test_bad_41_a_deletion_of_everything_is_somebodys_and_can_be_undone(open_note: Open, house: House, meeting: Meeting) -> None:
    """Deleting all is what select-all and a key do; it is one row with its author, and the text stands in the rows before it."""
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("Precious")
    await bob.until(lambda tab: tab.text() == "Precious")
    client = write_varuint(alice.hello["client_id"])
    await bob.send_update(b"\x00\x01" + client + b"\x01\x02" + write_varuint(8))
    await bob.until(lambda tab: tab.saved)
    await alice.until(lambda tab: tab.text() == "")
    rows = await rows_of(house.database, meeting.consultation_id)
    assert len(rows) == 2
    assert b"Precious" in (await opened(house, rows))[0]
    assert rows[0].session_id != rows[1].session_id


async def test_bad_41_a_deletion_of_what_nobody_wrote_is_a_gap(open_note: Open) -> None:
    alice, evil = await open_note(ALICE), await open_note(BOB)
    await evil.send_update(b"\x00\x01" + write_varuint(alice.hello["client_id"]) + b"\x01\x00" + write_varuint(1 << 20))
    await evil.until(lambda tab: tab.rejects)
    assert evil.rejects[0]["code"] == "gap"
    await still_works(alice, evil)


async def test_bad_41_a_letter_outside_of_any_text_is_refused(open_note: Open, house: House, meeting: Meeting) -> None:
    """It would keep everybody's editor from opening the section, for ever."""
    alice, evil = await open_note(ALICE), await open_note(BOB)
    await alice.type("Safe")
    await alice.until(lambda tab: tab.saved)
    await evil.send_update(letters(evil.hello["client_id"], 0, b"x"))
    assert await evil.closed() == 4400
    await still_works(alice, await open_note(BOB))
    assert [reject.code for reject in await rejects_of(house)] == ["place"]
    assert len(await rows_of(house.database, meeting.consultation_id)) == 2


async def test_bad_41_a_letter_between_two_that_do_not_touch_is_told_no(open_note: Open, house: House, meeting: Meeting) -> None:
    """Readers would find it in different places. Sent again in step 2 it is told no again; the same person's fresh tab goes on."""
    alice, evil = await open_note(ALICE), await open_note(BOB)
    await alice.type("abcd")
    await evil.until(lambda tab: tab.text() == "abcd")
    await evil.type("!")
    await evil.until(lambda tab: tab.saved)
    hers, mine = write_varuint(alice.hello["client_id"]), write_varuint(evil.hello["client_id"])
    clock = write_varuint(read_state_vector(evil.doc.get_state())[evil.hello["client_id"]])
    crossed = b"\x01\x01" + mine + clock + b"\xc4" + hers + b"\x05" + hers + b"\x03" + b"\x01x\x00"
    for number, kind in enumerate((UPDATE, STEP2), 1):
        await evil.send_update(crossed, kind)
        await evil.until(lambda tab, number=number: len(tab.rejects) == number)
        assert evil.rejects[-1]["code"] == "order"
    await still_works(alice, await open_note(BOB))
    assert len(await rows_of(house.database, meeting.consultation_id)) == 3


class Library:
    """The CRDT library with a bug: it takes half of an update, or nothing, and then panics."""

    def __init__(self, doc: Doc[XmlFragment], half: bytes) -> None:
        self._doc = doc
        self._half = half

    def __getattr__(self, name: str) -> Any:
        return getattr(self._doc, name)

    def apply_update(self, update: bytes) -> None:
        del update
        self._doc.apply_update(self._half)
        raise RuntimeError


async def test_bad_41_an_update_that_breaks_half_way_leaves_nothing_behind(
    open_note: Open, hub: Hub, house: House, meeting: Meeting
) -> None:
    """The library takes the first of two pieces and stops. The note is read again from the log."""
    alice, evil = await open_note(ALICE), await open_note(BOB)
    await alice.type("Safe")
    await alice.until(lambda tab: tab.saved)
    document = only_place(hub).live.document
    half = b"\x01\x01" + write_varuint(evil.hello["client_id"]) + b"\x00\x07\x01\x04plan\x03\x09paragraph\x00"
    document._doc = Library(document._doc, half)  # type: ignore[assignment]
    await evil.type("q", "subjective")
    assert await evil.closed() == 4400
    assert await alice.closed() == 4500
    again = await open_note(ALICE, older=alice)
    await again.until(lambda tab: tab.saved)
    await still_works(again, await open_note(BOB))
    written = await opened(house, await rows_of(house.database, meeting.consultation_id))
    assert [b"q" in update for update in written] == [False, False]


async def test_bad_41_an_update_that_breaks_at_once_disturbs_nobody(open_note: Open, hub: Hub, meeting: Meeting) -> None:
    """Nothing went in, so nothing has to be read again."""
    alice, evil = await open_note(ALICE), await open_note(BOB)
    await alice.type("Safe")
    await alice.until(lambda tab: tab.saved)
    document = only_place(hub).live.document
    real = document._doc
    document._doc = Library(real, EMPTY_UPDATE)  # type: ignore[assignment]
    await evil.type("q", "subjective")
    assert await evil.closed() == 4400
    document._doc = real
    await still_works(alice, await open_note(BOB))


async def test_bad_41_asking_for_the_whole_text_again_and_again(open_note: Open) -> None:
    alice, evil = await open_note(ALICE), await open_note(BOB)
    with contextlib.suppress(ConnectionClosed):
        for _ in range(int(STEP1_BURST) + 1):
            await evil.ask()
    assert await evil.closed() == 4429
    await still_works(alice, await open_note(BOB))


async def test_bad_41_too_much_text_in_a_short_time(open_note: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.notes.conn.BYTES_BURST", 1000.0)
    evil = await open_note(BOB)
    await evil.type("x" * 900)
    await evil.type("x" * 900)
    assert await evil.closed() == 4429


async def test_a_bug_of_ours_is_not_called_the_browsers_fault(open_note: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: Conn) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(Conn, "greet", crash)
        assert await (await open_note(ALICE, until_synced=False)).closed() == 1011
    await open_note(ALICE)


def has_letters(length: int, tab: Tab) -> bool:
    return len(tab.text()) == length


async def test_bad_41_a_note_of_2_mib_takes_no_more_and_loses_nothing(open_note: Open) -> None:
    alice, bob = await open_note(ALICE), await open_note(BOB)
    piece = "x" * 200_000
    fits = MAX_NOTE_BYTES // len(piece) + 1
    for number in range(fits):
        tab = (alice, bob)[number % 2]
        await tab.type(piece)
        await tab.until(lambda tab: tab.saved)
        for reader in (alice, bob):
            await reader.until(partial(has_letters, (number + 1) * len(piece)))
    await alice.type("one word too many")
    await alice.until(lambda tab: tab.rejects)
    assert alice.rejects[0]["code"] == "full"
    assert not alice.saved
    assert alice.text().endswith("one word too many")
    assert (await open_note(BOB)).text() == bob.text() == piece * fits


async def test_bad_41_a_full_note_takes_no_more_and_says_so(
    open_note: Open, monkeypatch: pytest.MonkeyPatch, house: House, meeting: Meeting
) -> None:
    """The deletion after the refused words is not taken either: it would be confirmed, and 'saved' would be said of them all."""
    monkeypatch.setattr("server.notes.document.MAX_UPDATES", 1)
    alice, bob = await open_note(ALICE), await open_note(BOB)
    await alice.type("first")
    await alice.until(lambda tab: tab.saved)
    await alice.type("second")
    await alice.until(lambda tab: tab.rejects)
    assert alice.rejects[0]["code"] == "full"
    await alice.send_update(b"\x00\x01" + write_varuint(alice.hello["client_id"]) + b"\x01\x02\x05")
    await alice.send_state({"section": "plan"})
    await bob.until(lambda tab: tab.states)
    assert not alice.saved
    assert bob.text() == "first"
    assert len(await rows_of(house.database, meeting.consultation_id)) == 1
