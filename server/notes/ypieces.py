"""What one Yjs update holds, piece by piece, and the numbers and lengths that it is written in."""

from dataclasses import dataclass, field
from typing import NamedTuple

from server.notes.limits import MAX_CLOCK
from server.notes.yproto import MAX_VARINT_BYTES, Bad

GARBAGE, DELETED, LETTERS, VALUE = "#garbage", "#deleted", "#letters", "#value"
FOUR_BYTES = 0xF0  # no shorter character of UTF-8 has such a byte
LAST_SINGLE = "\uffff"

Id = tuple[int, int]


class Parent(NamedTuple):
    """Where a piece without neighbours says that it stands: in a section, or in the type of an id; under a key it is an attribute."""

    section: str | None
    id: Id
    key: bool


class Piece(NamedTuple):
    """One struct: its clocks (`end` is exclusive), what it is (a node's name or one of the words above), and what it hangs on.

    `halves` are the clocks of the second halves of characters that count as two, as most emoji do.
    """

    clock: int
    end: int
    content: str
    left: Id | None
    right: Id | None
    parent: Parent | None
    halves: tuple[int, ...] = ()


@dataclass(slots=True)
class Touched:
    """What an update touches, as clocks by client id.

    `structs`: from (inclusive) and to (exclusive) of the new structs; `refers`: the highest clock that they refer to;
    `deletes`: from and to of each deletion; `pieces`: the structs themselves, in order.
    """

    structs: dict[int, tuple[int, int]] = field(default_factory=dict)
    refers: dict[int, int] = field(default_factory=dict)
    deletes: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    pieces: dict[int, list[Piece]] = field(default_factory=dict)


def varuint(data: bytes, at: int) -> tuple[int, int]:
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


def utf16(text: bytes) -> int:
    """Return the length in UTF-16 units, as Yjs counts."""
    if text.isascii():
        return len(text)
    try:
        return len(text.decode().encode("utf-16-le")) // 2
    except UnicodeDecodeError:
        raise Bad("utf8") from None


def halves_of(text: bytes, clock: int) -> tuple[int, ...]:
    """Return the clocks of second halves in a text that begins at `clock`."""
    if text.isascii() or max(text) < FOUR_BYTES:
        return ()
    halves = []
    for letter in text.decode():
        clock += 1
        if letter > LAST_SINGLE:
            halves.append(clock)
            clock += 1
    return tuple(halves)


def end_of(clock: int, length: int, longest: int) -> int:
    """Return the clock after a struct, within the bounds."""
    if not 0 < length <= longest or clock + length > MAX_CLOCK:
        raise Bad("length")
    return clock + length
