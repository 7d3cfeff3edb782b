"""An honest Yjs update taken apart into its fields, so that one of them can be changed and the rest still be read."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from server.notes.yproto import prefixed, read_bytes, read_varuint, write_varuint

COUNT, CLIENT, CLOCK, INFO, LENGTH, PARENT, TEXT, VALUE = "count", "client", "clock", "info", "length", "parent", "text", "value"
NUMBERS = frozenset({COUNT, CLIENT, CLOCK, LENGTH, PARENT})
GC, DELETED, STRING, FORMAT, TYPE, ANY = 0, 1, 4, 6, 7, 8
LEFT, RIGHT, KEY = 128, 64, 32
XML_ELEMENT = 3


class Field(NamedTuple):
    """`kind` is one of the words above; `raw` are its bytes, a text's with their length in front."""

    kind: str
    raw: bytes

    @property
    def number(self) -> int:
        return read_varuint(self.raw, 0)[0]


def number(kind: str, value: int) -> Field:
    return Field(kind, write_varuint(value))


def text(raw: bytes) -> Field:
    return Field(TEXT, prefixed(raw))


def join(fields: Iterable[Field]) -> bytes:
    return b"".join(field.raw for field in fields)


def take_apart(update: bytes) -> list[Field]:
    """Return the fields of an update that an editor of ours made; any other may raise."""
    return list(_Reader(update).update())


class _Reader:
    def __init__(self, update: bytes) -> None:
        self._update = update
        self._at = 0

    def update(self) -> Iterator[Field]:
        clients = self._number(COUNT)
        yield clients
        for _ in range(clients.number):
            structs = self._number(COUNT)
            yield from (structs, self._number(CLIENT), self._number(CLOCK))
            for _ in range(structs.number):
                yield from self._struct()
        yield from self._deletions()
        if self._at != len(self._update):
            raise ValueError("bytes are left")

    def _struct(self) -> Iterator[Field]:
        info = Field(INFO, self._raw(1))
        yield info
        flags, kind = info.raw[0], info.raw[0] & 31
        if kind == GC:
            yield self._number(LENGTH)
            return
        for side in (LEFT, RIGHT):
            if flags & side:
                yield from (self._number(CLIENT), self._number(CLOCK))
        if not flags & (LEFT | RIGHT):
            yield from self._parent(keyed=bool(flags & KEY))
        yield from self._content(kind)

    def _parent(self, *, keyed: bool) -> Iterator[Field]:
        named = self._number(PARENT)
        yield named
        if named.number:
            yield self._text()
        else:
            yield from (self._number(CLIENT), self._number(CLOCK))
        if keyed:
            yield self._text()

    def _content(self, kind: int) -> Iterator[Field]:
        if kind == DELETED:
            yield self._number(LENGTH)
        elif kind == STRING:
            yield self._text()
        elif kind == FORMAT:
            yield from (self._text(), self._text())
        elif kind == TYPE:
            sort = self._number(VALUE)
            yield sort
            if sort.number == XML_ELEMENT:
                yield self._text()
        else:
            raise ValueError(f"content {kind}")

    def _deletions(self) -> Iterator[Field]:
        clients = self._number(COUNT)
        yield clients
        for _ in range(clients.number):
            yield self._number(CLIENT)
            ranges = self._number(COUNT)
            yield ranges
            for _ in range(ranges.number):
                yield from (self._number(CLOCK), self._number(LENGTH))

    def _number(self, kind: str) -> Field:
        return Field(kind, self._raw(read_varuint(self._update, self._at)[1] - self._at))

    def _text(self) -> Field:
        return Field(TEXT, self._raw(read_bytes(self._update, self._at)[1] - self._at))

    def _raw(self, size: int) -> bytes:
        self._at += size
        return self._update[self._at - size : self._at]
