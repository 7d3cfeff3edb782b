"""What a recording takes of a call: the best layer from a whole picture on, nothing while it is paused, and nothing of who is gone."""

import pytest

from server.media import tape
from server.media.depacketise import RECORDABLE
from server.media.outlets import Track as Place
from server.media.peers import inlets
from server.media.recording import LAYER_HELD_S, Recording
from server.media_control import Event, NotRecorded, OpenRoom, Record, RecordingFailed
from tests.pure.media.net import Call, rtp, take

pytestmark = pytest.mark.row("V8")
KEY = "ab" * 32
CAMERA = Place("ann", "camera")
UNSEEN = [("VP9", 98, b"\x08whole"), ("H264", 102, b"\x67whole"), ("AV1", 45, b"\x08whole")]  # each begins a whole picture


class Taped:
    """A recording of one camera, whose recorder is never started: what it would be told can be read."""

    def __init__(self, *rids: str, paused: bool = False) -> None:
        self.call = Call(*rids)
        self.events: list[Event] = []
        asked = Record(id=1, room="r", folder="f", key=KEY, paused=paused)
        begin = tape.Begin(folder="f", key=KEY, wall=0.0, monotonic=self.call.now)
        self.recording = Recording(asked, begin, self.events.append)
        self.call.subscriber.close()  # nobody else is there
        self.sent = {CAMERA: self.call.publisher.tracks["camera"]}

    def show(self, *rids: str, key: bool = False) -> None:
        for rid in rids:
            take(self.call.publisher, self.call.layers[rid].next(key=key), self.call.now)

    def tick(self, step: float = 0.1) -> None:
        self.call.now += step
        self.recording.tick(self.sent, self.call.now)

    def told(self) -> list[tuple[int, int]]:
        """Return (kind, source) of what the recorder was told since the last time, but for the time."""
        raw, self.recording._waiting[:] = b"".join(self.recording._waiting), []
        return [(one.kind, one.source) for one in tape.Tape().feed(raw) if one.kind != tape.TIME]


def test_it_begins_with_a_whole_picture_of_the_best_layer() -> None:
    taped = Taped("l", "m", "h")
    taped.show("l", "m", "h", key=True)
    taped.tick()
    taped.show("l", "m", "h")
    assert taped.told() == [(tape.BEGIN, 0)]
    taped.show("l", "m", key=True)
    assert taped.told() == []
    taped.show("h", key=True)
    taped.show("l", "m", "h")
    assert taped.told() == [(tape.SOURCE, 1), (tape.PACKET, 1), (tape.PACKET, 1)]


def test_nothing_of_one_that_begins_paused_is_taken_before_it_goes_on() -> None:
    taped = Taped("l", paused=True)
    for _ in range(3):
        taped.show("l", key=True)
        taped.tick()
    assert taped.told() == [(tape.BEGIN, 0)]
    taped.recording.resume()
    taped.tick()
    taped.show("l", key=True)
    assert taped.told() == [(tape.SOURCE, 1), (tape.PACKET, 1)]


def test_a_better_layer_that_comes_later_is_taken_and_one_that_falls_silent_is_left() -> None:
    taped = Taped("l", "h")
    taped.show("l", key=True)
    taped.tick()
    taped.show("l", key=True)
    taped.show("h", key=True)
    assert taped.told()[1:] == [(tape.SOURCE, 1), (tape.PACKET, 1)]
    taped.tick()  # not at once
    taped.show("h", key=True)
    assert taped.told() == []
    taped.call.now += LAYER_HELD_S
    taped.show("l", "h")
    taped.tick()
    taped.show("h", key=True)
    taped.show("l")
    assert taped.told() == [(tape.PACKET, 1), (tape.SOURCE, 2), (tape.PACKET, 2)]
    for _ in range(30):
        taped.show("l")
        taped.tick()
    taped.show("l", key=True)
    assert taped.told() == [(tape.SOURCE, 3), (tape.PACKET, 3)]


def test_a_pause_takes_nothing_and_goes_on_with_a_whole_picture() -> None:
    taped = Taped("h")
    taped.show("h", key=True)
    taped.tick()
    taped.show("h", key=True)
    taped.recording.pause()
    taped.recording.pause()
    taped.show("h", key=True)
    taped.tick()
    taped.show("h", key=True)
    assert taped.told()[1:] == [(tape.SOURCE, 1), (tape.PACKET, 1), (tape.PAUSE, 0)]
    track = taped.sent[CAMERA]
    assert not track.takers
    assert not any(layer.fan or layer.waiting for layer in track.layers.values())
    taped.recording.resume()
    taped.tick()
    taped.show("h")
    taped.show("h", key=True)
    assert taped.told() == [(tape.SOURCE, 2), (tape.PACKET, 2)]


def test_who_is_gone_is_told_and_let_go() -> None:
    taped = Taped("h")
    taped.show("h", key=True)
    taped.tick()
    taped.show("h", key=True)
    taped.told()
    taped.sent = {}
    taped.tick()
    assert taped.told() == [(tape.GONE, 0)]
    assert not taped.call.publisher.tracks["camera"].takers


def test_a_wish_for_a_picture_reaches_the_browser() -> None:
    taped = Taped("h")
    taped.show("h", key=True)
    taped.tick()
    taped.show("h", key=True)
    taped.call.now += 1
    asked = len(taped.call.sending.rtcp)
    taped.recording._wishes += [7, 1]
    taped.tick()
    assert len(taped.call.sending.rtcp) == asked + 1


def test_a_stopped_one_and_a_failed_one_hold_on_to_nothing() -> None:
    for end in ("stop", "fail"):
        taped = Taped("h")
        taped.show("h", key=True)
        taped.tick()
        taped.show("h", key=True)
        taped.recording.stop() if end == "stop" else taped.recording.fail("slow")
        taped.tick()
        taped.show("h", key=True)
        assert taped.told()[-1:] == ([(tape.STOP, 0)] if end == "stop" else [])
        assert not taped.call.publisher.tracks["camera"].takers
        taped.recording.fail("slow")
        taped.recording.fail("again")
        assert taped.events == [RecordingFailed(room="r", folder="f", reason="slow")]


def test_a_layer_that_gets_another_ssrc_is_followed() -> None:
    taped = Taped("h")
    taped.show("h", key=True)
    taped.tick()
    taped.show("h", key=True)
    taped.told()
    encoder = taped.call.layers["h"]
    encoder.ssrc, encoder.named = encoder.ssrc + 1000, 3
    taped.show("h", key=True)
    taped.show("h", key=True)
    taped.tick()
    taped.show("h", key=True)
    assert (tape.SOURCE, 2) in taped.told()
    taped.show("h")
    assert taped.told() == [(tape.PACKET, 2)]


@pytest.mark.parametrize(("codec", "kind", "payload"), UNSEEN)
def test_what_no_file_can_hold_is_told_once_and_left_out(codec: str, kind: int, payload: bytes) -> None:
    taped = Taped("h")
    packets = [rtp(payload, kind=kind, ssrc=10, sequence=at, timestamp=3000 * at, marker=True, mid=b"camera", rid=b"h") for at in range(4)]
    for packet in packets:
        take(taped.call.publisher, packet, taped.call.now)
        taped.tick()
    assert taped.events == [NotRecorded(room="r", folder="f", peer="ann", source="camera", codec=codec)]
    assert taped.told() == [(tape.BEGIN, 0)]


def test_a_room_takes_only_what_can_be_recorded_unless_it_is_told_to() -> None:
    """So a browser that could send VP9, H264 or AV1 is not offered to."""
    assert RECORDABLE.issuperset(OpenRoom(id=1, room="r").codecs)
    assert {codec for line in inlets(["camera"], ("VP8",), simulcast=True) for codec in line.codecs} == {"VP8"}
