"""Updates that no editor made and that can be read to the last byte: any content beside, in or under anything that there is."""

from random import Random

from server.notes.limits import SECTIONS
from server.notes.yproto import prefixed, write_varuint
from tests.fuzz.anatomy import ANY, DELETED, FORMAT, GC, KEY, LEFT, RIGHT, STRING, TYPE
from tests.fuzz.bending import EDGES, Clocks, deletions, some_id

CONTENTS = (STRING, STRING, STRING, STRING, FORMAT, TYPE, TYPE, ANY, DELETED, GC)
NODES = (b"\x06", b"\x06", *(b"\x03" + prefixed(name) for name in (b"paragraph", b"bulletList", b"listItem")))
LETTERS = (b"x", b"yz", b"\xc3\x9f", b"\xf0\x9f\x98\x80", b"a\xf0\x9f\x98\x80b", b"word ")
MARKS = (b"\x04bold\x02{}", b"\x04bold\x04null", b"\x06italic\x02{}", b"\x06italic\x04null", b"\x04bold\x01{")
VALUES = (
    b"\x01\x78",
    b"\x01\x7e",
    b"\x01\x77\x01a",
    b"\x01\x7d\x01",
    b"\x01\x75\x02\x7e\x7e",
    b"\x01\x76\x01\x01k\x7e",
    b"\x01\x7b" + b"\x7f" * 8,
)


def opening(client: int) -> bytes:
    """Return a first update that the server takes: two paragraphs and a list, with the author's own letters to hang things on."""
    me = write_varuint(client)
    structs = (
        b"\x07\x01\x04plan\x03\x09paragraph", b"\x07\x00" + me + b"\x00\x06", b"\x04\x00" + me + b"\x01\x07ab\xf0\x9f\x98\x80c",
        b"\x87" + me + b"\x00\x03\x09paragraph", b"\x07\x00" + me + b"\x07\x06", b"\x04\x00" + me + b"\x08\x03def",
        b"\x87" + me + b"\x07\x03\x0abulletList", b"\x07\x00" + me + b"\x0c\x03\x08listItem", b"\x07\x00" + me + b"\x0d\x03\x09paragraph",
    )  # fmt: skip
    return b"\x01" + bytes([len(structs)]) + me + b"\x00" + b"".join(structs) + b"\x00"


def invent(dice: Random, author: int, clocks: Clocks) -> bytes:
    """Return an update of `author`, mostly from their next clock on."""
    known = dict(clocks)
    clock = known.get(author, 0)
    clock = clock if dice.random() < 0.9 else max(0, clock + dice.randrange(-8, 3))
    structs = []
    start = clock
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3, 6))):
        known[author] = clock
        struct, length = _struct(dice, known)
        structs.append(struct)
        clock += length
    known[author] = max(clock, clocks.get(author, 0))
    head = write_varuint(len(structs)) + write_varuint(author) + write_varuint(start)
    return (b"\x01" + head + b"".join(structs) if structs else b"\x00") + (deletions(dice, known) if dice.random() < 0.3 else b"\x00")


def _struct(dice: Random, known: Clocks) -> tuple[bytes, int]:
    kind = dice.choice(CONTENTS)
    length = dice.choice((1, 2, 5)) if dice.random() < 0.98 else dice.choice(EDGES[:10])
    if kind == GC:
        return b"\x00" + write_varuint(length), length
    flags, place = _place(dice, known)
    content = b""
    if kind == DELETED:
        content = write_varuint(length)
    elif kind == STRING:
        letters = dice.choice(LETTERS)
        content, length = prefixed(letters), len(letters.decode().encode("utf-16-le")) // 2
    else:
        content, length = dice.choice({FORMAT: MARKS, TYPE: NODES, ANY: VALUES}[kind]), 1
    return bytes([flags | kind]) + place + content, length


def _place(dice: Random, known: Clocks) -> tuple[int, bytes]:
    """Return the flags and bytes of neighbours or a parent."""
    how = dice.randrange(6)
    if how < 2:
        return LEFT, _id(dice, known)
    if how == 2:
        return RIGHT, _id(dice, known)
    if how == 3:
        return LEFT | RIGHT, _beside(dice, known)
    if how == 4:
        return 0, b"\x01" + prefixed(dice.choice(SECTIONS).encode())
    key = dice.random() < 0.3
    return KEY if key else 0, b"\x00" + _id(dice, known) + (b"\x01k" if key else b"")


def _id(dice: Random, known: Clocks) -> bytes:
    client, clock = some_id(dice, known)
    return write_varuint(client) + write_varuint(clock)


def _beside(dice: Random, known: Clocks) -> bytes:
    """Return a pair of neighbours: any two, or mostly two that follow one another."""
    client, clock = some_id(dice, known)
    left = write_varuint(client) + write_varuint(clock)
    return left + (write_varuint(client) + write_varuint(clock + 1) if dice.random() < 0.7 else _id(dice, known))
