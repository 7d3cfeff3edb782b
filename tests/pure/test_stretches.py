"""Which recorder made a stretch of a recording."""

import pytest

from server.consultation.recorded import RecordingTrack
from server.notes.recordings import recorder_of

pytestmark = pytest.mark.row("V8")


@pytest.mark.parametrize(("folder", "number"), [("6f1d", 0), ("6f1d-1", 1), ("6f1d-1700000000", 1_700_000_000)])
def test_the_folder_of_a_stretch_tells_its_recorder(folder: str, number: int) -> None:
    assert recorder_of(RecordingTrack(file=f"{folder}/p.1.box")) == number
