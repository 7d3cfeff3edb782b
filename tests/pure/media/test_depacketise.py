"""Frames out of packets: in order and whole, and after a loss none until a picture that needs no earlier one."""

import random
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.depacketise import (
    LARGEST_FRAME,
    MOST_WAITING,
    PICTURE_WAITS_S,
    RECORDABLE,
    SOUND_WAITS_S,
    Frame,
    Pictures,
    Sound,
)
from tests.pure.media.net import rtp

pytestmark = pytest.mark.row("V8")

KEY = bytes((0x10, 0, 0)) + b"\x9d\x01\x2a" + pack("<HH", 320, 240)


def picture(number: int, *, key: bool, pieces: int = 3) -> bytes:
    return (KEY if key else bytes((0x11, 0, 0))) + bytes([number & 0xFF]) * (50 * pieces)


def packets(frame: bytes, sequence: int, timestamp: int) -> list[bytes]:
    """Cut a picture into packets of 60 bytes."""
    starts = range(0, len(frame), 60)
    return [
        rtp(
            bytes((0x10 if at == 0 else 0,)) + frame[at : at + 60], kind=96, ssrc=1, sequence=sequence + number, timestamp=timestamp,
            marker=at + 60 >= len(frame),
        )
        for number, at in enumerate(starts)
    ]  # fmt: skip


def film(pictures: int, *, keys: int, first: int = 65_530) -> tuple[list[bytes], list[list[bytes]]]:
    """Return pictures, every `keys`th of them whole, and the packets of each."""
    frames = [picture(number, key=number % keys == 0) for number in range(pictures)]
    cut, sequence = [], first
    for number, frame in enumerate(frames):
        cut.append(packets(frame, sequence, 3000 * number))
        sequence += len(cut[-1])
    return frames, cut


def shown(reader: Pictures, sent: list[bytes], now: float = 0.0) -> list[Frame]:
    return [frame for packet in sent for frame in reader.put(packet, now)]


def test_pictures_come_out_as_they_were_cut_up() -> None:
    frames, cut = film(5, keys=100)
    reader = Pictures("VP8")
    assert reader.wants_picture
    got = shown(reader, [one for packets_of in cut for one in packets_of])
    assert [one.payload for one in got] == frames
    assert [one.timestamp for one in got] == [3000 * number for number in range(5)]
    assert [(one.whole, one.width, one.height) for one in got] == [(True, 320, 240), *[(False, 0, 0)] * 4]
    assert not reader.wants_picture


@given(st.randoms(use_true_random=False))
def test_disorder_and_repetition_change_nothing(dice: random.Random) -> None:
    frames, cut = film(6, keys=100)
    sent = [one for packets_of in cut for one in packets_of]
    mixed = sorted((one for one in sent[1:] for _ in range(dice.randrange(1, 3))), key=lambda one: sent.index(one) + dice.random() * 6)
    assert [one.payload for one in shown(Pictures("VP8"), [sent[0], *mixed])] == frames


@given(st.sets(st.integers(0, 70), min_size=1, max_size=12))
def test_after_a_loss_nothing_comes_until_a_whole_picture(lost: set[int]) -> None:
    frames, cut = film(24, keys=8)
    reader, got, number, damaged = Pictures("VP8"), [], 0, set()
    for place, one in enumerate(cut):
        for packet in one:
            if number in lost:
                damaged.add(place)
            else:
                got += reader.put(packet, float(place))
                got += reader.due(float(place))
            number += 1
    got += reader.due(1000.0)
    places = [frames.index(one.payload) for one in got]
    assert places == sorted(set(places))
    for place in range(24):
        chain = range(place - place % 8, place + 1)
        if place in places:
            assert not damaged & set(chain)
    assert [place for place in range(24) if not damaged & set(range(place - place % 8, place + 1))] == places


def test_a_gap_is_waited_for_and_then_given_up() -> None:
    frames, cut = film(9, keys=4)
    reader = Pictures("VP8")
    assert len(shown(reader, cut[0])) == 1
    assert shown(reader, cut[1][1:] + cut[2], now=1.0) == []
    assert not reader.due(1.0 + PICTURE_WAITS_S - 0.01)
    assert [one.payload for one in reader.put(cut[1][0], 1.5)] == frames[1:3]
    assert shown(reader, cut[3][:1] + cut[4], now=2.0) == []
    assert [one.payload for one in reader.due(2.0 + PICTURE_WAITS_S)] == [frames[4]]
    assert shown(reader, cut[3], now=3.0) == []  # too late


def test_a_window_that_is_full_gives_the_gap_up() -> None:
    sounds = [rtp(bytes([number & 0xFF]), kind=111, ssrc=1, sequence=number, timestamp=960 * number) for number in range(MOST_WAITING + 3)]
    reader = Sound()
    assert len(reader.put(sounds[0], 0.0)) == 1
    for sound in sounds[2:-1]:
        assert not reader.put(sound, 0.0)
    assert len(reader.put(sounds[-1], 0.0)) == MOST_WAITING + 1
    assert len(reader.put(rtp(b"!", kind=111, ssrc=1, sequence=30_000, timestamp=0), 0.0)) == 1  # a jump is a gap, too


def test_sound_is_waited_for_a_moment() -> None:
    first, second, third = (
        rtp(bytes([number & 0xFF]), kind=111, ssrc=1, sequence=number, timestamp=960 * number) for number in (65_535, 0, 1)
    )
    reader = Sound()
    assert [one.payload for one in reader.put(first[:-1] + b"a", 0.0)] == [b"a"]
    assert not reader.put(third, 0.0)
    assert not reader.due(SOUND_WAITS_S - 0.01)
    assert [one.payload for one in reader.due(SOUND_WAITS_S)] == [b"\x01"]
    assert not reader.put(second, 1.0)
    assert not reader.wants_picture


def test_what_is_no_packet_of_sound_is_passed_over() -> None:
    reader = Sound()
    assert reader.put(b"short", 0.0) == []
    assert reader.put(rtp(b"", kind=111, ssrc=1, sequence=1, timestamp=0), 0.0) == []
    assert reader.put(rtp(bytes(1301), kind=111, ssrc=1, sequence=2, timestamp=0), 0.0) == []
    reader.put(rtp(bytes(1301), kind=111, ssrc=1, sequence=4, timestamp=0), 0.0)
    assert reader.due(9.0) == []


@pytest.mark.parametrize(
    "payload",
    [
        b"\x10",  # nothing behind the descriptor
        bytes((0x10, 0, 0, 0)) + b"wrong" + bytes(9),  # no start code
        bytes((0x10, 0, 0, 0)) + b"\x9d\x01\x2a" + bytes(4),  # no size
        bytes((0x10, 0, 0, 0, 1)),  # cut short
        bytes((0x00, 1, 2, 3)),  # the middle of something
    ],
)
def test_a_broken_picture_is_none(payload: bytes) -> None:
    reader = Pictures("VP8")
    assert reader.put(rtp(payload, kind=96, ssrc=1, sequence=1, timestamp=0, marker=True), 0.0) == []
    assert reader.wants_picture
    assert len(shown(reader, packets(picture(1, key=True), 2, 9))) == 1


def test_a_picture_whose_end_is_missing_is_none() -> None:
    """The mark of its last packet is not there, and the next picture begins: no packet is missing, but something is wrong."""
    reader = Pictures("VP8")
    first = packets(picture(1, key=True), 1, 0)
    cut = [*first[:-1], rtp(b"\x00rest", kind=96, ssrc=1, sequence=len(first), timestamp=0)]
    assert shown(reader, [*cut, *packets(picture(2, key=False), 1 + len(first), 3000)]) == []
    assert len(shown(reader, packets(picture(3, key=True), 1 + 2 * len(first), 6000))) == 1


def test_a_picture_without_bounds_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LARGEST_FRAME == 2 << 20
    monkeypatch.setattr("server.media.depacketise.LARGEST_FRAME", 200)
    reader = Pictures("VP8")
    large = packets(picture(1, key=True, pieces=9), 1, 0)
    assert shown(reader, large) == []
    assert len(shown(reader, packets(picture(1, key=True, pieces=2), 1 + len(large), 9))) == 1


def test_only_what_a_file_can_hold_is_recorded() -> None:
    assert {"opus", "VP8"} == RECORDABLE
    with pytest.raises(KeyError):
        Pictures("H264")
