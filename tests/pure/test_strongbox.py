"""A sealed file: every change is found and named, a cut file is read as far as it goes, and any range is read without the rest."""

import io
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.strongbox import LARGEST_CHUNK, MAGIC, Damaged, Reader, Writer

pytestmark = pytest.mark.row("V8")

KEY = bytes(range(32))
NAME = "ab-1-0.webm"
PIECES = st.lists(st.binary(max_size=40), min_size=1, max_size=8)


def sealed(pieces: list[bytes], *, finish: bool = True, name: str = NAME, key: bytes = KEY) -> tuple[list[bytes], str]:
    """Return MAGIC and each chunk, and the head."""
    writer = Writer(name, key)
    chunks = [writer.seal(piece, last=finish and number == len(pieces) - 1) for number, piece in enumerate(pieces)]
    return [MAGIC, chunks[0][len(MAGIC) :], *chunks[1:]], writer.head


def reader(*parts: bytes, name: str = NAME, key: bytes = KEY) -> Reader:
    return Reader(io.BytesIO(b"".join(parts)), name, key)


def is_found(raw: bytes, head: str | None = None) -> bool:
    """Whether something is seen to be wrong: damage, or the missing end."""
    try:
        return not reader(raw).verify(head).finished
    except Damaged:
        return True


@given(PIECES, st.booleans())
def test_what_was_sealed_is_read(pieces: list[bytes], finish: bool) -> None:
    chunks, head = sealed(pieces, finish=finish)
    opened = reader(*chunks)
    assert opened.read(0, opened.size) == b"".join(pieces)
    assert opened.verify(head) == (len(pieces), len(b"".join(pieces)), finish, head)


@given(PIECES, st.integers(-5, 400), st.integers(-5, 400))
def test_any_range_is_read(pieces: list[bytes], start: int, end: int) -> None:
    opened = reader(*sealed(pieces)[0])
    assert opened.read(start, end) == b"".join(pieces)[max(start, 0) : max(end, 0)]


@given(PIECES, st.data())
def test_every_changed_bit_is_found(pieces: list[bytes], data: st.DataObject) -> None:
    chunks, _ = sealed(pieces)
    raw = bytearray(b"".join(chunks))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    assert is_found(bytes(raw))


@given(PIECES, st.data())
def test_an_edited_chunk_is_named(pieces: list[bytes], data: st.DataObject) -> None:
    chunks, _ = sealed(pieces)
    number = data.draw(st.integers(0, len(pieces) - 1))
    place = data.draw(st.integers(4, len(chunks[number + 1]) - 1))  # the first four bytes are the length
    edited = bytearray(chunks[number + 1])
    edited[place] ^= 0x10
    opened = reader(*chunks[: number + 1], edited, *chunks[number + 2 :])
    with pytest.raises(Damaged) as damaged:
        opened.verify()
    assert damaged.value.number == number
    ends = list(accumulate(map(len, pieces)))
    assert opened.read(0, ends[number] - len(pieces[number])) == b"".join(pieces[:number])  # what stands before it can be read


@given(PIECES.filter(lambda pieces: len(pieces) > 1), st.data())
def test_removed_repeated_and_swapped_chunks_are_found(pieces: list[bytes], data: st.DataObject) -> None:
    chunks, _ = sealed(pieces)
    one, other = sorted(data.draw(st.lists(st.integers(1, len(pieces)), min_size=2, max_size=2, unique=True)))
    removed = [chunk for number, chunk in enumerate(chunks) if number != one]
    repeated = [*chunks[: one + 1], *chunks[one:]]
    swapped = list(chunks)
    swapped[one], swapped[other] = chunks[other], chunks[one]
    for changed in (removed, repeated, swapped):
        with pytest.raises(Damaged) as damaged:
            reader(*changed).verify()
        assert damaged.value.number in (one - 1, one)


@given(PIECES, st.data())
def test_a_cut_file_is_unfinished_and_read_to_its_last_whole_chunk(pieces: list[bytes], data: st.DataObject) -> None:
    chunks, head = sealed(pieces)
    raw = b"".join(chunks)
    kept = data.draw(st.integers(0, len(raw) - 1))
    opened = reader(raw[:kept])
    ends = list(accumulate(map(len, chunks)))
    whole = sum(end <= kept for end in ends[1:])
    found = opened.verify()
    assert (found.chunks, found.finished) == (whole, False)
    assert opened.read(0, 10_000) == b"".join(pieces[:whole])
    with pytest.raises(Damaged):
        opened.verify(head)


def test_what_follows_the_last_chunk_is_found() -> None:
    chunks, _ = sealed([b"one", b"two"])
    with pytest.raises(Damaged) as damaged:
        reader(*chunks, b"!").verify()
    assert damaged.value.number == 2


def test_a_chunk_of_another_file_or_key_does_not_open() -> None:
    pieces = [b"one", b"two"]
    chunks, head = sealed(pieces)
    others, other_head = sealed(pieces, name="cd-1-0.webm")
    with pytest.raises(Damaged):
        reader(*chunks[:2], others[2]).verify()
    for changed in (reader(*chunks, name="cd-1-0.webm"), reader(*chunks, key=bytes(32))):
        with pytest.raises(Damaged):
            changed.verify()
        with pytest.raises(Damaged):
            changed.read(0, 1)
    with pytest.raises(Damaged):
        reader(*others, name="cd-1-0.webm").verify(head)
    assert reader(*others, name="cd-1-0.webm").verify(other_head).finished


def test_the_same_file_written_twice_does_not_mix() -> None:
    first, _ = sealed([b"one", b"two", b"end"])
    second, _ = sealed([b"one", b"two", b"end"])
    with pytest.raises(Damaged) as damaged:
        reader(*first[:2], *second[2:]).verify()
    assert damaged.value.number == 1


def test_another_kind_of_file_is_refused() -> None:
    for raw in (b"\x1a\x45\xdf\xa3" + bytes(60), b"C" * 100):
        with pytest.raises(Damaged):
            reader(raw)
    assert reader(b"").verify().chunks == 0


def test_a_length_over_the_bound_is_damage() -> None:
    chunks, _ = sealed([b"one"])
    raw = MAGIC + (LARGEST_CHUNK + 17).to_bytes(4, "big") + chunks[1][4:]
    with pytest.raises(Damaged):
        reader(raw, bytes(LARGEST_CHUNK + 100))


def test_the_writer_keeps_its_bounds() -> None:
    writer = Writer(NAME, KEY)
    with pytest.raises(ValueError, match="does not go"):
        writer.seal(bytes(LARGEST_CHUNK + 1))
    writer.seal(b"", last=True)
    with pytest.raises(ValueError, match="does not go"):
        writer.seal(b"more")
    for name, key in (("", KEY), ("x" * 201, KEY), (NAME, b"short")):
        with pytest.raises(ValueError, match=r"name|key"):
            Writer(name, key)


def test_a_range_is_read_without_opening_the_rest() -> None:
    pieces = [bytes([number]) * 1000 for number in range(50)]
    chunks, _ = sealed(pieces)
    for number in (*range(1, 30), *range(33, 51)):
        chunks[number] = chunks[number][:-1] + bytes([chunks[number][-1] ^ 1])
    assert reader(*chunks).read(29_500, 31_500) == pieces[29][:500] + pieces[30] + pieces[31][:500]


def test_an_unfinished_file_is_gone_on_with_behind_its_last_whole_chunk() -> None:
    writer = Writer("a", bytes(32))
    raw = writer.seal(b"one") + writer.seal(b"two") + b"\x00\x00"
    seen: list[tuple[int, bytes]] = []
    reader = Reader(io.BytesIO(raw), "a", bytes(32))
    found = reader.verify(see=lambda begins, plain: seen.append((begins, plain)))
    assert (seen, found.finished, reader.whole) == ([(0, b"one"), (3, b"two")], False, len(raw) - 2)
    again = Writer("a", bytes(32), found)
    whole = Reader(io.BytesIO(raw[: reader.whole] + again.seal(b"end", last=True)), "a", bytes(32))
    assert (whole.verify(again.head).finished, whole.read(0, 99), whole.last_begins) == (True, b"onetwoend", 6)
    with pytest.raises(ValueError, match="does not go"):
        Writer("a", bytes(32), whole.verify()).seal(b"more")
