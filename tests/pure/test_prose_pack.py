"""A rendered text is stored and read again as it was, and nothing else is read."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.errors import Malformed
from server.notes.limits import MAX_NESTING
from server.notes.prose import Bullets, Paragraph, Prose, Span
from server.notes.prose_pack import pack, unpack
from tests.pure.prose_strategies import PROSES, paragraph

pytestmark = pytest.mark.row("N6")


@given(prose=PROSES)
@settings(deadline=None)
def test_what_is_packed_is_read_again(prose: Prose) -> None:
    assert unpack(pack(prose)) == prose


def test_it_is_compact_and_says_who_wrote() -> None:
    prose = Prose({"plan": (Paragraph((Span("ß", frozenset({"italic"}), 9, 4),)), Bullets(((paragraph(),),)))})
    assert pack(prose).decode() == '{"format":1,"sections":{"plan":[[["ß",2,9,4]],{"items":[[[]]]}]}}'


def section(*blocks: object) -> bytes:
    return json.dumps({"format": 1, "sections": {"plan": list(blocks)}}).encode()


def nested(depth: int) -> object:
    found: object = []
    for _ in range(depth):
        found = {"items": [[found]]}
    return found


def test_a_text_as_deep_as_it_can_be_read() -> None:
    assert unpack(section(nested(MAX_NESTING))).empty


REFUSED: dict[str, bytes] = {
    "nothing": b"",
    "no UTF-8": b'{"format":1,"sections":{"plan":[[["\xff",0,1,0]]]}}',
    "no JSON": b"{",
    "endless nesting": b"[" * 100_000,
    "an array": b"[]",
    "another format": b'{"format":2,"sections":{}}',
    "a format that is true": b'{"format":true,"sections":{}}',
    "something more": b'{"format":1,"sections":{},"more":1}',
    "sections that are an array": b'{"format":1,"sections":[]}',
    "another section": b'{"format":1,"sections":{"secret":[]}}',
    "blocks that are none": b'{"format":1,"sections":{"plan":null}}',
    "a block that is a text": section("text"),
    "a list of something else": section({"things": []}),
    "items that are none": section({"items": 1}),
    "an item that is none": section({"items": [1]}),
    "lists that are too deep": section(nested(MAX_NESTING + 1)),
    "a run that is a text": section(["text"]),
    "a run that is too short": section([["a", 0, 1]]),
    "a run that is too long": section([["a", 0, 1, 0, 0]]),
    "letters that are a number": section([[1, 0, 1, 0]]),
    "half a character": section([["\ud800", 0, 1, 0]]),
    "an unknown mark": section([["a", 4, 1, 0]]),
    "a mark that is true": section([["a", True, 1, 0]]),
    "a negative author": section([["a", 0, -1, 0]]),
    "an author past 32 bits": section([["a", 0, 2**32, 0]]),
    "a clock with a fraction": section([["a", 0, 1, 0.5]]),
    "a clock out of bounds": section([["a", 0, 1, 2**31]]),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_malformed_input_is_refused_and_not_repeated(raw: bytes) -> None:
    with pytest.raises(Malformed, match=r"^prose_\w+: The stored text of a note cannot be read\.$") as refused:
        unpack(raw)
    assert "text" not in refused.value.code


@given(raw=some.binary(max_size=200))
def test_noise_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(raw)
