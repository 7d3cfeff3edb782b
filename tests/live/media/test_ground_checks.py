"""ICE-lite over real sockets: who is answered, where media goes, and what a stranger learns (nothing)."""

import asyncio
import random
import struct
from collections.abc import AsyncIterator, Callable

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from server.media import ice
from server.media.dtls import Identity
from server.media.limits import ADDRESSES
from server.media.udp import UdpMux
from tests.conftest import StillClock
from tests.live.media.caller import Caller, until
from tests.live.media.line import RTP, Line, dial, ground, numbered

pytestmark = pytest.mark.anyio

DONT_FRAGMENT = 0x001A
NETWORK_COST = 0xC057


@pytest.fixture
async def mux() -> AsyncIterator[UdpMux]:
    async with ground() as mux:
        yield mux


def signed(request: stun.Message, password: str, *extra: bytes) -> bytes:
    """Return a request with further attributes before its integrity."""
    request.attributes.pop("MESSAGE-INTEGRITY", None)
    request.attributes.pop("FINGERPRINT", None)
    packet = bytes(request) + b"".join(extra)
    packet = stun.set_body_length(packet, len(packet) - 20)
    packet += struct.pack("!HH", 8, 20) + stun.message_integrity(packet, password.encode())
    packet += struct.pack("!HHI", 0x8028, 4, stun.message_fingerprint(packet))
    return stun.set_body_length(packet, len(packet) - 20)


async def hears_nothing(caller: Caller, *packets: bytes) -> None:
    """Send these, then a check that is right: on loopback its answer comes after all others."""
    caller.answers.clear()
    for packet in packets:
        caller.throw(packet)
    await asyncio.wait_for(caller.check(), 5)
    assert len(caller.answers) == 1


async def test_a_check_is_answered_with_the_address_that_it_came_from(mux: UdpMux) -> None:
    line = Line(mux, Identity())
    caller = line.caller()
    answer = await caller.check()
    assert answer.message_class == stun.Class.RESPONSE
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == caller.socket.getsockname()
    assert answer.check_message_integrity(line.connection.password.encode())
    assert "FINGERPRINT" in answer.attributes


async def test_strangers_hear_nothing(mux: UdpMux) -> None:
    line = Line(mux, Identity())
    caller = line.caller()
    bare = caller.request()
    del bare.attributes["MESSAGE-INTEGRITY"], bare.attributes["FINGERPRINT"]
    unmarked = caller.request()
    del unmarked.attributes["FINGERPRINT"]
    forged = [
        bytes(bare),
        bytes(unmarked),
        bytes(caller.request(password="guessed")),
        bytes(caller.request(ufrag="00000000")),
        bytes(caller.request(ufrag="é" * 30)),
        bytes(caller.request(role="ICE-CONTROLLED", password="guessed")),
        signed(caller.request(), "guessed", struct.pack("!HHI", DONT_FRAGMENT, 4, 0)),
        b"", b"\x00", b"\x00\x01" + bytes(18), bytes([22]) * 60, bytes([70]) * 60, bytes([200]) * 60, RTP, bytes(2000),
    ]  # fmt: skip
    await hears_nothing(caller, *forged)
    assert (mux.strangers, mux.oversize) == (len(forged) - 1, 1)
    assert list(mux.by_address.values()) == [line.connection]


async def test_garbage_in_thousands_changes_nothing(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    stranger = line.caller()
    garbage = random.Random(4)
    for sequence in range(40):
        for _ in range(50):
            stranger.throw(garbage.randbytes(garbage.randrange(200)))
        caller.send_rtp(numbered(sequence))
        await asyncio.sleep(0)
    await until(lambda: len(line.rtp) == 40)
    assert (stranger.answers, line.reasons, mux.crashes) == ([], [], 0)


async def test_answers_and_indications_are_not_answered(mux: UdpMux) -> None:
    caller = Line(mux, Identity()).caller()
    packets = []
    for kind in (stun.Class.INDICATION, stun.Class.RESPONSE, stun.Class.ERROR):
        message = caller.request()
        message.message_class = kind
        message.add_message_integrity(caller.password.encode())
        packets.append(bytes(message))
    await hears_nothing(caller, *packets)


async def test_two_who_are_controlled_cannot_meet(mux: UdpMux) -> None:
    line = Line(mux, Identity())
    answer = await line.caller().check(role="ICE-CONTROLLED")
    assert answer.attributes["ERROR-CODE"] == (487, "Role Conflict")
    assert answer.check_message_integrity(line.connection.password.encode())
    assert line.connection.route is None


async def test_what_must_be_understood_is_named_when_it_is_not(mux: UdpMux) -> None:
    line = Line(mux, Identity())
    caller = line.caller()
    caller.throw(signed(caller.request(), caller.password, struct.pack("!HHI", DONT_FRAGMENT, 4, 0)))
    await until(lambda: len(caller.answers) == 1)
    answer = caller.answers[0]
    assert answer.attributes["ERROR-CODE"] == (420, "Unknown Attribute")
    caller.throw(signed(caller.request(), caller.password, struct.pack("!HHI", NETWORK_COST, 4, 0)))
    await until(lambda: len(caller.answers) == 2)
    assert caller.answers[1].message_class == stun.Class.RESPONSE


async def test_the_answer_names_the_attribute(mux: UdpMux) -> None:
    caller = Line(mux, Identity()).caller()
    check = ice.read_check(signed(caller.request(), caller.password, struct.pack("!HHI", DONT_FRAGMENT, 4, 0)))
    assert check is not None
    assert struct.pack("!HHH", 0x000A, 2, DONT_FRAGMENT) in ice.failure(check, 420, b"secret")


async def test_a_check_without_priority_is_a_bad_request(mux: UdpMux) -> None:
    caller = Line(mux, Identity()).caller()
    request = caller.request()
    del request.attributes["PRIORITY"]
    caller.throw(signed(request, caller.password))
    await until(lambda: len(caller.answers) == 1)
    assert caller.answers[0].attributes["ERROR-CODE"] == (400, "Bad Request")


async def test_media_follows_a_browser_to_its_new_address(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    caller.move()
    await caller.check()
    line.send(RTP)
    caller.send_rtp(RTP)
    await until(lambda: caller.rtp == line.rtp == [RTP])


async def test_media_stays_until_the_browser_nominates(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    before = line.connection.route
    caller.move()
    await caller.check(nominate=False)
    caller.send_rtp(RTP)
    await until(lambda: line.rtp == [RTP])
    assert line.connection.route is before
    await caller.check()
    assert line.connection.route is not before


async def test_a_browser_has_only_so_many_addresses(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    for _ in range(ADDRESSES + 5):
        caller.move()
        await caller.check(nominate=False)
    assert len(line.connection.addresses) == len(mux.by_address) == ADDRESSES
    route = line.connection.route
    assert route is not None
    assert mux.by_address[route.key] is line.connection


async def test_nobody_takes_the_address_of_another() -> None:
    clock = StillClock()
    async with ground(clock) as mux:
        (line, caller), (other, _) = await dial(mux, Identity()), await dial(mux, Identity())
        claim = bytes(caller.request(ufrag=other.connection.ufrag, password=other.connection.password))
        await hears_nothing(caller, claim)
        caller.send_rtp(RTP)
        await until(lambda: line.rtp == [RTP])
        clock.advance(31)
        await caller.check(ufrag=other.connection.ufrag, password=other.connection.password)
        assert line.connection not in mux.by_address.values()


async def test_a_restart_takes_over_at_its_first_check(mux: UdpMux) -> None:
    line, caller = await dial(mux, Identity())
    old = (caller.ufrag, caller.password)
    never_used = line.connection.restart()
    new = line.connection.restart()
    assert new == (line.connection.ufrag, line.connection.password)
    assert set(mux.by_ufrag) == {old[0], new.ufrag}
    await caller.check()
    caller.ufrag, caller.password = new
    caller.move()
    await caller.check()
    assert set(mux.by_ufrag) == {new.ufrag}
    await hears_nothing(caller, *(bytes(caller.request(ufrag=ufrag, password=password)) for ufrag, password in (old, never_used)))
    line.send(RTP)
    caller.send_rtp(RTP)
    await until(lambda: caller.rtp == line.rtp == [RTP])


def mutations() -> list[Callable[[bytes], bytes]]:
    return [
        lambda packet: packet[:-1],
        lambda packet: packet + b"\0\0\0\0",
        lambda packet: packet[:2] + b"\xff\xff" + packet[4:],
        lambda packet: packet[:4] + b"\0\0\0\0" + packet[8:],
        lambda packet: packet[:22] + b"\xff\xff" + packet[24:],
        lambda packet: stun.set_body_length(packet + b"\0" * 200, len(packet) + 180),
        lambda packet: packet[:-4] + b"\0\0\0\0",
    ]


@pytest.mark.parametrize("mutate", mutations())
async def test_broken_checks_are_not_read(mux: UdpMux, mutate: Callable[[bytes], bytes]) -> None:
    caller = Line(mux, Identity()).caller()
    packet = bytes(caller.request())
    assert ice.read_check(packet) is not None
    assert ice.read_check(mutate(packet)) is None


async def test_every_changed_byte_of_a_check_breaks_it(mux: UdpMux) -> None:
    caller = Line(mux, Identity()).caller()
    packet = bytes(caller.request())
    for at in range(len(packet)):
        check = ice.read_check(packet[:at] + bytes([packet[at] ^ 0x11]) + packet[at + 1 :])
        assert check is None or not ice.is_signed(check, caller.password.encode())


@given(st.binary(max_size=120), st.integers(0, 120))
def test_reading_a_check_never_raises(noise: bytes, at: int) -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, bytes(12), {"USERNAME": "a:b"})
    request.add_message_integrity(b"secret")
    packet = bytes(request)
    for broken in (noise, packet[:20] + noise, packet[:at] + noise + packet[at:], stun.set_body_length(packet[:20] + noise, len(noise))):
        assert ice.read_check(broken) is None or broken == packet
