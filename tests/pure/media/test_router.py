"""What subscribers are sent of what publishers send, over a port that only keeps it."""

import itertools
from struct import pack

import pytest

from server.media.codecs import TRANSPORT_SEQUENCE
from server.media.forwarder import PADDING
from server.media.rtcp import (
    Block,
    Bye,
    FullIntra,
    Nack,
    PictureLoss,
    ReceiverReport,
    Remb,
    SenderReport,
    read_compound,
    write_nack,
    write_pli,
    write_receiver_report,
    write_sender_report,
)  # fmt: skip
from server.media.rtp import ahead, ahead32
from server.media.twcc import Arrivals
from tests.pure.media.net import Call, asks, begun, read, rtp, take

pytestmark = pytest.mark.row("V5")


def test_a_picture_begins_with_a_whole_one_and_under_the_subscribers_names() -> None:
    call = begun()
    call.play(0.3)
    sent = [read(packet) for packet in call.receiving.rtp if read(packet).header.ssrc == 77]
    assert [one.payload[5] & 1 for one in sent] == [0, 1, 1, 1]
    assert sent[0].header.sequence < 0x8000
    assert {ahead(after.header.sequence, before.header.sequence) for before, after in itertools.pairwise(sent)} == {1}
    assert all(set(one.extensions) == {TRANSPORT_SEQUENCE, 2} for one in sent)
    assert all(one.extensions[2] != b"old" for one in sent)


@pytest.mark.parametrize("path", ["lmh", "hlhm", "mlml"])
def test_a_change_of_layer_keeps_every_number_in_step(path: str) -> None:
    call = begun(path[0])
    for rid in path:
        call.subscriber.estimator.on_remb(50_000_000, call.now)
        call.watch(rid)
        call.play(3)
        call.answer_plis()
        assert call.forwarder.layer is not None
        assert call.forwarder.layer.ssrc == call.layers[rid].ssrc
    sent = [read(packet) for packet in call.receiving.rtp if read(packet).header.ssrc == 77]
    pairs = list(itertools.pairwise(sent))
    assert {ahead(after.header.sequence, before.header.sequence) for before, after in pairs} == {1}
    assert all(0 < ahead32(after.header.timestamp, before.header.timestamp) < 90_000 for before, after in pairs)
    pictures = [int.from_bytes(one.payload[2:4], "big") & 0x7FFF for one in sent]
    assert {after - before & 0x7FFF for before, after in itertools.pairwise(pictures)} == {1}
    assert {after.payload[4] - before.payload[4] & 0xFF for before, after in pairs} == {1}


def test_reports_of_the_sender_align_the_layers_times() -> None:
    call = begun()
    for number, encoder in enumerate(call.layers.values()):
        moment = (1 << 62) + number * (1 << 32)  # each layer's report is a second later than the one before
        report = SenderReport(encoder.ssrc, moment, encoder.timestamp + number * 90_000 & 0xFFFFFFFF, 1, 1)
        call.publisher.on_rtcp(write_sender_report(report), call.now)
    call.frame()
    call.go_on(0.02)
    call.watch("h")
    before, after = (read(packet).header.timestamp for packet in call.receiving.rtp[-2:])
    assert ahead32(after, before) == 3000
    call.go_on(1.0)
    report = next(one for one in asks(call.receiving) if isinstance(one, SenderReport))
    assert report.ssrc == 77
    assert report.packets == call.forwarder.outgoing.packets
    assert abs(ahead32(report.rtp_timestamp, after) - 3.02 * 90_000) < 9_000, "two seconds on, as its report stands two seconds on"


def test_a_late_packet_of_the_layer_before_is_dropped() -> None:
    call = begun()
    late_of_old, late_of_new = call.layers["l"].next(), call.layers["h"].next()
    call.watch("h")
    seen = len(call.receiving.rtp)
    take(call.publisher, late_of_old, call.now)
    take(call.publisher, late_of_new, call.now)
    assert len(call.receiving.rtp) == seen
    assert call.forwarder.outgoing.late == 1


def test_what_was_missed_is_sent_again_as_it_was_even_across_a_change_of_layer() -> None:
    call = begun()
    call.play(0.3)
    call.watch("m")
    call.play(0.2)
    sent = {read(packet).header.sequence: read(packet) for packet in call.receiving.rtp}
    call.receiving.rtp.clear()
    call.subscriber.on_rtcp(write_nack(1, 77, sorted(sent)), call.now)
    again = [read(packet) for packet in call.receiving.rtp]
    assert len(again) == len(sent) == call.forwarder.repaired
    for one in again:
        first = sent[int.from_bytes(one.payload[:2], "big")]
        assert one.payload[2:] == first.payload
        assert one.header[:2] == (first.header.marker, 97)
        assert (one.header.timestamp, one.header.ssrc) == (first.header.timestamp, 78)
    numbers = [one.extensions[TRANSPORT_SEQUENCE] for one in [*sent.values(), *again]]
    assert len(set(numbers)) == len(numbers)
    call.subscriber.on_rtcp(write_nack(1, 77, sorted(sent)), call.now)
    assert len(call.receiving.rtp) == len(again), "not twice in a moment"


def test_repairs_are_bounded() -> None:
    call = begun()
    for _ in range(500):
        call.frame(only="l")
    first = read(call.receiving.rtp[0]).header.sequence
    call.receiving.rtp.clear()
    for _ in range(20):
        call.now += 0.05
        call.subscriber.on_rtcp(write_nack(1, 77, [first + number & 0xFFFF for number in range(500)]), call.now)
    assert 96_000 < sum(map(len, call.receiving.rtp)) < 96_000 + 1.1 * 125_000
    call.subscriber.on_rtcp(write_nack(1, 99, [first]) + write_nack(1, 77, [first - 1 & 0xFFFF, first + 600 & 0xFFFF]), call.now + 9)


def again(call: Call) -> list[int]:
    """Return the sequences of what was sent again, in its order, and forget it; probes hold nothing."""
    sent = [read(packet) for packet in call.receiving.rtp]
    call.receiving.rtp.clear()
    return [int.from_bytes(one.payload[:2], "big") for one in sent if one.header.ssrc == 78 and one.payload]


@pytest.mark.parametrize(("lost", "times"), [(0.01, 1), (0.05, 2), (0.15, 1)])
def test_where_the_way_loses_packets_a_repair_goes_twice_and_apart(lost: float, times: int) -> None:
    call = begun()
    missed = [read(packet).header.sequence for packet in call.receiving.rtp]
    call.subscriber.estimator.lost = lost
    call.subscriber.on_rtcp(write_nack(1, 77, missed), call.now)
    assert again(call) == missed
    call.mux.go_on(call.now + 0.01)
    assert again(call) == missed * (times - 1)


def test_where_the_way_loses_packets_the_last_of_a_picture_goes_twice() -> None:
    call = begun()
    call.play(0.2)
    assert not again(call)
    call.subscriber.estimator.lost = 0.05
    call.go_on()
    again(call)
    for turn in range(3):
        call.frame()
        call.frame()
        last = [read(packet).header.sequence for packet in call.receiving.rtp][-1]
        call.mux.turn(call.now + 0.01)
        assert not again(call), "more of the picture may come"
        for _ in range(3):
            call.mux.turn(call.now + 0.02)
        assert again(call) == [last], turn
        call.now += 0.03
    call.subscriber.estimator.lost = 0.0
    call.mux.turn(call.now)
    assert not call.mux.pieces


def test_nothing_goes_twice_unasked_that_the_way_may_not_carry() -> None:
    call = begun()
    call.play(1.0)
    layer = call.forwarder.layer
    assert layer is not None
    call.subscriber.estimator.on_remb(layer.rate, call.now)
    call.subscriber.estimator.lost = 0.05
    again(call)
    call.play(1.0)
    assert len(again(call)) <= 1, "of ten"


def test_whole_pictures_are_asked_for_once_in_a_while() -> None:
    call = begun()
    call.go_on(0.5)
    call.sending.rtcp.clear()
    for _ in range(30):
        call.subscriber.on_rtcp(write_pli(1, 77), call.now)
    assert [one for one in asks(call.sending) if isinstance(one, PictureLoss)] == [PictureLoss(call.layers["l"].ssrc)]
    for _ in range(10):
        call.play(0.1)
    plis = [one for one in asks(call.sending) if isinstance(one, PictureLoss) and one.media_ssrc == call.layers["l"].ssrc]
    assert len(plis) == 2, "what was asked in between is asked once more, later"
    fir = bytes((0x84, 206, 0, 4)) + pack("!LLLL", 1, 0, 77, 0)
    assert isinstance(read_compound(fir)[0], FullIntra)
    call.sending.rtcp.clear()
    call.subscriber.on_rtcp(fir, call.now)
    assert PictureLoss(call.layers["l"].ssrc) in asks(call.sending)


def test_a_layer_that_stops_gives_way_to_one_that_has_not() -> None:
    call = begun("h")
    assert call.forwarder.layer is not None
    assert call.forwarder.layer.ssrc == call.layers["h"].ssrc
    call.play(1.0, only="l")
    call.answer_plis()
    assert call.forwarder.layer is not None
    assert call.forwarder.layer.ssrc == call.layers["l"].ssrc


def test_the_only_layer_may_be_silent() -> None:
    call = begun("h", "")
    call.go_on(5.0)
    assert call.forwarder.layer is not None


def test_a_budget_below_the_smallest_layer_pauses_the_picture_and_never_the_sound() -> None:
    call = begun()
    call.subscriber.add(call.publisher, "audio", 87, 88)
    for number in range(20):
        take(
            call.publisher, rtp(b"sound", kind=111, ssrc=5, sequence=number, timestamp=960 * number, mid=b"audio", level=b"\xa0"), call.now
        )
        call.play(0.1)
    call.subscriber.estimator.on_remb(1_000, call.now)
    call.go_on()
    call.receiving.rtp.clear()
    call.frame()
    take(call.publisher, rtp(b"sound", kind=111, ssrc=5, sequence=20, timestamp=960 * 20), call.now)
    assert {read(packet).header.ssrc for packet in call.receiving.rtp} == {87}
    assert call.forwarder.is_paused
    assert call.levels == [32] * 20
    for _ in range(60):
        call.subscriber.estimator.on_remb(5_000_000, call.now)
        call.play(0.1)
        call.answer_plis()
    assert not call.forwarder.is_paused
    assert call.forwarder.layer is not None


def test_nothing_is_sent_that_is_not_wanted() -> None:
    call = begun()
    call.watch(None)
    seen = len(call.receiving.rtp)
    call.play(0.5)
    assert len(call.receiving.rtp) == seen
    assert not call.forwarder.is_paused
    call.watch("m")
    call.subscriber.remove(call.forwarder)
    call.play(0.2)
    assert not call.publisher.tracks["camera"].takers


def test_a_receivers_report_and_a_goodbye_are_taken() -> None:
    call = begun()
    report = write_receiver_report(ReceiverReport(1, [Block(77, 64, 0, 0, 0, 0, 0), Block(5, 255, 0, 0, 0, 0, 0)]))
    call.subscriber.on_rtcp(report, call.now)
    assert call.subscriber.lost == 0.25
    assert isinstance(read_compound(bytes((0x81, 203, 0, 1, 0, 0, 0, 77)))[0], Bye)
    call.subscriber.on_rtcp(bytes((0x81, 203, 0, 1, 0, 0, 0, 77)), call.now)


def test_the_way_is_probed_with_packets_that_hold_nothing() -> None:
    call = begun("h", wide=False)
    arrivals, at = Arrivals(), 0
    for turn in range(30):
        call.play(0.1)
        for packet in call.receiving.rtp[at:]:
            arrivals.heard(int.from_bytes(read(packet).extensions[TRANSPORT_SEQUENCE], "big"), call.now)
        at = len(call.receiving.rtp)
        for feedback in arrivals.take(1, 77):
            call.subscriber.on_rtcp(feedback, call.now)
        if turn == 5:
            for layer in call.publisher.tracks["camera"].layers.values():
                layer.rate = 900_000
    probes = [packet for packet in call.receiving.rtp if read(packet).header.ssrc == 78]
    assert len(probes) >= 32
    assert {len(packet) for packet in probes} == {len(PADDING)}
    assert {read(packet).payload for packet in probes} == {b""}


def test_nobody_is_sent_anything_before_the_keys_are_there() -> None:
    call = Call()
    call.receiving.connected = False
    call.frame()
    call.watch("l")
    call.play(0.3)
    assert not call.receiving.rtp
    assert not call.receiving.rtcp
    call.receiving.connected = True
    call.go_on()
    call.answer_plis()
    assert call.receiving.rtp
    call.subscriber.close()


def test_what_one_way_carried_says_nothing_of_another() -> None:
    call = begun()
    call.play(0.3)
    call.subscriber.estimator.on_remb(5_000, call.now)
    call.play(0.3)
    assert call.forwarder.is_paused
    call.receiving.route = object()
    call.play(0.3)
    assert not call.forwarder.is_paused
    assert not call.subscriber.estimator.is_measured


def test_remb_bounds_the_budget() -> None:
    call = begun()
    remb = bytes((0x8F, 206, 0, 5)) + pack("!LL", 1, 0) + b"REMB" + bytes((1, 0, 0x75, 0x30)) + pack("!L", 77)
    assert isinstance(read_compound(remb)[0], Remb)
    call.subscriber.on_rtcp(remb, call.now)
    assert call.subscriber.budget(call.now) == 30_000


def test_a_call_begins_with_what_fits_a_way_that_is_not_known() -> None:
    call = Call()
    call.frame()
    call.go_on()
    assert call.forwarder.target is not None
    assert call.forwarder.target.ssrc == call.layers["l"].ssrc


def test_a_wish_that_is_taken_back_leaves_nobody_waiting() -> None:
    call = begun()
    call.forwarder.wish("h")
    call.go_on()
    waiting = call.publisher.tracks["camera"].layers[2].waiting
    assert waiting == [call.forwarder]
    call.forwarder.wish("l")
    call.go_on()
    assert not waiting
    assert call.forwarder.layer is not None
    call.forwarder.wish("h")
    call.go_on()
    call.subscriber.remove(call.forwarder)
    call.play(0.3)
    assert not any(layer.waiting or layer.fan for layer in call.publisher.tracks["camera"].layers.values())


def test_what_came_before_a_whole_picture_that_came_late_is_there_to_be_asked_for() -> None:
    call = Call("l")
    call.frame()
    call.subscriber.estimator.on_remb(50_000_000, call.now)
    call.forwarder.wish("l")
    call.go_on()
    encoder = call.layers["l"]
    late, *others = encoder.next(key=True), encoder.next(), encoder.next()
    for packet in (*others, late, encoder.next()):
        take(call.publisher, packet, call.now)
    first, second = (read(packet).header.sequence for packet in call.receiving.rtp if read(packet).header.ssrc == 77)
    assert second - first & 0xFFFF == 3
    call.receiving.rtp.clear()
    call.subscriber.on_rtcp(write_nack(1, 77, [first + 1, first + 2]), call.now)
    assert [read(packet).payload[2:] for packet in call.receiving.rtp if read(packet).header.ssrc == 78] == [
        read(one).payload for one in others
    ]


def test_sound_is_neither_repaired_nor_asked_for_again() -> None:
    call = begun()
    call.subscriber.add(call.publisher, "audio", 87, 88)
    for number in (0, 1, 5):
        take(call.publisher, rtp(b"sound", kind=111, ssrc=5, sequence=number, timestamp=960 * number, mid=b"audio"), call.now)
        call.go_on()
    first = next(read(packet).header.sequence for packet in call.receiving.rtp if read(packet).header.ssrc == 87)
    seen = len(call.receiving.rtp)
    call.subscriber.on_rtcp(write_nack(1, 87, [first]) + write_pli(1, 87) + write_pli(1, 4), call.now)
    assert len(call.receiving.rtp) == seen
    assert not any(isinstance(one, Nack | PictureLoss) and one.media_ssrc == 5 for one in asks(call.sending))


@pytest.mark.parametrize(("kind", "whole"), [(102, bytes((0x67, 1, 2))), (98, bytes((0x08, 1, 2))), (45, bytes((0x08, 1, 2)))])
def test_codecs_without_picture_ids_are_forwarded_and_repaired(kind: int, whole: bytes) -> None:
    call = begun("l", "")
    call.subscriber.remove(call.forwarder)
    forwarder = call.subscriber.add(call.publisher, "screen", 97, 98)
    numbered = {"mid": b"screen", "transport": b"\0\1"}
    take(call.publisher, rtp(b"\x01rest", kind=kind, ssrc=50, sequence=1, timestamp=1, **numbered), call.now)
    call.go_on()
    take(call.publisher, rtp(whole, kind=kind, ssrc=50, sequence=2, timestamp=2, **numbered), call.now)
    sent = read(call.receiving.rtp[-1])
    assert (sent.header.ssrc, sent.header.payload_type, sent.payload) == (97, kind, whole)
    call.subscriber.on_rtcp(write_nack(1, 97, [sent.header.sequence]), call.now)
    assert read(call.receiving.rtp[-1]).payload[2:] == whole
    assert forwarder.repaired == 1


def test_who_is_sent_the_best_is_looked_at_again_when_the_wish_changes() -> None:
    call = begun("h")
    call.play(1.0)
    assert call.forwarder.served(call.now) == call.forwarder.track.layers[2].rate
    call.forwarder.wish("l")
    assert call.forwarder.served(call.now) is None
    call.go_on()
    assert call.forwarder.target is call.forwarder.track.layers[0]


def test_who_is_sent_the_best_is_looked_at_again_when_it_falls_silent() -> None:
    call = begun("h")
    call.play(1.0)
    call.play(1.0, only="m")
    assert call.forwarder.served(call.now) is None
    assert call.forwarder.target is call.forwarder.track.layers[1]
