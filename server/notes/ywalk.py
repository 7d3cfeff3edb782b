"""A strict, bounded reader of Yjs updates (format v1): what an update touches, before any CRDT library sees it.

pycrdt panics on some malformed updates, takes structs under any client id, and parks what refers to the unknown; so nothing
reaches it that this walker did not read to the last byte. Only what our editor writes is let through.
"""

from typing import NamedTuple

from server.notes.limits import MARKS, MAX_CLIENT_ID, MAX_CLOCK, MAX_PARTS, MAX_RUN, NODES, SECTIONS, TEXT
from server.notes.ykey import walk_keystroke
from server.notes.ypieces import DELETED, GARBAGE, LETTERS, VALUE, Id, Parent, Piece, Touched, end_of, halves_of, utf16, varuint
from server.notes.yproto import Bad

GC_REF, DELETED_REF, STRING_REF, FORMAT_REF, TYPE_REF, ANY_REF = 0, 1, 4, 6, 7, 8
HAS_LEFT, HAS_RIGHT, HAS_KEY = 128, 64, 32
XML_ELEMENT, XML_TEXT = 3, 6
MAX_DEPTH = 8
MAX_NAME = 64
NO_ID = (0, 0)
ROOTS = {name.encode(): name for name in SECTIONS}
ELEMENTS = {name.encode(): name for name in NODES}
FORMATS = frozenset(name.encode() for name in MARKS)

ANY_SIZES = {127: 0, 126: 0, 121: 0, 120: 0, 124: 4, 123: 8, 122: 8}
ANY_INTEGER, ANY_STRING, ANY_OBJECT, ANY_ARRAY = 125, 119, 118, 117


class Bounds(NamedTuple):
    """What reading may cost: `parts` counts structs, deletions and the members of attributes' values; `run` is the length of one struct."""

    parts: int
    run: int


MESSAGE = Bounds(MAX_PARTS, MAX_RUN)
WHOLE = Bounds(MAX_CLOCK, MAX_CLOCK)


def walk(update: bytes) -> Touched:
    """Read somebody's update to its last byte; raises `Bad`."""
    return walk_keystroke(update) or Walker(update, MESSAGE).walk()


def walk_whole(update: bytes) -> Touched:
    """Read a document of our own, which is as big as it is; raises `Bad`."""
    return Walker(update, WHOLE).walk()


class Walker:
    """Reads one update; whoever needs more of it than `Touched` tells derives from this."""

    def __init__(self, update: bytes, bounds: Bounds) -> None:
        self._update = update
        self._at = 0
        self._bounds = bounds
        self._parts = 0
        self._touched = Touched()

    def walk(self) -> Touched:
        for _ in range(self._count()):
            self._client()
        for _ in range(self._parts_to_come()):
            self._deletions()
        if self._at != len(self._update):
            raise Bad("trailing")
        return self._touched

    def _client(self) -> None:
        structs, client, clock = self._parts_to_come(), self._client_id(), self._number()
        if client in self._touched.structs or not structs:
            raise Bad("structs")
        start = clock
        pieces = self._touched.pieces[client] = []
        for _ in range(structs):
            pieces.append(self._piece(client, clock))
            clock = pieces[-1].end
        self._touched.structs[client] = (start, clock)

    def _piece(self, client: int, clock: int) -> Piece:
        info = self._byte()
        kind = info & 31
        if kind == GC_REF:
            if info:
                raise Bad("info")
            return Piece(clock, self._end(clock, self._number()), GARBAGE, None, None, None)
        left = self._refer(client, clock) if info & HAS_LEFT else None
        right = self._refer(client, clock) if info & HAS_RIGHT else None
        parent = None if info & (HAS_LEFT | HAS_RIGHT) else self._parent(client, clock, key=bool(info & HAS_KEY))
        if kind == STRING_REF:
            text = self._letters(client, clock)
            return Piece(clock, self._end(clock, utf16(text)), LETTERS, left, right, parent, halves_of(text, clock))
        content, length = self._content(kind)
        return Piece(clock, self._end(clock, length), content, left, right, parent)

    def _letters(self, client: int, clock: int) -> bytes:  # noqa: ARG002 - for whoever derives
        return self._string()

    def _parent(self, client: int, clock: int, *, key: bool) -> Parent:
        named = self._number()
        if named == 1 and not key:
            return Parent(self._one_of(ROOTS, "root"), NO_ID, key)
        if named != 0:
            raise Bad("root")
        parent = Parent(None, self._refer(client, clock), key)
        if key:
            self._name()
        return parent

    def _refer(self, client: int, clock: int) -> Id:
        """Read an id that this struct refers to; one of the same client must come before the struct itself."""
        other, other_clock = self._client_id(), self._number()
        if other == client:
            if other_clock >= clock:
                raise Bad("order")
        else:
            self._touched.refers[other] = max(other_clock, self._touched.refers.get(other, 0))
        return other, other_clock

    def _content(self, kind: int) -> tuple[str, int]:
        """Return what a struct is that holds no text, and how long."""
        if kind == DELETED_REF:
            return DELETED, self._number()
        if kind == FORMAT_REF:
            self._format()
            return LETTERS, 1
        if kind == TYPE_REF:
            return self._type(), 1
        if kind == ANY_REF and self._number() == 1:
            self._any(MAX_DEPTH)
            return VALUE, 1
        raise Bad("content")

    def _format(self) -> None:
        if self._string() not in FORMATS:
            raise Bad("mark")
        utf16(self._string())

    def _type(self) -> str:
        kind = self._number()
        if kind == XML_TEXT:
            return TEXT
        if kind != XML_ELEMENT:
            raise Bad("type")
        return self._one_of(ELEMENTS, "type")

    def _any(self, depth: int) -> None:
        kind = self._byte()
        if kind in ANY_SIZES:
            self._skip(ANY_SIZES[kind])
        elif kind == ANY_INTEGER:
            self._number()
        elif kind == ANY_STRING:
            utf16(self._string())
        elif kind in {ANY_OBJECT, ANY_ARRAY} and depth:
            self._nested(depth - 1, keyed=kind == ANY_OBJECT)
        else:
            raise Bad("any")

    def _nested(self, depth: int, *, keyed: bool) -> None:
        for _ in range(self._parts_to_come()):
            if keyed:
                self._name()
            self._any(depth)

    def _deletions(self) -> None:
        client = self._client_id()
        if client in self._touched.deletes:
            raise Bad("deletions")
        ranges = self._touched.deletes[client] = []
        for _ in range(self._parts_to_come()):
            start = self._number()
            ranges.append((start, self._end(start, self._number())))

    def _number(self) -> int:
        try:
            number, self._at = varuint(self._update, self._at)
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

    def _parts_to_come(self) -> int:
        """Read a number of parts, and charge them before they are read."""
        count = self._count()
        self._parts += count
        if self._parts > self._bounds.parts:
            raise Bad("parts")
        return count

    def _end(self, clock: int, length: int) -> int:
        return end_of(clock, length, self._bounds.run)

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

    def _one_of(self, names: dict[bytes, str], code: str) -> str:
        name = names.get(self._string())
        if name is None:
            raise Bad(code)
        return name

    def _name(self) -> None:
        name = self._string()
        if len(name) > MAX_NAME:
            raise Bad("name")
        utf16(name)
