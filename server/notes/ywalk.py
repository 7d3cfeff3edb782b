"""A strict, bounded reader of Yjs updates (format v1): what an update touches, before any CRDT library sees it.

pycrdt panics on some malformed updates, takes structs under any client id, and parks what refers to the unknown; so nothing
reaches it that this walker did not read to the last byte. Only what our editor writes is let through.
"""

from dataclasses import dataclass, field

from server.notes.limits import MARKS, MAX_CLIENT_ID, MAX_CLOCK, MAX_RUN, MAX_STRUCTS, NODES, SECTIONS
from server.notes.yproto import MAX_VARINT_BYTES, Bad

GC, DELETED, STRING, FORMAT, TYPE, ANY = 0, 1, 4, 6, 7, 8
HAS_LEFT, HAS_RIGHT, HAS_KEY = 128, 64, 32
XML_ELEMENT, XML_TEXT = 3, 6
MAX_DEPTH = 8
MAX_NAME = 64
ROOTS = frozenset(name.encode() for name in SECTIONS)
ELEMENTS = frozenset(name.encode() for name in NODES)
FORMATS = frozenset(name.encode() for name in MARKS)

ANY_SIZES = {127: 0, 126: 0, 121: 0, 120: 0, 124: 4, 123: 8, 122: 8}
ANY_INTEGER, ANY_STRING, ANY_OBJECT, ANY_ARRAY = 125, 119, 118, 117


@dataclass(slots=True)
class Touched:
    """What an update touches, as clocks by client id.

    `structs`: from (inclusive) and to (exclusive) of the new structs; `refers`: the highest clock that they refer to;
    `deletes`: the end (exclusive) of the furthest deletion.
    """

    structs: dict[int, tuple[int, int]] = field(default_factory=dict)
    refers: dict[int, int] = field(default_factory=dict)
    deletes: dict[int, int] = field(default_factory=dict)


def walk(update: bytes) -> Touched:
    """Read an update to its last byte; raises `Bad`."""
    return walk_keystroke(update) or _Walker(update).walk()


def walk_keystroke(update: bytes) -> Touched | None:
    """Read the update of one key: one client, one string after a left neighbour, no deletions. None when it is anything else.

    01 01 client clock 84|c4 left-client left-clock [right-client right-clock] size bytes 00
    """
    if len(update) > 127 or update[:2] != b"\x01\x01" or update[-1] != 0:
        return None
    try:
        client, at = _varuint(update, 2)
        clock, at = _varuint(update, at)
        info = update[at]
        if info not in (HAS_LEFT | STRING, HAS_LEFT | HAS_RIGHT | STRING):
            return None
        left, at = _varuint(update, at + 1)
        left_clock, at = _varuint(update, at)
        refers = {left: left_clock}
        if info & HAS_RIGHT:
            right, at = _varuint(update, at)
            right_clock, at = _varuint(update, at)
            refers[right] = max(right_clock, refers.get(right, 0))
        size = update[at]
        text = update[at + 1 : -1]
        own = refers.pop(client, -1)
        if own >= clock or size != len(text) or not size or max(client, left, *refers) >= MAX_CLIENT_ID:
            return None
        return Touched({client: (clock, _end(clock, _utf16(text)))}, refers, {})
    except IndexError:
        return None


def _varuint(data: bytes, at: int) -> tuple[int, int]:
    """Read a varint without bounds checks of its own: the caller catches IndexError."""
    number = data[at] & 127
    shift = 7
    while data[at] > 127:
        at += 1
        if shift > 7 * (MAX_VARINT_BYTES - 1):
            raise Bad("varint")
        number |= (data[at] & 127) << shift
        shift += 7
    return number, at + 1


def _utf16(text: bytes) -> int:
    """Return the length in UTF-16 units, as Yjs counts."""
    if text.isascii():
        return len(text)
    try:
        return len(text.decode().encode("utf-16-le")) // 2
    except UnicodeDecodeError:
        raise Bad("utf8") from None


def _end(clock: int, length: int) -> int:
    """Return the clock after a struct, within the bounds."""
    if not 0 < length <= MAX_RUN or clock + length > MAX_CLOCK:
        raise Bad("length")
    return clock + length


class _Walker:
    def __init__(self, update: bytes) -> None:
        self._update = update
        self._at = 0
        self._structs_left = MAX_STRUCTS
        self._touched = Touched()

    def walk(self) -> Touched:
        for _ in range(self._count()):
            self._client()
        for _ in range(self._count()):
            self._deletions()
        if self._at != len(self._update):
            raise Bad("trailing")
        return self._touched

    def _client(self) -> None:
        structs, client, clock = self._count(), self._client_id(), self._number()
        self._structs_left -= structs
        if client in self._touched.structs or not structs or self._structs_left < 0:
            raise Bad("structs")
        start = clock
        for _ in range(structs):
            clock = _end(clock, self._struct(client, clock))
        self._touched.structs[client] = (start, clock)

    def _struct(self, client: int, clock: int) -> int:
        """Return the length of one struct."""
        info = self._byte()
        kind = info & 31
        if kind == GC:
            if info:
                raise Bad("info")
            return self._number()
        self._origins(info, client, clock)
        return self._content(kind)

    def _origins(self, info: int, client: int, clock: int) -> None:
        if info & HAS_LEFT:
            self._refer(client, clock)
        if info & HAS_RIGHT:
            self._refer(client, clock)
        if not info & (HAS_LEFT | HAS_RIGHT):
            self._parent(client, clock)
            if info & HAS_KEY:
                self._name()

    def _parent(self, client: int, clock: int) -> None:
        named = self._number()
        if named == 0:
            self._refer(client, clock)
        elif named != 1 or self._string() not in ROOTS:
            raise Bad("root")

    def _refer(self, client: int, clock: int) -> None:
        """Read an id that this struct refers to; one of the same client must come before the struct itself."""
        other, other_clock = self._client_id(), self._number()
        if other == client:
            if other_clock >= clock:
                raise Bad("order")
        else:
            self._touched.refers[other] = max(other_clock, self._touched.refers.get(other, 0))

    def _content(self, kind: int) -> int:
        if kind == STRING:
            return _utf16(self._string())
        if kind == DELETED:
            return self._number()
        if kind == FORMAT:
            self._format()
            return 1
        if kind == TYPE:
            self._type()
            return 1
        if kind == ANY:
            count = self._count()
            for _ in range(count):
                self._any(MAX_DEPTH)
            return count
        raise Bad("content")

    def _format(self) -> None:
        if self._string() not in FORMATS:
            raise Bad("mark")
        _utf16(self._string())

    def _type(self) -> None:
        kind = self._number()
        if kind != XML_TEXT and (kind != XML_ELEMENT or self._string() not in ELEMENTS):
            raise Bad("type")

    def _any(self, depth: int) -> None:
        kind = self._byte()
        if kind in ANY_SIZES:
            self._skip(ANY_SIZES[kind])
        elif kind == ANY_INTEGER:
            self._number()
        elif kind == ANY_STRING:
            _utf16(self._string())
        elif kind in {ANY_OBJECT, ANY_ARRAY} and depth:
            self._nested(depth - 1, keyed=kind == ANY_OBJECT)
        else:
            raise Bad("any")

    def _nested(self, depth: int, *, keyed: bool) -> None:
        for _ in range(self._count()):
            if keyed:
                self._name()
            self._any(depth)

    def _deletions(self) -> None:
        client = self._client_id()
        if client in self._touched.deletes:
            raise Bad("deletions")
        furthest = 0
        for _ in range(self._count()):
            start = self._number()
            furthest = max(furthest, _end(start, self._number()))
        self._touched.deletes[client] = furthest

    def _number(self) -> int:
        try:
            number, self._at = _varuint(self._update, self._at)
        except IndexError:
            raise Bad("truncated") from None
        return number

    def _client_id(self) -> int:
        client = self._number()
        if client >= MAX_CLIENT_ID:
            raise Bad("client_id")
        return client

    def _count(self) -> int:
        """Read a number of things that take a byte each at least, so that it cannot promise more than there is."""
        count = self._number()
        if count > len(self._update) - self._at:
            raise Bad("count")
        return count

    def _byte(self) -> int:
        self._skip(1)
        return self._update[self._at - 1]

    def _skip(self, size: int) -> None:
        self._at += size
        if self._at > len(self._update):
            raise Bad("truncated")

    def _string(self) -> bytes:
        size = self._count()
        self._at += size
        return self._update[self._at - size : self._at]

    def _name(self) -> bytes:
        name = self._string()
        if len(name) > MAX_NAME:
            raise Bad("name")
        _utf16(name)
        return name
