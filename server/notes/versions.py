"""The chain of a note's versions: one that was changed, dropped or moved breaks it."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple, Protocol
from uuid import UUID

START = bytes(32)


class Fixed(NamedTuple):
    """Where a text stands in its log, and what it says: the number of its last row, that row's hash, and the fingerprint."""

    seq: int
    head: bytes
    sha256: bytes


class Facts(Protocol):
    """A version as it is stored; `made_ms` is Unix time."""

    @property
    def note_id(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def head_hash(self) -> bytes: ...
    @property
    def content_sha256(self) -> bytes: ...
    @property
    def person_id(self) -> UUID: ...
    @property
    def made_ms(self) -> int: ...
    @property
    def hash(self) -> bytes: ...


def digest(previous: bytes, version: Facts) -> bytes:
    """Return what the version's `hash` must be after one with the hash `previous`."""
    numbers = b"".join(number.to_bytes(8, "big") for number in (version.note_id, version.number, version.seq, version.made_ms))
    kind = str(version.kind).encode()
    texts = version.head_hash + version.content_sha256 + version.person_id.bytes
    return hashlib.sha256(previous + numbers + len(kind).to_bytes(1, "big") + kind + texts).digest()


def first_broken(versions: Iterable[Facts]) -> int | None:
    """Return the number at which one note's versions, read from the first, do not follow from each other; None where they do."""
    previous, expected = START, 1
    for version in versions:
        if version.number != expected or digest(previous, version) != version.hash:
            return expected
        previous, expected = version.hash, expected + 1
    return None
