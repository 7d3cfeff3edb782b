"""Which stretch of somebody is played while a call changes from one room of an engine to another."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from server.consultation.recorded import RecordingTrack
from server.notes.recordings import plays_until

pytestmark = pytest.mark.row("V8")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def stretch(folder: str, begins_s: float, ends_s: float) -> RecordingTrack:
    begun, ended = (NOON + timedelta(seconds=second) for second in (begins_s, ends_s))
    return RecordingTrack(id=uuid4(), file=f"{folder}/p.1.box", begun_at=begun, ended_at=ended)


def until_s(tracks: list[RecordingTrack]) -> list[float]:
    return [(plays_until(track, tracks) - NOON).total_seconds() for track in tracks]


def test_the_later_room_goes_on_where_both_were_recorded() -> None:
    assert until_s([stretch("f", 0, 12), stretch("f-1", 10, 60)]) == [10, 60]
    assert until_s([stretch("f-1", 10, 60), stretch("f", 0, 12), stretch("f-2", 58, 90)]) == [58, 10, 90]


def test_a_screen_beside_a_camera_is_played_to_its_end() -> None:
    assert until_s([stretch("f", 0, 60), stretch("f", 20, 40)]) == [60, 40]


def test_what_ended_before_is_not_made_longer() -> None:
    assert until_s([stretch("f", 0, 5), stretch("f-1", 10, 60)]) == [5, 60]
