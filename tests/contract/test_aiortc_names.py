"""What the engine uses of aiortc, aioice and pylibsrtp beyond their public names is there, and does what it is used for.

All are pinned; whoever takes a newer version reads here what to look at.
"""

import asyncio
import binascii
import inspect
from importlib.metadata import version

import aiortc.rtcdtlstransport as dtls
import pylibsrtp
import pytest
from aioice import stun
from OpenSSL import SSL

from server.media import mmsg, srtp
from server.media.dtls import PROFILES, Certificate, Flights
from tests.house.source import ROOT

PACKET = bytes([0x80, 96, 0, 7, 0, 0, 0, 1, 0, 0, 0, 42]) + b"picture" * 20


@pytest.mark.parametrize("name", ["aiortc", "aioice", "pylibsrtp"])
def test_the_version_that_runs_is_the_one_that_is_pinned(name: str) -> None:
    assert f'"{name}=={version(name)}"' in (ROOT / "pyproject.toml").read_text()


def test_the_transport_asks_no_more_of_its_ice_than_we_give() -> None:
    source = inspect.getsource(dtls.RTCDtlsTransport)
    asked = {part.split("(")[0].split(")")[0].split()[0].strip(".,:") for part in source.split("self.transport.")[1:]}
    assert asked == {"_recv", "_send", "role"}
    assert {"_recv", "_send", "role"} <= set(dir(Flights))


def test_a_fresh_transport_has_the_names_that_we_set() -> None:
    transport = dtls.RTCDtlsTransport(Flights(bytearray().extend), [dtls.RTCCertificate.generateCertificate()])  # type: ignore[arg-type]
    assert transport._srtp_profiles is dtls.SRTP_PROFILES
    transport._set_role("server")
    assert transport._role == "server"
    assert transport.state == "new"


def test_a_transport_takes_its_context_from_its_certificate() -> None:
    """By the one argument with which ours is called, too; so all connections can have one context."""
    assert "_create_ssl_context(\n                srtp_profiles=self._srtp_profiles" in inspect.getsource(dtls.RTCDtlsTransport.start)
    certificate = Certificate.generateCertificate()
    first, second = (certificate._create_ssl_context(srtp_profiles=PROFILES) for _ in range(2))
    assert first is second
    assert first.set_session_cache_mode(SSL.SESS_CACHE_OFF) == SSL.SESS_CACHE_OFF, "what it was before"


def test_all_profiles_are_built_in() -> None:
    assert PROFILES == [dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_SHA1_80]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.openssl_profile.decode())
@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
def test_keys_come_out_and_work(profile: dtls.SRTPProtectionProfile, fast: bool) -> None:
    """Two of aiortc's transports shake hands; then our sessions on one side are understood by pylibsrtp's on the other."""
    ours, theirs = asyncio.run(shake_hands(profile))
    received, sending = srtp.Slots(1), srtp.Slots(1)
    crypto = srtp.srtp_of(ours, received, sending, fast=fast)
    sending.memory[: len(PACKET)] = PACKET
    size = crypto.seal_rtp(0, len(PACKET))
    sealed = bytes(sending.memory[:size])
    assert theirs._rx_srtp.unprotect(sealed) == PACKET
    back = theirs._tx_srtp.protect(PACKET)
    received.memory[: len(back)] = back
    assert crypto.open_rtp(0, len(back)) == len(PACKET)
    assert received.memory[: len(PACKET)] == PACKET


async def shake_hands(profile: dtls.SRTPProtectionProfile) -> tuple[dtls.RTCDtlsTransport, dtls.RTCDtlsTransport]:
    certificate = dtls.RTCCertificate.generateCertificate()
    ends: list[Flights] = []
    ends += [Flights(lambda packet: ends[1].put(packet))]  # noqa: PLW0108 - it is not there yet
    ends += [Flights(ends[0].put)]
    pair = [dtls.RTCDtlsTransport(end, [certificate]) for end in ends]  # type: ignore[arg-type]
    for transport, role in zip(pair, ("server", "client"), strict=True):
        transport._srtp_profiles = [profile]
        transport._set_role(role)
    await asyncio.gather(*(transport.start(dtls.RTCDtlsParameters(certificate.getFingerprints())) for transport in pair))
    assert [transport.state for transport in pair] == ["connected", "connected"]
    for transport in pair:
        await transport.stop()
    return pair[0], pair[1]


def test_the_goodbye_never_waits() -> None:
    """`Connection.close` runs it to its end in one step, which holds as long as only `_send` is awaited."""
    source = inspect.getsource(dtls.RTCDtlsTransport.stop) + inspect.getsource(dtls.RTCDtlsTransport._write_ssl)
    awaited = {part.split("(")[0] for part in source.split("await ")[1:]}
    assert awaited == {"self._write_ssl", "self.transport._send"}


def test_a_session_holds_its_handle() -> None:
    session = pylibsrtp.Session()
    assert srtp.ffi.typeof(session._srtp[0]) is srtp.ffi.typeof("srtp_t")


@pytest.mark.parametrize("name", ["protect", "unprotect", "protect_rtcp", "unprotect_rtcp"])
def test_libsrtp_can_be_called_on_our_memory(name: str) -> None:
    assert srtp.available()
    kind = srtp.ffi.typeof(getattr(srtp.lib, f"srtp_{name}"))
    assert [argument.kind for argument in kind.args] == ["pointer", "pointer", "pointer"]


def test_this_machine_moves_packets_in_batches() -> None:
    assert mmsg.available()


def test_what_ice_takes_from_aioice() -> None:
    packet = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST, bytes(12)))
    assert (len(packet), stun.COOKIE) == (20, 0x2112A442)
    assert len(stun.message_integrity(packet, b"secret")) == 20
    assert stun.message_fingerprint(packet) == 0x5354554E ^ binascii.crc32(stun.set_body_length(packet, 8))
    assert stun.set_body_length(packet, 8)[2:4] == b"\0\x08"
    assert stun.pack_xor_address(("192.0.2.1", 32853), bytes(12))[:4] == bytes.fromhex("0001a147")
    assert stun.pack_error_code((487, "Role"))[:4] == bytes.fromhex("00000457")
    assert [stun.padding_length(length) for length in range(5)] == [0, 3, 2, 1, 0]
