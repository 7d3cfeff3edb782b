"""What one browser's words about what it is sent may cost the engine: counted in work, not in time."""

import random
from collections.abc import Callable
from struct import pack

import pytest

from server.media import forwarder
from server.media.limits import AHEAD_S, ASKED_AHEAD_S, ASKED_S, TOLD_S
from server.media.rtcp import MAX_PACKETS, MAX_SEQUENCES, PictureLoss, SenderReport, write_nack, write_pli, write_sender_report
from server.media.twcc import MAX_STATUSES, Feedback
from tests.growth import calls_of
from tests.pure.media.net import Call, asks, begun, read

pytestmark = pytest.mark.row("V5")

DATAGRAMS = 50
MOST_CALLS = 15 * MAX_PACKETS  # of functions, those of C among them, for a datagram of which nothing dear is read
ASKED_AT_ONCE, TOLD_AT_ONCE = round(ASKED_S * ASKED_AHEAD_S), round(TOLD_S * AHEAD_S)

TICK_S, A_TICK, LOST = 0.05, 200, 0.15  # an honest browser: 4,000 packets a second


def asking(first: int) -> bytes:
    """Ask for 5,100 packets in 1,320 bytes: for 17 with each four."""
    entries = b"".join(pack("!HH", first + 17 * number & 0xFFFF, 0xFFFF) for number in range(30))
    return (pack("!BBHLL", 0x81, 205, 32, 1, 77) + entries) * 10


def telling(base: int, count: int, reports: int = 1) -> bytes:
    """Tell with one chunk, over and over, that so many packets were lost."""
    return pack("!BBHLLHHLHxx", 0x8F, 205, 5, 1, 77, base & 0xFFFF, count, 0, count) * reports


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[object]:
    """Return the first argument of each call, while they are made."""
    calls: list[object] = []
    work: Callable[..., object] = getattr(owner, name)

    def note(*arguments: object) -> object:
        calls.append(arguments[0])
        return work(*arguments)

    monkeypatch.setattr(owner, name, note)
    return calls


def with_history() -> tuple[Call, int]:
    """Return a call, and the sequence of the first of 500 packets that can be asked for again."""
    call = begun()
    call.receiving.rtp.clear()
    for _ in range(500):
        call.frame(only="l")
    first = read(call.receiving.rtp[0]).header.sequence
    call.receiving.rtp.clear()
    return call, first


def test_however_many_packets_are_asked_for_so_many_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    call, first = with_history()
    looked_up = counted(monkeypatch, call.forwarder, "send_again")
    call.subscriber.on_rtcp(asking(first + 500), call.now)
    assert ASKED_AT_ONCE <= len(looked_up) <= ASKED_AT_ONCE + MAX_SEQUENCES
    for _ in range(DATAGRAMS):
        call.subscriber.on_rtcp(asking(first + 500), call.now)
    assert len(looked_up) <= ASKED_AT_ONCE + MAX_SEQUENCES
    assert calls_of(lambda: call.subscriber.on_rtcp(asking(first), call.now)) < MOST_CALLS
    before = len(looked_up)
    for turn in range(20):
        call.subscriber.on_rtcp(asking(first + 500), call.now + 1 + turn / 10)
    assert len(looked_up) - before <= 3 * ASKED_S + MAX_SEQUENCES


def test_what_may_not_be_sent_again_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    call, first = with_history()
    copied = counted(monkeypatch, forwarder, "write_header")
    for turn in range(20):
        call.subscriber.on_rtcp(write_nack(1, 77, [first + number & 0xFFFF for number in range(500)]), call.now + turn / 10)
    assert 500 <= call.forwarder.repaired == len(copied)
    looked_up = counted(monkeypatch, call.forwarder, "send_again")
    call.subscriber._repair_bytes = 0
    call.subscriber.on_rtcp(write_nack(1, 77, [first]), call.now + 1.9)
    assert not looked_up


def test_who_asks_too_much_is_still_sent_a_whole_picture() -> None:
    call, first = with_history()
    for _ in range(DATAGRAMS):
        call.subscriber.on_rtcp(asking(first), call.now)
    call.go_on(1.0)
    call.sending.rtcp.clear()
    call.subscriber.on_rtcp(asking(first) + write_pli(1, 77), call.now)
    assert any(isinstance(one, PictureLoss) for one in asks(call.sending))


def test_of_4000_packets_a_second_all_that_are_lost_are_repaired() -> None:
    call, _ = with_history()
    chance, call.subscriber.estimator.lost = random.Random(1), LOST
    asked, lost = 0, list[int]()
    for _ in range(60):
        call.receiving.rtp.clear()
        for _ in range(A_TICK):
            call.frame(only="l")
        call.go_on(TICK_S)
        sent = [read(packet).header for packet in call.receiving.rtp]
        again = [one for one in lost if chance.random() < LOST]  # the repair, too
        lost = [one.sequence for one in sent if one.ssrc == 77 and chance.random() < LOST]
        call.subscriber.on_rtcp(write_nack(1, 77, again + lost), call.now)
        asked += len(again) + len(lost)
    assert asked > 0.6 * ASKED_S * 60 * TICK_S
    assert call.forwarder.repaired == asked


def test_however_much_is_told_so_much_is_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    call = begun()
    told = counted(monkeypatch, call.subscriber.estimator, "on_feedback")
    for _ in range(DATAGRAMS):
        call.subscriber.on_rtcp(telling(0, MAX_STATUSES, MAX_PACKETS), call.now)
    statuses = sum(one.count for one in told if isinstance(one, Feedback))
    assert TOLD_AT_ONCE - MAX_STATUSES <= statuses <= TOLD_AT_ONCE + MAX_STATUSES
    assert calls_of(lambda: call.subscriber.on_rtcp(telling(0, MAX_STATUSES, MAX_PACKETS), call.now)) < MOST_CALLS


def test_reports_that_tell_nothing_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    call = begun()
    told = counted(monkeypatch, call.subscriber.estimator, "on_feedback")
    for _ in range(DATAGRAMS):
        call.subscriber.on_rtcp(telling(0, 1, MAX_PACKETS), call.now)
    assert len(told) < TOLD_AT_ONCE / 10


def test_who_tells_of_3000_packets_a_second_is_always_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    call = begun()
    told = counted(monkeypatch, call.subscriber.estimator, "on_feedback")
    for number in range(400):
        call.subscriber.on_rtcp(telling(150 * number, 150), call.now + number * TICK_S)
    for number in range(40):  # and what a network held back for two seconds
        call.subscriber.on_rtcp(telling(150 * number, 150), call.now + 400 * TICK_S)
    assert len(told) == 440


def test_of_what_a_publisher_says_its_reports_alone_are_read() -> None:
    call = begun()
    for flood in (telling(0, MAX_STATUSES, MAX_PACKETS), asking(1)):
        assert calls_of(lambda flood=flood: call.publisher.on_rtcp(flood, call.now)) < MOST_CALLS  # type: ignore[misc]
    ssrc = call.layers["l"].ssrc
    call.publisher.on_rtcp(telling(0, 9) + write_sender_report(SenderReport(ssrc, 1 << 40, 5, 1, 1)), call.now)
    layer = call.publisher.tracks["camera"].layers[0]
    assert layer.instant is not None
