"""Ways to spoil an honest update: by its fields, so that what is wrong lies deep, and by its bytes, as noise does."""

from collections.abc import Callable, Mapping
from random import Random

from server.notes.yproto import Bad
from tests.fuzz.anatomy import CLIENT, CLOCK, COUNT, INFO, NUMBERS, PARENT, TEXT, Field, join, number, text

Clocks = Mapping[int, int]
EDGES = (0, 1, 2, 5, 127, 128, 255, 1 << 14, 1 << 20, (1 << 20) + 1, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, (1 << 32) + 5, 1 << 53, 1 << 56)
TEXTS = (
    b"", b"x", b"plan", b"objective", b"hidden", b"paragraph", b"bulletList", b"listItem", b"script", b"bold", b"italic", b"link",
    b"{}", b"null", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\x80", b"\x00", b"a\xcc\x81", b"n" * 200, b"\xef\xbf\xbf",
)  # fmt: skip
CONTENTS = tuple(range(12))
FLAGS = (0, 0x20, 0x40, 0x80, 0xC0, 0xE0)
LONG = 60_000  # bytes; more structs than one update may hold


def bend(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> bytes:
    """Return an update with one to three things wrong; `other` lends its parts, `clocks` the ids that exist."""
    bent = list(fields)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        if dice.random() < 0.75:
            dice.choice(DEEP)(dice, bent, other, clocks)
        else:
            return spoil(dice, join(bent))
    return join(bent)


def _pick(dice: Random, fields: list[Field], kinds: frozenset[str]) -> int | None:
    places = [place for place, field in enumerate(fields) if field.kind in kinds]
    return dice.choice(places) if places else None


def read(field: Field) -> int:
    """Return the number in a field, which may be spoilt by now."""
    try:
        return field.number
    except Bad:
        return 0


def some_client(dice: Random, clocks: Clocks) -> int:
    return dice.choice([*clocks, *clocks, dice.choice(EDGES), dice.randrange(1 << 32)])


def some_id(dice: Random, clocks: Clocks) -> tuple[int, int]:
    """Return a client and mostly one of its clocks."""
    client = some_client(dice, clocks)
    end = clocks.get(client, 0)
    return client, dice.randrange(end) if end and dice.random() < 0.9 else dice.choice((end, end + 1, *EDGES))


def _client(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    place = _pick(dice, fields, frozenset({CLIENT}))
    if place is not None:
        fields[place] = number(CLIENT, some_client(dice, clocks))


def _neighbour(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    """Let a struct, or a deletion, rest on another id."""
    places = [place for place in range(len(fields) - 1) if (fields[place].kind, fields[place + 1].kind) == (CLIENT, CLOCK)]
    if places:
        place = dice.choice(places)
        client, clock = some_id(dice, clocks)
        fields[place : place + 2] = [number(CLIENT, client), number(CLOCK, clock)]


def _number(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    place = _pick(dice, fields, NUMBERS)
    if place is not None:
        near = read(fields[place])
        fields[place] = number(
            fields[place].kind, dice.choice((near + 1, max(0, near - 1), near * 2, dice.choice(EDGES), dice.randrange(256)))
        )


def _parent(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    place = _pick(dice, fields, frozenset({PARENT}))
    if place is None:
        return
    size = 2 if read(fields[place]) else 3
    if dice.random() < 0.5:
        fields[place : place + size] = [number(PARENT, 1), text(dice.choice(TEXTS[1:6]))]
    else:
        client, clock = some_id(dice, clocks)
        fields[place : place + size] = [number(PARENT, 0), number(CLIENT, client), number(CLOCK, clock)]


def _kind(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    place = _pick(dice, fields, frozenset({INFO}))
    if place is not None:
        info = fields[place].raw[0]
        fields[place] = Field(
            INFO, bytes([dice.choice((dice.choice(FLAGS) | info & 31, info & 0xE0 | dice.choice(CONTENTS), dice.randrange(256)))])
        )


def _text(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    place = _pick(dice, fields, frozenset({TEXT}))
    if place is not None:
        fields[place] = text(dice.choice(TEXTS))


def _swap(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    first = dice.randrange(len(fields))
    second = _pick(dice, fields, frozenset({fields[first].kind}))
    if second is not None:
        fields[first], fields[second] = fields[second], fields[first]


def _drop(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    start = dice.randrange(len(fields))
    if len(fields) > 4:
        del fields[start : start + dice.randrange(1, 4)]


def _repeat(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    start = dice.randrange(len(fields))
    piece = fields[start : start + dice.randrange(1, 9)]
    times = dice.choice((1, 1, 1, 2, 10, 200)) if dice.random() < 0.98 else LONG // len(join(piece))
    fields[start:start] = piece * times


def _splice(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    fields[dice.randrange(len(fields)) :] = other[dice.randrange(len(other)) :]


def _graft(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    start = dice.randrange(len(other))
    at = dice.randrange(len(fields))
    fields[at:at] = other[start : start + dice.randrange(1, 9)]


def _junk_varint(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    """Write a number longer than it need be, or without an end."""
    place = _pick(dice, fields, NUMBERS)
    if place is not None:
        kind, raw = fields[place]
        longer = raw[:-1] + bytes([raw[-1] | 128]) + b"\x80" * dice.choice((0, 1, 4, 6, 9, 20)) + b"\x00"
        fields[place] = Field(kind, longer)


def _deletions(dice: Random, fields: list[Field], other: list[Field], clocks: Clocks) -> None:
    """Put another set of deletions in the place of the last count of all."""
    place = max(place for place, field in enumerate(fields) if field.kind == COUNT) if _pick(dice, fields, frozenset({COUNT})) else 0
    fields[place:] = [Field(COUNT, deletions(dice, clocks))]


DEEP: tuple[Callable[[Random, list[Field], list[Field], Clocks], None], ...] = (
    _client, _neighbour, _neighbour, _number, _parent, _kind, _text, _swap, _drop, _repeat, _splice, _graft, _junk_varint, _deletions,
)  # fmt: skip


def deletions(dice: Random, clocks: Clocks) -> bytes:
    """Return a delete set over anything: what there is, all of it, beyond it, backwards, the same twice."""
    chosen = [some_client(dice, clocks) for _ in range(dice.choice((0, 1, 1, 2, 3)))] if dice.random() < 0.8 else list(clocks)
    out = number(COUNT, len(chosen)).raw
    for client in chosen:
        end = clocks.get(client, 0)
        ranges = [_range(dice, end) for _ in range(dice.choice((1, 1, 1, 2, 4)))] if dice.random() < 0.8 else [(0, end)]
        out += number(CLIENT, client).raw + number(COUNT, len(ranges)).raw
        out += b"".join(number(CLOCK, start).raw + number(CLOCK, length).raw for start, length in ranges)
    return out


def _range(dice: Random, end: int) -> tuple[int, int]:
    if not end or dice.random() < 0.1:
        return dice.choice(EDGES), dice.choice(EDGES)
    start = dice.randrange(end)
    return start, dice.randrange(1, end - start + (2 if dice.random() < 0.1 else 1))


def spoil(dice: Random, raw: bytes) -> bytes:
    """Return the bytes with noise in them: cut short, bits turned, bytes lost, doubled or thrown in."""
    noisy = bytearray(raw or b"\x00")
    at = dice.randrange(len(noisy))
    how = dice.randrange(6)
    if how == 0:
        return bytes(noisy[:at])
    if how == 1:
        for _ in range(dice.randrange(1, 5)):
            noisy[dice.randrange(len(noisy))] ^= 1 << dice.randrange(8)
    elif how == 2:
        noisy[at] = dice.randrange(256)
    elif how == 3:
        del noisy[at : at + dice.randrange(1, 6)]
    elif how == 4:
        noisy[at:at] = noisy[at : at + dice.randrange(1, 20)]
    else:
        noisy[at:at] = dice.randbytes(dice.choice((1, 2, 8, 40)))
    return bytes(noisy)
