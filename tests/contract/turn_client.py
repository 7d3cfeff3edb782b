"""The smallest TURN client (RFC 8656 over UDP): allocate, permit a peer, send to it, receive from it."""

import hashlib
import hmac
import secrets
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

MAGIC = 0x2112A442
ALLOCATE, PERMIT, SEND, DATA = 0x0003, 0x0008, 0x0016, 0x0017
USERNAME, INTEGRITY, ERROR, PEER, PAYLOAD, REALM, NONCE, RELAYED, TRANSPORT = 0x06, 0x08, 0x09, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19
SUCCESS = 0x0100
UDP = bytes([17, 0, 0, 0])

RETRY_S, RETRIES = 0.5, 20  # UDP may lose, and a server that has just begun does

Attributes = list[tuple[int, bytes]]


class TurnRefused(Exception):
    """The server answered with an error; `code` as in RFC 8489 (401 for a credential that is not good)."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class TurnClient:
    def __init__(self, port: int, username: str, password: str) -> None:
        self._server = ("127.0.0.1", port)
        self._username = username
        self._password = password
        self._login: Attributes = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(RETRY_S)

    def allocate(self) -> tuple[str, int]:
        """Ask without and then with the credential, as browsers do; returns the relayed address. Raises `TurnRefused`."""
        try:
            found = self._ask(ALLOCATE, [(TRANSPORT, UDP)])
        except TurnRefused:
            found = self._ask(ALLOCATE, [(TRANSPORT, UDP)])
        return _read_address(found[RELAYED])

    def permit(self, peer: tuple[str, int]) -> None:
        """Let a peer send to the relayed address, and be sent to; raises `TurnRefused`."""
        transaction = secrets.token_bytes(12)
        self._ask(PERMIT, [(PEER, _address(peer, transaction))], transaction)

    def send(self, peer: tuple[str, int], data: bytes) -> None:
        self._socket.sendto(self._message(SEND, [(PEER, _address(peer)), (PAYLOAD, data)]), self._server)

    def receive(self) -> bytes:
        """Return what a peer sent to the relayed address."""
        _, found = self._wait(lambda kind, _: kind == DATA)
        return found[PAYLOAD]

    def close(self) -> None:
        self._socket.close()

    def _ask(self, method: int, attributes: Attributes, transaction: bytes | None = None) -> dict[int, bytes]:
        request = self._message(method, [*attributes, *self._login], transaction)
        kind, found = self._wait(lambda _, transaction: transaction == request[8:20], request)
        if kind == method | SUCCESS:
            return found
        if REALM in found:
            self._login = [(USERNAME, self._username.encode()), (REALM, found[REALM]), (NONCE, found[NONCE])]
        raise TurnRefused(found[ERROR][2] * 100 + found[ERROR][3])

    def _wait(self, wanted: Callable[[int, bytes], bool], request: bytes | None = None) -> tuple[int, dict[int, bytes]]:
        """Return the message that is wanted, asking again whenever nothing comes; raises `TimeoutError`."""
        for _ in range(RETRIES):
            if request is not None:
                self._socket.sendto(request, self._server)
            with suppress(TimeoutError):
                while True:
                    message = self._socket.recv(2048)
                    kind, found = _parse(message)
                    if wanted(kind, message[8:20]):
                        return kind, found
        raise TimeoutError("the TURN server does not answer")

    def _message(self, kind: int, attributes: Attributes, transaction: bytes | None = None) -> bytes:
        body = b"".join(_pack(name, value) for name, value in attributes)
        signed = bool(self._login) and kind != SEND
        header = struct.pack("!HHI12s", kind, len(body) + (24 if signed else 0), MAGIC, transaction or secrets.token_bytes(12))
        message = header + body
        if signed:
            message += _pack(INTEGRITY, hmac.digest(self._key(), message, hashlib.sha1))
        return message

    def _key(self) -> bytes:
        realm = dict(self._login)[REALM].decode()
        return hashlib.md5(f"{self._username}:{realm}:{self._password}".encode()).digest()


def _pack(name: int, value: bytes) -> bytes:
    return struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)


def _parse(message: bytes) -> tuple[int, dict[int, bytes]]:
    kind, length = struct.unpack_from("!HH", message)
    found: dict[int, bytes] = {}
    at = 20
    while at < 20 + length:
        name, size = struct.unpack_from("!HH", message, at)
        found[name] = message[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4
    return kind, found


def _address(address: tuple[str, int], transaction: bytes = bytes(12)) -> bytes:
    """Return a peer's address; one of IPv6 is masked by the transaction that it is sent in."""
    host = ip_address(address[0])
    mask = struct.pack("!I", MAGIC) + transaction
    masked = bytes(a ^ b for a, b in zip(host.packed, mask, strict=False))
    return struct.pack("!BBH", 0, 1 if host.version == 4 else 2, address[1] ^ (MAGIC >> 16)) + masked


def _read_address(value: bytes) -> tuple[str, int]:
    _, _, port, host = struct.unpack("!BBHI", value)
    return socket.inet_ntoa((host ^ MAGIC).to_bytes(4, "big")), port ^ (MAGIC >> 16)
