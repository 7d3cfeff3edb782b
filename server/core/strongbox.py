"""A file that is written once, piece by piece, and sealed: whatever is done to it afterwards is found, and the piece is named.

    file  = MAGIC chunk*
    chunk = (length of `sealed`, top bit set in the last chunk): 4 bytes, before: 32 bytes, nonce: 12 bytes, sealed: AES-256-GCM

`before` is the SHA-256 of the whole chunk before (of MAGIC for the first), so the hash of the last chunk stands for the entire file:
whoever keeps that head elsewhere would notice even another file under the same key. The associated data of a chunk holds the file's name,
its number, whether it is the last, and `before`: edited, swapped, repeated, or taken from another file, it does not open.
A file without a last chunk is unfinished: its writer was killed, or somebody cut it. It is read up to its last whole chunk; a file system
that lost its power may leave zeros where the next one was to be.
"""

import hashlib
import secrets
from bisect import bisect_right
from collections.abc import Callable
from struct import Struct
from typing import BinaryIO, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"CONSILIUM BOX 1\n"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
LARGEST_CHUNK = 4 << 20  # bytes in the clear; two seconds of 16 Mbit/s. A reader holds one chunk at a time
MOST_CHUNKS = 1 << 18  # of one file: six days of chunks of two seconds. A reader holds 16 bytes for each
LONGEST_NAME = 200  # bytes

_LAST = 1 << 31
_FRAME = Struct("!I32s12s")
_PLACE = Struct("!QB32s")


class Damaged(Exception):
    """Chunk `number`, counted from 0, is not what was written there."""

    def __init__(self, number: int) -> None:
        super().__init__(f"chunk {number}")
        self.number = number


class Found(NamedTuple):
    """What a file holds: `size` bytes in the clear in so many `chunks`; `head` is the hash of the last one, in hexadecimal."""

    chunks: int
    size: int
    finished: bool
    head: str


class Writer:
    """Seals one file. Append to the file what `seal` returns, in order; the one with `last` completes it.

    `name` must be told to the reader, too; names must differ under one key. With `found` it goes on with an unfinished file, behind the
    last whole chunk of it.
    """

    def __init__(self, name: str, key: bytes, found: Found | None = None) -> None:
        self._name, self._aead = _name_of(name), AESGCM(_checked(key))
        self._before = hashlib.sha256(MAGIC).digest() if found is None else bytes.fromhex(found.head)
        self._number = 0 if found is None else found.chunks
        self._complete = found is not None and found.finished

    @property
    def head(self) -> str:
        """The hash of the last chunk so far, in hexadecimal."""
        return self._before.hex()

    def seal(self, plain: bytes, *, last: bool = False) -> bytes:
        """Return what is to be appended; raises ValueError for a chunk over the bound, one too many, or one after the last."""
        if self._complete or len(plain) > LARGEST_CHUNK or self._number == MOST_CHUNKS:
            raise ValueError("this chunk does not go into the file")
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, plain, _place(self._name, self._number, self._before, last=last))
        chunk = _FRAME.pack(len(sealed) | (_LAST if last else 0), self._before, nonce) + sealed
        begin = MAGIC if self._number == 0 else b""
        self._before, self._number, self._complete = hashlib.sha256(chunk).digest(), self._number + 1, last
        return begin + chunk


class Reader:
    """Reads a sealed file at random. `file` must be able to seek, and is not closed here; what is appended later is not seen.

    `size` counts the bytes in the clear, `whole` those of the file up to the end of the last whole chunk; `finished` tells whether a last
    chunk is there. All are only claimed by the file until `verify` or `read` has opened the chunks.
    """

    def __init__(self, file: BinaryIO, name: str, key: bytes) -> None:
        """Find the chunks, without opening any; raises `Damaged` with number 0 for a file of another kind."""
        self._file, self._name, self._aead = file, _name_of(name), AESGCM(_checked(key))
        self._begins: list[int] = []  # of each chunk, in the clear
        self._places: list[int] = []  # of each chunk, in the file
        self.size = 0
        self.whole = len(MAGIC)
        self.finished = False
        self._end = file.seek(0, 2)
        self._find()

    @property
    def chunks(self) -> int:
        return len(self._places)

    @property
    def last_begins(self) -> int:
        """Where the last chunk begins, in the clear."""
        return self._begins[-1] if self._begins else 0

    def verify(self, head: str | None = None, see: Callable[[int, bytes], None] | None = None) -> Found:
        """Open every chunk and follow the chain; raises `Damaged`, also for another or a shorter file than that whose `head` was kept.

        `see` is shown each chunk in the clear, with where that begins.
        """
        before = hashlib.sha256(MAGIC).digest()
        for number in range(len(self._places)):
            chunk, plain = self._open(number, before)
            before = hashlib.sha256(chunk).digest()
            if see is not None:
                see(self._begins[number], plain)
        if self._over or (head is not None and head != before.hex()):
            raise Damaged(len(self._places))
        return Found(len(self._places), self.size, self.finished, before.hex())

    def leave_out_last(self) -> None:
        """Take the last chunk of an unfinished file for one that was not written whole."""
        self.whole, self.size = self._places.pop(), self._begins.pop()

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to, not including, `end`, fewer at the end of the file.

        Only the chunks that hold them are opened; raises `Damaged` if one of those does not open.
        """
        start, end = max(start, 0), min(end, self.size)
        parts: list[bytes] = []
        number = max(bisect_right(self._begins, start) - 1, 0)
        while start < end:
            _, plain = self._open(number, None)
            begin = self._begins[number]
            parts.append(plain[start - begin : end - begin])
            start, number = min(end, begin + len(plain)), number + 1
        return b"".join(parts)

    def _find(self) -> None:
        """Walk over the frames. What is no whole chunk at the end is passed over; what follows a last chunk is `_over`."""
        self._file.seek(0)
        if self._file.read(len(MAGIC)) != MAGIC[: self._end]:
            raise Damaged(0)
        at = len(MAGIC)
        while not self.finished and len(self._places) < MOST_CHUNKS and at + _FRAME.size <= self._end:
            self._file.seek(at)
            told, _, _ = _FRAME.unpack(self._file.read(_FRAME.size))
            length, last = told & ~_LAST, bool(told & _LAST)
            if at + _FRAME.size + length > self._end:
                break
            if told == 0 and self._end - at <= _FRAME.size + LARGEST_CHUNK + TAG_BYTES:
                break  # no chunk is so short, and each is on the disk before the next one begins
            if not TAG_BYTES <= length <= LARGEST_CHUNK + TAG_BYTES:
                raise Damaged(len(self._places))
            self._begins.append(self.size)
            self._places.append(at)
            self.size += length - TAG_BYTES
            self.finished = last
            self.whole = at = at + _FRAME.size + length
        self._over = self.finished and at < self._end

    def _open(self, number: int, before: bytes | None) -> tuple[bytes, bytes]:
        """Return a chunk as it stands in the file, and in the clear; `before` is the hash that it must name, if that is known."""
        self._file.seek(self._places[number])
        frame = self._file.read(_FRAME.size)
        told, named, nonce = _FRAME.unpack(frame)
        sealed = self._file.read(told & ~_LAST)
        try:
            plain = self._aead.decrypt(nonce, sealed, _place(self._name, number, named, last=bool(told & _LAST)))
        except InvalidTag:
            raise Damaged(number) from None
        if before not in (None, named):
            raise Damaged(number)
        return frame + sealed, plain


def _place(name: bytes, number: int, before: bytes, *, last: bool) -> bytes:
    return MAGIC + _PLACE.pack(number, last, before) + name


def _name_of(name: str) -> bytes:
    encoded = name.encode()
    if not 0 < len(encoded) <= LONGEST_NAME:
        raise ValueError("a sealed file needs a name of at most 200 bytes")
    return encoded


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError("the key must have 32 bytes")
    return key
