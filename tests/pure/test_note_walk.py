"""The walker reads every honest update to its last byte and refuses everything else before the CRDT library sees it."""

import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycrdt import Doc, TransactionEvent, XmlElement, XmlFragment, XmlText

from server.notes.document import Document, Poisoned
from server.notes.guard import Verdict, judge
from server.notes.layout import lay_out
from server.notes.limits import MAX_CLIENT_ID, MAX_CLOCK, MAX_PARTS, MAX_RUN
from server.notes.order import Crossed
from server.notes.ykey import walk_keystroke
from server.notes.ypieces import Touched
from server.notes.yproto import Bad, read_state_vector, write_varuint
from server.notes.ywalk import MESSAGE, Walker, walk, walk_whole

ALICE, BOB = 3735928559, 77

# Made by Yjs 13.6: typing, formatting, deleting, a list in a list that is deleted again; the whole has a GC struct.
YJS_ALICE = [
    bytes.fromhex(text)
    for text in (
        "0103effdb6f50d00070104706c616e03097061726167726170680700effdb6f50d00060400effdb6f50d01016100",
        "0101effdb6f50d0384effdb6f50d02016200",
        "0101effdb6f50d0444effdb6f50d02016300",
        "0101effdb6f50d05c4effdb6f50d04effdb6f50d020c73747261c39f6520f09f988000",
        "0102effdb6f50d0e46effdb6f50d0404626f6c64027b7dc6effdb6f50d06effdb6f50d0704626f6c64046e756c6c00",
        "0001effdb6f50d010502",
        (
            "0107effdb6f50d1007010a7375626a656374697665030a62756c6c65744c6973740700effdb6f50d1003086c6973744974656d0700effdb6f50d11030970617261677261"
            "70680700effdb6f50d12060400effdb6f50d13036f6e652800effdb6f50d10057374617274017d012800effdb6f50d10046b696e640177046469736300"
        ),
        "0001effdb6f50d011009",
    )
]
YJS_WHOLE = bytes.fromhex(
    "010aeffdb6f50d00070104706c616e03097061726167726170680700effdb6f50d00060400effdb6f50d0102616244effdb6f50d020163c1effdb6f50d04effdb6f50d0202"
    "c4effdb6f50d06effdb6f50d020a7261c39f6520f09f988046effdb6f50d0404626f6c64027b7dc6effdb6f50d06effdb6f50d0704626f6c64046e756c6c01010a7375626a"
    "65637469766501000801effdb6f50d0205021009"
)
YJS_BOB = [
    bytes.fromhex(text)
    for text in ("01014d00c4effdb6f50d07effdb6f50d08015a00", "0002effdb6f50d03040107010e024d010001", "01014d0184effdb6f50d030420656e6400")
]


def pycrdt_updates(client_id: int = BOB) -> list[bytes]:
    """What a pycrdt document tells while somebody writes a section."""
    doc: Doc[XmlFragment] = Doc(client_id=client_id)
    updates: list[bytes] = []

    def note(event: TransactionEvent) -> None:
        updates.append(event.update)

    doc.observe(note)
    plan = doc.get("plan", type=XmlFragment)
    text = XmlText("Rest")
    plan.children.append(XmlElement("paragraph", {"textAlign": "left", "level": 2, "tight": True}, [text]))
    for letter in "ß😀x":
        text.insert(0, letter)
    text.format(0, 1, {"bold": True})
    del plan.children[0]
    return [*updates, doc.get_update()]


CORPUS = [*YJS_ALICE, YJS_WHOLE, *YJS_BOB, *pycrdt_updates()]


def string(client: int = BOB, clock: int = 0, text: bytes = b"x", root: bytes = b"plan") -> bytes:
    """One string struct at the beginning of a section."""
    return b"\x01\x01" + write_varuint(client) + write_varuint(clock) + b"\x04\x01" + _prefixed(root) + _prefixed(text) + b"\x00"


def _prefixed(raw: bytes) -> bytes:
    return write_varuint(len(raw)) + raw


@pytest.mark.parametrize("update", CORPUS, ids=range(len(CORPUS)))
def test_honest_updates_pass(update: bytes) -> None:
    touched = walk(update)
    assert touched.structs or touched.deletes


@pytest.mark.parametrize("updates", [YJS_ALICE, [*YJS_ALICE, *YJS_BOB], pycrdt_updates()[:-1]], ids=["yjs", "two", "pycrdt"])
def test_clocks_are_those_of_the_library(updates: list[bytes]) -> None:
    doc: Doc[XmlFragment] = Doc()
    clocks: dict[int, int] = {}
    for update in updates:
        for client, (start, end) in walk(update).structs.items():
            assert clocks.get(client, 0) == start
            clocks[client] = end
        doc.apply_update(update)
        assert read_state_vector(doc.get_state()) == clocks


def test_keystrokes_take_the_short_way_to_the_same_result() -> None:
    short = [update for update in CORPUS if walk_keystroke(update) is not None]
    assert len(short) >= 4
    for update in short:
        touched, slow = walk(update), _walk_slowly(update)
        assert touched == slow


def _walk_slowly(update: bytes) -> Touched:
    return Walker(update, MESSAGE).walk()


ATTRIBUTE = b"\x01\x01\x4d\x00\x28\x00\x4e\x00\x01k\x01"
"""One attribute, k, of somebody's node, up to its value."""

BAD_41: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\x01",
    "2^31 clients": write_varuint(1 << 31) + b"\x00" * 8,
    "2^31 structs": b"\x01" + write_varuint(1 << 31) + b"\x4d\x00" + b"\x00" * 8,
    "2^31 deletions": b"\x00" + write_varuint(1 << 31) + b"\x00",
    "2^31 letters": b"\x01\x01\x4d\x00\x04\x01\x04plan" + write_varuint(1 << 31) + b"x\x00",
    "2^31 members": ATTRIBUTE + b"\x75" + write_varuint(1 << 31),
    "an attribute of two values": ATTRIBUTE[:-1] + b"\x02\x7e\x7e\x00",
    "an attribute of a section": b"\x01\x01\x4d\x00\x28\x01\x04plan\x01k\x01\x7e\x00",
    "a key of a section": b"\x01\x01\x4d\x00\x24\x01\x04plan\x01k\x01x\x00",
    "GC of 2^32 + 5": b"\x01\x01\x4d\x00\x00" + write_varuint((1 << 32) + 5) + b"\x00",
    "GC of nothing": b"\x01\x01\x4d\x00\x00\x00\x00",
    "GC with an origin": b"\x01\x01\x4d\x00\x80\x05\x00",
    "skip": b"\x01\x01\x4d\x00\x0a\x05\x00",
    "subdocument": b"\x01\x01\x4d\x00\x09\x01\x04plan\x01g\x76\x00\x00",
    "binary": b"\x01\x01\x4d\x00\x03\x01\x04plan\x02ab\x00",
    "embed": b"\x01\x01\x4d\x00\x05\x01\x04plan\x02{}\x00",
    "unknown content": b"\x01\x01\x4d\x00\x0b\x01\x04plan\x01a\x00",
    "another root": string(root=b"hidden"),
    "map as a type": b"\x01\x01\x4d\x00\x07\x01\x04plan\x01\x00",
    "client id of 2^32": string(client=MAX_CLIENT_ID),
    "clock of 2^31": string(clock=MAX_CLOCK),
    "the same client twice": b"\x02" + string()[1:-1] + string(clock=1)[1:],
    "no structs": b"\x01\x00\x4d\x00\x00",
    "no letters": string(text=b""),
    "broken UTF-8": string(text=b"\xff\xfe"),
    "half a surrogate pair": string(text=b"\xed\xa0\x80"),
    "endless varint": b"\x01\x01" + b"\xff" * 20 + b"\x00",
    "trailing bytes": string() + b"\x00",
    "refers to itself": b"\x01\x01\x4d\x05\x84\x4d\x07\x01x\x00",
    "deletes to 2^40": b"\x00\x01\x4d\x01\x00" + write_varuint(1 << 40),
    "deletes nothing": b"\x00\x01\x4d\x01\x00\x00",
    "deletes of one client twice": b"\x00\x02\x4d\x01\x00\x01\x4d\x01\x00\x01",
    "a name of a kilobyte": ATTRIBUTE[:-3] + _prefixed(b"n" * 1024) + b"\x01\x7e\x00",
    "a node that no editor knows": b"\x01\x01\x4d\x00\x07\x01\x04plan\x03" + _prefixed(b"script") + b"\x00",
    "a mark that no editor knows": b"\x01\x01\x4d\x00\x06\x01\x04plan" + _prefixed(b"link") + _prefixed(b"{}") + b"\x00",
    "nested a thousand deep": ATTRIBUTE + b"\x75\x01" * 1000 + b"\x7e\x00",
    "unknown value": ATTRIBUTE + b"\x70\x00",
}


@pytest.mark.row("N1")
@pytest.mark.parametrize("update", BAD_41.values(), ids=BAD_41.keys())
def test_bad_41_hostile_updates_are_refused(update: bytes) -> None:
    with pytest.raises(Bad):
        walk(update)


@pytest.mark.parametrize("update", CORPUS, ids=range(len(CORPUS)))
def test_bad_41_truncated_updates_are_refused(update: bytes) -> None:
    for end in range(len(update)):
        with pytest.raises(Bad):
            walk(update[:end])


def many_structs(count: int) -> bytes:
    return b"\x01" + write_varuint(count) + b"\x4d\x01" + b"\x84\x4d\x00\x01x" * count + b"\x00"


def many_deletions(count: int) -> bytes:
    return b"\x00\x01\x4d" + write_varuint(count) + b"\x00\x01" * count


def many_authors_of_deletions(count: int) -> bytes:
    return b"\x00" + write_varuint(count) + b"".join(write_varuint(client) + b"\x00" for client in range(count))


def many_members(count: int) -> bytes:
    return ATTRIBUTE + b"\x75" + write_varuint(count) + b"\x7e" * count + b"\x00"


def many_named_members(count: int) -> bytes:
    return ATTRIBUTE + b"\x76" + write_varuint(count) + b"\x01k\x7e" * count + b"\x00"


def of_everything(count: int) -> bytes:
    """Half of the parts are structs, half deletions."""
    half = count // 2
    return many_structs(half)[:-1] + many_deletions(count - half)[1:]


MANY = [many_structs, many_deletions, many_authors_of_deletions, many_members, many_named_members, of_everything]


@pytest.mark.row("N1")
@pytest.mark.parametrize("many", MANY)
def test_bad_41_too_many_parts(many: Callable[[int], bytes]) -> None:
    """Whatever it is made of, one message holds the server up only so long."""
    walk(many(MAX_PARTS - 2))
    with pytest.raises(Bad, match="parts"):
        walk(many(MAX_PARTS + 1))


def test_bad_41_a_run_is_bounded() -> None:
    walk(b"\x01\x01\x4d\x00\x00" + write_varuint(MAX_RUN) + b"\x00")
    with pytest.raises(Bad, match="length"):
        walk(b"\x01\x01\x4d\x00\x00" + write_varuint(MAX_RUN + 1) + b"\x00")


def _flip(raw: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randrange(1, 5)):
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)


def _junk(raw: bytearray, dice: random.Random) -> None:
    raw[dice.randrange(len(raw))] = dice.randrange(256)


def _cut(raw: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(raw))
    del raw[at : at + dice.randrange(1, 6)]


def _splice(raw: bytearray, dice: random.Random) -> None:
    other = dice.choice(CORPUS)
    raw[dice.randrange(len(raw)) :] = other[dice.randrange(len(other)) :]


def _inflate(raw: bytearray, dice: random.Random) -> None:
    raw[dice.randrange(len(raw)) : 0] = b"\xff" * dice.randrange(1, 10) + bytes([dice.randrange(128)])


MUTATIONS: list[Callable[[bytearray, random.Random], None]] = [_flip, _junk, _cut, _splice, _inflate]


def _known_document() -> Document:
    document = Document()
    for author, updates in ((ALICE, YJS_ALICE), (BOB, YJS_BOB[:1])):
        for update in updates:
            document.apply(author, update, walk(update))
    return document


@pytest.mark.row("N1")
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**63))
def test_bad_41_bit_flipped_and_spliced_updates_never_hurt_the_document(seed: int) -> None:
    """What walker and guard let through is either taken, to exactly the clock that they computed, or refused without a panic."""
    dice = random.Random(seed)
    raw = bytearray(dice.choice(CORPUS))
    dice.choice(MUTATIONS)(raw, dice)
    document = _known_document()
    before = dict(document.clocks)
    try:
        touched = walk(bytes(raw))
        verdict = judge(touched, BOB, document.clocks)
    except Bad:
        return
    if verdict is Verdict.GAP:
        return
    try:
        document.apply(BOB, bytes(raw), touched)
    except (Bad, Crossed):
        assert read_state_vector(document.state_vector()) == document.clocks == before
        return
    except Poisoned as error:
        if not isinstance(error.__cause__, Exception):
            pytest.fail(f"the library panicked at {raw.hex()}")
        return
    expected = before | ({BOB: touched.structs[BOB][1]} if verdict is Verdict.NEW else {})
    assert read_state_vector(document.state_vector()) == document.clocks == expected
    assert lay_out(walk_whole(document.since(b"\x00"))).clocks == expected
