"""ICE-lite (RFC 8445): the server has a known address, so it only answers the browser's checks, and only those with valid integrity.

Whoever knows no ufrag and password of ours hears nothing, whatever they send: the engine amplifies nothing and tells nothing.
"""

import hmac
import secrets
import struct
from typing import NamedTuple

from aioice import stun

from server.media.limits import CONSENT_S

USERNAME, INTEGRITY, ERROR_CODE, UNKNOWN, MAPPED = 0x0006, 0x0008, 0x0009, 0x000A, 0x0020
PRIORITY, USE_CANDIDATE, FINGERPRINT, CONTROLLED = 0x0024, 0x0025, 0x8028, 0x8029
UNDERSTOOD = {USERNAME, INTEGRITY, PRIORITY, USE_CANDIDATE}
COMPREHENSION_OPTIONAL = 0x8000  # attributes from here on may be passed over (RFC 8489, section 14)
ATTRIBUTE = struct.Struct("!HH")
ERROR_WORDS = {400: "Bad Request", 420: "Unknown Attribute", 487: "Role Conflict"}
LONGEST_CHECK = 1_500
MOST_ATTRIBUTES = 32

Address = tuple[str, int]


class Check(NamedTuple):
    """A binding request as it was read; nothing of it is to be believed before `is_signed`."""

    transaction: bytes
    ufrag: str
    signed: bytes
    integrity: bytes
    kinds: tuple[int, ...]
    """The attributes before the integrity, in their order."""


class Credentials(NamedTuple):
    """What a browser proves that it was invited: 32 bits to be found by, 128 bits of secret."""

    ufrag: str
    password: str


def new_credentials() -> Credentials:
    return Credentials(secrets.token_hex(4), secrets.token_hex(16))


class Agent:
    """ICE of one connection. It is controlled, always: a browser is a full agent, so it decides (RFC 8445, section 6.1.1).

    After `restart` two credentials are valid, until a check comes under the newer ones: the browser may learn of them late.
    """

    def __init__(self, now: float) -> None:
        self.newest = new_credentials()
        self._in_use = self.newest
        self.heard_at = now

    @property
    def ufrags(self) -> set[str]:
        """Those that a check may name now."""
        return {self.newest.ufrag, self._in_use.ufrag}

    def restart(self) -> None:
        """Make new credentials; those that no check has used yet are forgotten."""
        self.newest = new_credentials()

    def is_silent(self, now: float) -> bool:
        """Whether the browser's consent to be sent to has run out."""
        return now - self.heard_at > CONSENT_S

    def password_for(self, ufrag: str) -> bytes:
        held = self.newest if ufrag == self.newest.ufrag else self._in_use
        return held.password.encode()

    def heard(self, ufrag: str, now: float) -> None:
        """Note a check that was valid: consent goes on, and the first one under new credentials ends the old ones."""
        self.heard_at = now
        if ufrag == self.newest.ufrag:
            self._in_use = self.newest


def read_check(packet: bytes) -> Check | None:
    """Read a binding request; None for every other message, for a broken one, and for one that no browser would send.

    What stands behind MESSAGE-INTEGRITY is not signed and not read, except FINGERPRINT, which must be the last and right.
    """
    if not 20 <= len(packet) <= LONGEST_CHECK:
        return None
    kind, length, cookie, transaction = struct.unpack_from("!HHI12s", packet)
    if kind != stun.Method.BINDING | stun.Class.REQUEST or cookie != stun.COOKIE or 20 + length != len(packet) or length % 4:
        return None
    found = _walk(packet)
    if found is None or INTEGRITY not in found or not _is_fingerprinted(packet, found):
        return None
    signed = packet[: found[INTEGRITY][0] - 4]
    username = _value(packet, found.get(USERNAME))
    kinds = tuple(kind for kind, (at, _) in found.items() if at <= len(signed))
    return Check(transaction, username.partition(b":")[0].decode("latin-1"), signed, _value(packet, found[INTEGRITY]), kinds)


def is_signed(check: Check, password: bytes) -> bool:
    return hmac.compare_digest(check.integrity, stun.message_integrity(check.signed, password))


def fault_of(check: Check) -> int:
    """Return the error code for a check that is signed and wrong, or 0."""
    if unknown_in(check):
        return 420
    if CONTROLLED in check.kinds:
        return 487  # we are controlled, and stay so: the browser changes its role
    return 0 if PRIORITY in check.kinds else 400


def unknown_in(check: Check) -> list[int]:
    """Return the attributes that must be understood and are not."""
    return [kind for kind in check.kinds if kind < COMPREHENSION_OPTIONAL and kind not in UNDERSTOOD]


def success(check: Check, source: Address, password: bytes) -> bytes:
    """Return the answer to a valid check: the address that it came from."""
    mapped = _attribute(MAPPED, stun.pack_xor_address(source, check.transaction))
    return _seal(stun.Class.RESPONSE, check.transaction, mapped, password)


def failure(check: Check, code: int, password: bytes) -> bytes:
    """Return the error answer to a signed check."""
    body = _attribute(ERROR_CODE, stun.pack_error_code((code, ERROR_WORDS[code])))
    if code == 420:
        unknown = unknown_in(check)
        body += _attribute(UNKNOWN, struct.pack(f"!{len(unknown)}H", *unknown))
    return _seal(stun.Class.ERROR, check.transaction, body, password)


def _walk(packet: bytes) -> dict[int, tuple[int, int]] | None:
    """Return kind -> (offset, length) of the value; of two of a kind the first counts, as the RFC says. None when it does not add up."""
    found: dict[int, tuple[int, int]] = {}
    at = 20
    for _ in range(MOST_ATTRIBUTES):
        if at == len(packet):
            return found
        kind, length = ATTRIBUTE.unpack_from(packet, at)
        end = at + 4 + length + stun.padding_length(length)
        if end > len(packet):
            return None
        if INTEGRITY not in found or kind == FINGERPRINT:
            found.setdefault(kind, (at + 4, length))
        at = end
    return None


def _is_fingerprinted(packet: bytes, found: dict[int, tuple[int, int]]) -> bool:
    at, length = found.get(FINGERPRINT, (0, 0))
    if length != 4 or at + 4 != len(packet):
        return False
    return int.from_bytes(packet[at:], "big") == stun.message_fingerprint(packet[: at - 4])


def _value(packet: bytes, place: tuple[int, int] | None) -> bytes:
    at, length = place or (0, 0)
    return packet[at : at + length]


def _attribute(kind: int, value: bytes) -> bytes:
    return ATTRIBUTE.pack(kind, len(value)) + value + bytes(stun.padding_length(len(value)))


def _seal(kind: stun.Class, transaction: bytes, body: bytes, password: bytes) -> bytes:
    """Put header, integrity and fingerprint around the attributes."""
    packet = struct.pack("!HHI12s", stun.Method.BINDING | kind, 0, stun.COOKIE, transaction) + body
    packet += _attribute(INTEGRITY, stun.message_integrity(packet, password))
    packet += _attribute(FINGERPRINT, struct.pack("!I", stun.message_fingerprint(packet)))
    return stun.set_body_length(packet, len(packet) - 20)
