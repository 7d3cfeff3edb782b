"""The recording of a call goes with it from one room of an engine to the next, and no room is closed before its files are whole."""

from datetime import UTC, datetime

import pytest

from server.consultation.deck import AGAIN_S, COMPLETES_WITHIN_S, LASTED_S, MOST_FAILURES, Deck
from server.media_control import (
    PauseRecording,
    Record,
    Recorded,
    RecordedFile,
    RecordingBegun,
    RecordingFailed,
    ResumeRecording,
    StopRecording,
)
from tests.pure.fake_engine import FakeEngine, FakeRoom

pytestmark = pytest.mark.row("V8")

KEY = bytes(range(32))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def room_of(engine: FakeEngine, name: str) -> FakeRoom:
    room = engine.open(name, [].append)
    assert room is not None
    return room


def begins(deck: Deck, room: FakeRoom, now: float = 0) -> None:
    """As the engine says it of the newest recorder."""
    deck.hear(room, RecordingBegun(room=room.name, folder=newest_folder(room)), now)


def newest_folder(room: FakeRoom) -> str:
    return str([fields["folder"] for kind, fields in room.said if kind is Record][-1])


def changing() -> tuple[Deck, FakeRoom, FakeRoom]:
    """Return a call that was recorded in one room and changes to another one."""
    engine, deck = FakeEngine(), Deck()
    one, two = room_of(engine, "a"), room_of(engine, "b")
    deck.record("f", KEY, 0)
    deck.enter(one, 0)
    begins(deck, one)
    deck.enter(two, 1)
    return deck, one, two


def words(room: FakeRoom) -> list[str]:
    return [kind.__name__ for kind, _ in room.said]


def whole(room: FakeRoom, folder: str) -> Recorded:
    file = RecordedFile(file="p.1.box", peer="p", begun=NOON, ended=NOON, bytes=1, head="00" * 32)
    return Recorded(room=room.name, folder=folder, tracks=[file])


def test_it_waits_for_a_room_and_keeps_the_call_on_the_engine() -> None:
    engine, deck = FakeEngine(), Deck()
    assert not deck.busy
    deck.record("f", KEY, 0)
    assert deck.busy
    room = room_of(engine, "a")
    deck.enter(room, 0)
    assert room.said == [(Record, {"folder": "f", "key": KEY.hex(), "paused": False})]
    deck.pause()
    deck.resume()
    deck.stop(1)
    assert [kind for kind, _ in room.said][1:] == [PauseRecording, ResumeRecording, StopRecording]
    assert deck.busy
    deck.hear(room, whole(room, "f"), 1)
    assert not deck.busy
    assert len(deck.told) == 1


def test_another_room_writes_into_another_folder_and_stays_paused_and_the_one_before_goes_on_until_it_is_parted_with() -> None:
    engine, deck = FakeEngine(), Deck()
    one, two = room_of(engine, "a"), room_of(engine, "b")
    deck.record("f", KEY, 0)
    deck.enter(one, 0)
    deck.pause()
    deck.enter(two, 1)
    assert words(one) == ["Record", "PauseRecording"]
    assert two.said == [(Record, {"folder": "f-1", "key": KEY.hex(), "paused": True})]
    deck.resume()
    assert words(two) == ["Record", "ResumeRecording"]
    deck.part(one, 2)
    assert words(one) == ["Record", "PauseRecording", "ResumeRecording", "StopRecording"]
    assert "a" in engine.rooms
    deck.hear(one, whole(one, "f"), 1)
    assert "a" not in engine.rooms


def test_while_the_call_changes_to_another_room_it_is_recorded() -> None:
    deck, one, two = changing()
    assert deck.writes, "in the room before"
    deck.part(one, 2)
    assert not deck.writes
    begins(deck, two)
    assert deck.writes


def test_an_end_ends_it_in_both_rooms() -> None:
    deck, one, two = changing()
    deck.stop(2)
    assert (words(one), words(two)) == (["Record", "StopRecording"], ["Record", "StopRecording"])


def test_what_was_paused_before_it_begins_begins_so_and_the_next_one_does_not() -> None:
    engine, deck = FakeEngine(), Deck()
    room = room_of(engine, "a")
    deck.enter(room, 0)
    deck.pause()
    deck.record("f", KEY, 0)
    deck.stop(1)
    deck.hear(room, whole(room, "f"), 1)
    deck.record("g", KEY, 2)
    assert [fields["paused"] for kind, fields in room.said if kind is Record] == [True, False]


def test_a_room_is_not_kept_for_ever_and_one_that_recorded_nothing_not_at_all() -> None:
    engine, deck = FakeEngine(), Deck()
    one, two = room_of(engine, "a"), room_of(engine, "b")
    deck.part(one, 0)
    deck.record("f", KEY, 0)
    deck.enter(two, 0)
    deck.stop(10)
    deck.part(two, 10)
    deck.tick(10 + COMPLETES_WITHIN_S - 0.1)
    assert set(engine.rooms) == {"b"}
    deck.tick(10 + COMPLETES_WITHIN_S)
    assert engine.rooms == {}


def failed(room: FakeRoom, reason: str = "recorder") -> RecordingFailed:
    """As the engine says it of the newest recorder."""
    return RecordingFailed(room=room.name, folder=newest_folder(room), reason=reason)


def test_of_two_in_one_room_the_one_that_failed_is_followed() -> None:
    """The one before has been stopped, and its files are not whole yet."""
    engine, deck = FakeEngine(), Deck()
    room = room_of(engine, "a")
    deck.enter(room, 0)
    deck.record("f", KEY, 0)
    begins(deck, room)
    deck.stop(1)
    deck.record("g", KEY, 2)
    begins(deck, room)
    deck.hear(room, failed(room), 3)
    assert not deck.writes
    deck.hear(room, whole(room, "f"), 4)
    assert [event.folder for event in deck.told if isinstance(event, Recorded)] == ["f"]
    deck.tick(3 + AGAIN_S)
    assert room.said[-1] == (Record, {"folder": "g-1", "key": KEY.hex(), "paused": False})


def test_a_room_with_two_is_closed_after_both() -> None:
    engine, deck = FakeEngine(), Deck()
    room = room_of(engine, "a")
    deck.enter(room, 0)
    deck.record("f", KEY, 0)
    deck.stop(1)
    deck.record("g", KEY, 2)
    deck.part(room, 3)
    deck.hear(room, whole(room, "f"), 4)
    assert "a" in engine.rooms
    deck.hear(room, whole(room, "g"), 5)
    assert "a" not in engine.rooms


def test_one_that_fails_where_the_call_no_longer_is_is_not_followed() -> None:
    deck, one, two = changing()
    begins(deck, two)
    for _ in range(MOST_FAILURES):
        deck.hear(one, failed(one), 2)
    deck.tick(2 + AGAIN_S)
    assert not deck.writes, "the call may still be there"
    deck.part(one, 5)
    assert deck.writes
    assert (words(one), words(two), list(deck.told)) == (["Record"], ["Record"], [])


def test_only_a_recording_that_goes_on_can_fail() -> None:
    engine, deck = FakeEngine(), Deck()
    room = room_of(engine, "a")
    deck.record("g", KEY, 0)
    deck.enter(room, 0)
    deck.stop(1)
    deck.hear(room, failed(room, "no_recordings"), 1)
    deck.hear(None, failed(room), 1)
    assert list(deck.told) == []


def test_another_recorder_follows_one_that_died() -> None:
    engine, deck = FakeEngine(), Deck()
    room = room_of(engine, "a")
    deck.record("f", KEY, 0)
    assert not deck.writes
    deck.enter(room, 0)
    deck.pause()
    assert not deck.writes
    begins(deck, room)
    assert deck.writes
    deck.hear(room, failed(room), 5)
    assert not deck.writes
    deck.tick(5 + AGAIN_S - 0.1)
    assert not deck.writes
    deck.tick(5 + AGAIN_S)
    deck.hear(room, RecordingBegun(room="a", folder="f"), 8)  # late, of the one before
    assert not deck.writes
    begins(deck, room)
    assert deck.writes
    assert words(room) == ["Record", "PauseRecording", "Record"]
    assert room.said[2][1] == {"folder": "f-1", "key": KEY.hex(), "paused": True}
    assert list(deck.told) == []


@pytest.mark.parametrize(("lasts", "ends"), [(LASTED_S - 1, True), (LASTED_S, False)])
def test_one_that_dies_again_and_again_has_ended(lasts: float, ends: bool) -> None:
    engine, deck, now = FakeEngine(), Deck(), 0.0
    room = room_of(engine, "a")
    deck.record("f", KEY, now)
    deck.enter(room, now)
    for _ in range(MOST_FAILURES):
        now += lasts
        deck.hear(room, failed(room), now)
        now += AGAIN_S
        deck.tick(now)
    assert [type(event) for event in deck.told] == ([RecordingFailed] if ends else [])


def test_what_no_recorder_can_mend_ends_it_at_once() -> None:
    engine, deck = FakeEngine(), Deck()
    room = room_of(engine, "a")
    deck.record("f", KEY, 0)
    deck.enter(room, 0)
    deck.hear(room, failed(room, "no_recordings"), 0)
    assert [type(event) for event in deck.told] == [RecordingFailed]


def test_one_that_goes_on_after_a_stop_never_meets_an_older_folder() -> None:
    engine, deck = FakeEngine(), Deck()
    room = room_of(engine, "a")
    deck.enter(room, 0)
    deck.record("f", KEY, 0, count=1_800_000_000)
    assert room.said[0][1]["folder"] == "f-1800000000"


def test_a_lost_room_is_forgotten_and_the_next_one_goes_on() -> None:
    engine, deck = FakeEngine(), Deck()
    room = room_of(engine, "a")
    deck.record("f", KEY, 0)
    deck.enter(room, 0)
    begins(deck, room)
    room.lose()
    deck.hear(room, None, 1)
    assert not deck.writes
    after = room_of(engine, "b")
    deck.enter(after, 1)
    assert words(after) == ["Record"]
    deck.stop(2)
    deck.close()
    assert set(engine.rooms) == {"b"}
