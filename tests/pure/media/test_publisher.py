"""What is learned of a publisher, and what it is told."""

import pytest

from server.media.publisher import MOST_SSRCS, Publisher
from server.media.rtcp import (
    Nack,
    ReceiverReport,
    SenderReport,
    write_sender_report,
)  # fmt: skip
from server.media.rtp import as_rtx
from server.media.twcc import Feedback
from tests.pure.media.net import LINES, Encoder, Mux, Wire, asks, begun, read, rtp, take

pytestmark = pytest.mark.row("V5")


def test_a_publishers_retransmission_fills_the_gap_and_its_padding_does_not() -> None:
    call = begun()
    lost = call.layers["l"].next()
    call.frame(only="l")
    assert Nack(call.layers["l"].ssrc, [read(lost).header.sequence]) in asks(call.sending)
    seen = len(call.receiving.rtp)
    repair = as_rtx(lost, 97, 910, 5, read(lost).header.sequence)
    plain = read(repair)
    named = rtp(plain.payload, kind=97, ssrc=910, sequence=5, timestamp=plain.header.timestamp, mid=b"camera", repaired=b"l")
    take(call.publisher, named, call.now)
    assert len(call.receiving.rtp) == seen + 1
    assert read(call.receiving.rtp[-1]).payload[5:] == read(lost).payload[5:]
    take(call.publisher, named, call.now)
    take(call.publisher, rtp(b"", kind=97, ssrc=910, sequence=6, timestamp=0), call.now)
    assert len(call.receiving.rtp) == seen + 1
    assert call.publisher.tracks["camera"].layers[0].again == 1
    take(call.publisher, lost, call.now)
    assert len(call.receiving.rtp) == seen + 1, "the original, late: what was sealed under a number once must not be again"
    take(call.publisher, rtp(plain.payload, kind=97, ssrc=999, sequence=5, timestamp=0, mid=b"camera", repaired=b"?"), call.now)


def test_unknown_sources_are_counted_and_bounded() -> None:
    call = begun()
    take(call.publisher, rtp(b"x", kind=96, ssrc=500, sequence=1, timestamp=1), call.now)
    take(call.publisher, rtp(b"x", kind=96, ssrc=501, sequence=1, timestamp=1, mid=b"elsewhere"), call.now)
    take(call.publisher, rtp(b"x", kind=111, ssrc=502, sequence=1, timestamp=1, mid=b"camera"), call.now)
    take(call.publisher, rtp(b"x", kind=13, ssrc=503, sequence=1, timestamp=1, mid=b"camera"), call.now)
    take(call.publisher, rtp(b"xyz", kind=97, ssrc=504, sequence=1, timestamp=1, mid=b"screen"), call.now)
    assert call.publisher.unknown == 5
    take(call.publisher, b"\x80", call.now)
    assert call.publisher.broken == 1
    for number in range(2 * MOST_SSRCS):
        take(call.publisher, rtp(b"xyz", kind=97, ssrc=600 + number, sequence=1, timestamp=1, mid=b"camera", repaired=b"l"), call.now)
    assert call.publisher.unknown > 5


def test_a_browser_that_begins_anew_under_another_ssrc_is_followed() -> None:
    call = begun()
    call.play(0.5)
    call.layers["l"] = Encoder(900, "l", sequence=5, timestamp=5)
    call.frame(only="l")
    call.answer_plis()
    assert call.forwarder.layer is not None
    assert call.forwarder.layer.ssrc == 900


def test_the_publisher_is_told_what_came() -> None:
    call = begun()
    call.play(2.0)
    told = asks(call.sending)
    reports = [one for one in told if isinstance(one, ReceiverReport)]
    assert {block.ssrc for block in reports[-1].blocks} == {10, 11, 12}
    assert all(block.lost == 0 for block in reports[-1].blocks)
    assert any(isinstance(one, Feedback) for one in told)


def test_a_layer_that_nobody_waits_for_may_be_replaced() -> None:
    call = begun()
    call.layers["h"] = Encoder(900, "h", sequence=5, timestamp=5)
    call.frame()
    assert call.forwarder.layer is not None
    assert call.forwarder.layer.ssrc == call.layers["l"].ssrc


def test_a_publishers_goodbye_and_reports_of_others_are_passed_over() -> None:
    call = begun()
    call.publisher.on_rtcp(write_sender_report(SenderReport(4, 1 << 40, 5, 1, 1)) + bytes((0x81, 203, 0, 1, 0, 0, 0, 10)), call.now)
    assert all(layer.instant is None for layer in call.publisher.tracks["camera"].layers.values())
    Publisher(Mux(), Wire(), LINES).tick(call.now)  # type: ignore[arg-type]


@pytest.mark.parametrize("held_up_s", [0.2, 0.3, 0.4])
def test_what_is_read_late_came_no_faster(held_up_s: float) -> None:
    call = begun("l")
    layer = call.publisher.tracks["camera"].layers[0]
    call.play(5.0)
    steady, measured = layer.rate, []
    for _ in range(6):
        late = [call.layers["l"].next() for _ in range(round(held_up_s * 10))]
        began = call.now
        call.now += held_up_s
        call.publisher.tick(call.now)
        for number, packet in enumerate(late):
            take(call.publisher, packet, call.now, began + 0.1 * number)
        call.go_on(0.0)
        measured.append(layer.rate)
        for _ in range(7):
            call.play(0.1)
            measured.append(layer.rate)
    assert steady > 0
    assert all(abs(rate - steady) < 0.08 * steady for rate in measured), measured


def test_a_layer_that_stops_is_measured_down() -> None:
    call = begun("l")
    layer = call.publisher.tracks["camera"].layers[0]
    call.play(3.0)
    steady = layer.rate
    for _ in range(40):
        call.go_on()
    assert layer.rate < steady / 20
