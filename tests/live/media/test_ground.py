"""One transport of the engine over real sockets: keys, media both ways, trouble, and the end."""

import asyncio
import errno
import gc
import weakref
from collections.abc import AsyncIterator

import pytest
from aiortc.rtcdtlstransport import SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80

from server.errors import Invalid
from server.media import dtls, mmsg
from server.media.dtls import Identity
from server.media.limits import LARGEST_CLEAR, SEND_SLOTS, SLOT
from server.media.mmsg import Route
from server.media.srtp import Slots
from server.media.udp import UdpMux
from tests.conftest import StillClock
from tests.live.media.caller import FINGERPRINT, until
from tests.live.media.line import RTCP, RTP, Line, dial, ground, numbered

pytestmark = pytest.mark.anyio
CLIENT_HELLO = 1
OTHER_FINGERPRINT = FINGERPRINT[:-2] + ("00" if not FINGERPRINT.endswith("00") else "11")


def first_word_only(packet: bytes) -> bool:
    """Lose what a browser sends after it has begun a handshake."""
    return packet[13] != CLIENT_HELLO


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
async def mux(request: pytest.FixtureRequest) -> AsyncIterator[UdpMux]:
    async with ground(fast=request.param) as mux:
        yield mux


async def test_media_goes_both_ways(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    caller.send_rtp(RTP)
    caller.send_rtcp(RTCP)
    await until(lambda: bool(line.rtp and line.rtcp))
    assert (line.rtp, line.rtcp, line.connects) == ([RTP], [RTCP], 1)
    assert line.send(RTP) == [True]
    assert mux.send_rtcp(line.connection, RTCP)
    mux.flush()
    await until(lambda: bool(caller.rtp and caller.rtcp))
    assert (caller.rtp, caller.rtcp, caller.refused) == ([RTP], [RTCP], 0)


@pytest.mark.parametrize("profile", [SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_256_GCM], ids=["cm80", "gcm256"])
async def test_every_profile_carries_media(mux: UdpMux, profile: object) -> None:
    line, caller = await dial(mux, Identity(), profiles=[profile])
    caller.send_rtp(RTP)
    line.send(RTP)
    await until(lambda: line.rtp == caller.rtp == [RTP])


async def test_rare_packets_are_sealed_by_themselves(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    route = line.connection.route
    assert route is not None
    for packet in (RTP, RTCP):
        mux.send_now(route, line.connection.seal_bytes(packet))
    await until(lambda: (caller.rtp, caller.rtcp) == ([RTP], [RTCP]))
    assert line.connection.seal_bytes(b"\x80") == b""


async def test_more_packets_than_slots_all_go_out(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    count = SEND_SLOTS + 44
    for sequence in range(count):
        at = mux.slot()
        packet = numbered(sequence)
        mux.out[at : at + len(packet)] = packet
        mux.send_rtp(line.connection, at, len(packet))
        if sequence % 50 == 49:
            await asyncio.sleep(0)  # the caller reads: its socket holds only so many
    mux.flush()
    await until(lambda: len(caller.rtp) == count)
    assert caller.rtp == [numbered(sequence) for sequence in range(count)]


async def test_a_batch_that_comes_at_once_keeps_its_order(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    sent = [numbered(sequence) for sequence in range(150)]
    for packet in sent:
        caller.send_rtp(packet)
    await until(lambda: len(line.rtp) == len(sent))
    assert line.rtp == sent


async def test_too_long_packets_are_not_sent_and_not_taken(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    assert line.send(RTP[:12] + bytes(LARGEST_CLEAR - 12)) == [True]
    assert line.send(RTP[:12] + bytes(LARGEST_CLEAR - 11)) == [False]
    assert not mux.send_rtcp(line.connection, RTCP + bytes(LARGEST_CLEAR))
    at = mux.room(2)
    assert line.connection.route is not None
    assert [bool(size) for size in mux.send_run(line.connection, at, [100, LARGEST_CLEAR + 1], [1, 1])] == [True, False]
    assert mux.oversize == 3
    caller.throw(caller.seal(RTP) + bytes(1800))
    caller.send_rtp(RTP)
    await until(lambda: line.rtp == [RTP])
    assert (mux.oversize, mux.refused) == (4, 0)


async def test_forged_media_is_dropped_without_a_word(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    sealed = caller.seal(RTP)
    for forged in (sealed[:-1] + bytes([sealed[-1] ^ 1]), RTP, RTCP, sealed[:13], b"\x80", b"\x80\xc8"):
        caller.throw(forged)
    caller.throw(sealed)
    await until(lambda: line.rtp == [RTP])
    assert (line.rtcp, mux.refused, line.reasons) == ([], 6, [])


async def test_nothing_can_be_sent_before_the_keys_are_there(mux: UdpMux) -> None:
    line = Line(mux, Identity())
    caller = line.caller()
    await caller.nominate()
    assert line.send(RTP) == [False]
    assert not mux.send_rtcp(line.connection, RTCP)
    assert line.connection.seal_bytes(RTP) == b""
    caller.throw(RTP)
    await until(lambda: mux.refused == 1)


async def test_the_engine_may_be_the_one_that_begins(mux: UdpMux) -> None:
    line = Line(mux, Identity())
    caller = line.caller()
    line.connection.remote(caller.fingerprint, "passive")
    await caller.nominate()
    await caller.shake_hands(line.connection.fingerprint, role="server")
    await until(lambda: line.connection.connected)
    caller.send_rtp(RTP)
    await until(lambda: line.rtp == [RTP])


async def test_the_answer_may_come_after_the_checks(mux: UdpMux) -> None:
    line = Line(mux, Identity())
    caller = line.caller()
    calling = asyncio.create_task(caller.connect(line.connection.fingerprint))  # noqa: TID251 - a browser of its own
    await until(lambda: not line.connection._flights.empty)
    line.connection.remote(caller.fingerprint, "active")
    await calling
    await until(lambda: line.connects == 1)


@pytest.mark.parametrize("lost", [0, 1])
async def test_a_lost_flight_is_sent_again(mux: UdpMux, lost: int) -> None:
    """DTLS waits a second before it repeats."""
    line = Line(mux, Identity())
    caller = line.caller()
    sent: list[bytes] = []

    def lose(packet: bytes) -> bool:
        sent.append(packet)
        return len(sent) == lost + 1

    caller.lose = lose
    line.connection.remote(caller.fingerprint, "active")
    await caller.connect(line.connection.fingerprint)
    await until(lambda: line.connection.connected)
    assert len(sent) > 2


async def test_a_lost_flight_of_our_own_is_sent_again(mux: UdpMux, monkeypatch: pytest.MonkeyPatch) -> None:
    send_now, flights = mux.send_now, []

    def lose_first(route: Route, packet: bytes) -> None:
        flights.extend([packet] if packet[0] > 19 else [])
        if packet[0] < 20 or len(flights) > 1:
            send_now(route, packet)

    monkeypatch.setattr(mux, "send_now", lose_first)
    await dial(mux, Identity())
    assert len(flights) > 2


async def test_the_wrong_browser_is_refused(mux: UdpMux) -> None:
    line = Line(mux, Identity())
    caller = line.caller()
    line.connection.remote(OTHER_FINGERPRINT, "active")
    await caller.connect(line.connection.fingerprint)
    await until(lambda: line.reasons == ["refused"])
    caller.send_rtp(RTP)
    await until(lambda: mux.strangers > 0)
    assert (line.rtp, line.connects, mux.by_address, mux.by_ufrag) == ([], 0, {}, {})


@pytest.mark.parametrize(("fingerprint", "setup"), [("md5 AB:CD", "active"), (FINGERPRINT, "actpass"), ("", "active"), (FINGERPRINT, "")])
async def test_answers_that_promise_too_little_are_refused(mux: UdpMux, fingerprint: str, setup: str) -> None:
    with pytest.raises(Invalid):
        Line(mux, Identity()).connection.remote(fingerprint, setup)


async def test_a_connection_belongs_to_one_browser(mux: UdpMux) -> None:
    line, _ = await dial(mux, Identity())
    line.connection.remote(FINGERPRINT, "active")
    with pytest.raises(Invalid):
        line.connection.remote(OTHER_FINGERPRINT, "active")


async def test_a_handshake_that_stops_half_way_ends(mux: UdpMux, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtls, "HANDSHAKE_S", 0.05)
    line = Line(mux, Identity())
    caller = line.caller()
    caller.lose = first_word_only
    line.connection.remote(caller.fingerprint, "active")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(caller.connect(line.connection.fingerprint), 0.5)
    await until(lambda: line.reasons == ["late"])


async def test_fifty_join_at_once_five_at_a_time(mux: UdpMux) -> None:
    identity = Identity()
    most = 0

    class Counted(asyncio.Semaphore):
        async def acquire(self) -> bool:
            nonlocal most
            await super().acquire()
            most = max(most, 5 - self._value)
            return True

    identity.turns = Counted(5)
    pairs = await asyncio.gather(*(dial(mux, identity) for _ in range(50)))
    for line, caller in pairs:
        caller.send_rtp(RTP)
        await until(lambda line=line: line.rtp == [RTP])
    assert most == 5


async def test_too_many_handshakes_are_refused(mux: UdpMux, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtls, "HANDSHAKES_WAITING", -5)
    line = Line(mux, Identity())
    caller = line.caller()
    line.connection.remote(caller.fingerprint, "active")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(caller.connect(line.connection.fingerprint), 0.3)
    await until(lambda: line.reasons == ["overloaded"])


async def test_who_never_reads_holds_nobody_up(mux: UdpMux) -> None:
    identity = Identity()
    (deaf, silent), (line, caller) = await dial(mux, identity), await dial(mux, identity)
    silent.fall_silent()
    for sequence in range(3000):
        deaf.send(numbered(sequence))
    line.send(RTP)
    await until(lambda: caller.rtp == [RTP])
    assert deaf.reasons == []


async def test_what_crashes_on_one_connection_leaves_the_others(mux: UdpMux) -> None:
    identity = Identity()
    (broken, first), (line, second) = await dial(mux, identity), await dial(mux, identity)
    broken.crash = True
    first.send_rtp(RTP)
    second.send_rtp(RTP)
    await until(lambda: line.rtp == [RTP])
    assert (broken.reasons, mux.crashes, line.reasons) == (["crashed"], 1, [])


async def test_the_browser_hangs_up(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    await caller.hang_up()
    await until(lambda: line.reasons == ["closed"])
    assert line.send(RTP) == [False]


async def test_the_end_of_a_connection_frees_everything(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    line.connection.close()
    await until(lambda: caller.dtls is not None and caller.dtls.state == "closed")
    line.connection.close()
    line.connection.restart()
    assert (mux.by_ufrag, mux.by_address, line.reasons) == ({}, {}, [])
    left = weakref.ref(line.connection), weakref.ref(line.connection._dtls)
    del line
    await until(lambda: gc.collect() >= 0 and [ref() for ref in left] == [None, None])


async def test_a_connection_may_end_in_the_middle_of_its_handshake(mux: UdpMux) -> None:
    line = Line(mux, Identity())
    caller = line.caller()
    caller.lose = first_word_only
    line.connection.remote(caller.fingerprint, "active")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(caller.connect(line.connection.fingerprint), 0.3)
    handshake = line.connection._handshake
    assert handshake is not None
    line.connection.close()
    await until(handshake.done)
    assert (line.connects, line.reasons, mux.by_ufrag) == (0, [], {})


async def test_loss_can_be_made() -> None:
    async with ground(drop=iter([True, False, True]).__next__) as mux:
        line, caller = await dial(mux, Identity())
        assert line.send(numbered(1), numbered(2), numbered(3)) == [True, True, True]
        await until(lambda: caller.rtp == [numbered(2)])


async def test_a_silent_browser_is_gone() -> None:
    clock = StillClock()
    async with ground(clock) as mux:
        line, caller = await dial(mux, Identity())
        clock.advance(29)
        await caller.check()
        clock.advance(29)
        caller.send_rtp(RTP)
        await until(lambda: line.rtp == [RTP])
        mux.sweep(clock.monotonic())
        assert line.reasons == []
        clock.advance(1.5)
        mux.sweep(clock.monotonic())
        assert (line.reasons, mux.by_ufrag, mux.by_address) == (["silent"], {}, {})


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
async def test_one_address_that_cannot_be_reached_costs_the_others_nothing(fast: bool) -> None:
    async with ground(fast=fast) as mux:
        identity = Identity()
        (lost, _), (line, caller) = await dial(mux, identity), await dial(mux, identity)
        route = lost.connection.route
        assert route is not None
        broadcast = bytes(route.sockaddr)[:4] + b"\xff" * 4 + bytes(20) if fast else b""
        lost.connection.route = Route(route.socket, ("255.255.255.255", 9), ("255.255.255.255", 9), broadcast)
        for sequence in range(3):
            for each in (lost, line):
                at = mux.slot()
                mux.out[at : at + len(RTP)] = numbered(sequence)
                mux.send_rtp(each.connection, at, len(RTP))
        mux.flush()
        await until(lambda: caller.rtp == [numbered(sequence) for sequence in range(3)])
        mux.send_now(lost.connection.route, RTP)
        assert mux.dropped == 4


def test_nothing_looks_into_the_view_of_the_slots() -> None:
    """Python 3.11's garbage collector crashes on a view that something else has a view of (gh-77894); such a one cannot be released."""
    slots = Slots(1)
    assert slots.places
    slots.memory.release()


async def test_what_the_kernel_has_no_room_for_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def sendmmsg(self, *_: object) -> int:
            mmsg.ffi.errno = errno.EAGAIN
            return -1

    async with ground(fast=True) as mux:
        line, _ = await dial(mux, Identity())
        sent = mux.sent
        with monkeypatch.context() as full:
            full.setattr(mmsg, "_libc", Full())
            assert line.send(numbered(1), numbered(2)) == [True, True]
        assert (mux.dropped, mux.sent) == (2, sent)


async def test_handed_out_slots_are_sent_in_time(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    for sequence in range(2):
        at = mux.slot()
        assert at == mux.slot()
        mux.out[at : at + len(RTP)] = numbered(sequence)
        mux.send_rtp(line.connection, at, len(RTP))
        assert mux.slot() == at + SLOT
    mux.flush()
    assert mux.slot() == 0
    await until(lambda: caller.rtp == [numbered(0), numbered(1)])
