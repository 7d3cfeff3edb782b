"""The envelope of the JSON sockets (bad inputs 23 and 27)."""

import json

import pytest

from server.errors import Malformed
from server.web.bucket import Bucket
from server.web.wire import MAX_ID, Frame, encode_body, encode_frame, parse_frame


def test_a_frame_is_read() -> None:
    assert parse_frame('{"t": "chat", "id": 7, "b": {"body": "Gr\u00fc\u00dfe"}}') == Frame("chat", 7, {"body": "Gr\u00fc\u00dfe"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "[]",
        "5",
        "{",
        "\ufeff{}",
        "{}",
        '{"t":"chat","id":1}',
        '{"t":"chat","id":1,"b":{},"x":1}',
        '{"t":"chat","t":"chat","id":1,"b":{}}',
        '{"t":"chat","id":1,"b":[]}',
        '{"t":"chat","id":1,"b":null}',
        '{"t":"chat","id":0,"b":{}}',
        '{"t":"chat","id":-1,"b":{}}',
        '{"t":"chat","id":1.0,"b":{}}',
        '{"t":"chat","id":true,"b":{}}',
        '{"t":"chat","id":"1","b":{}}',
        f'{{"t":"chat","id":{MAX_ID + 1},"b":{{}}}}',
        f'{{"t":"chat","id":{"9" * 5000},"b":{{}}}}',
        '{"t":"","id":1,"b":{}}',
        '{"t":"Chat","id":1,"b":{}}',
        '{"t":"a b","id":1,"b":{}}',
        f'{{"t":"{"a" * 33}","id":1,"b":{{}}}}',
        '{"t":1,"id":1,"b":{}}',
        '{"t":"chat","id":1,"b":{"n":NaN}}',
        '{"t":"chat","id":1,"b":{"n":Infinity}}',
        '{"t":"chat","id":1,"b":{"n":1e400}}',
        '{"t":"chat","id":1,"b":{"n":-1e400}}',
        '{"t":"chat","id":1,"b":{"s":"\\ud800"}}',
        '{"t":"chat","id":1,"b":{"s":"\\u0000"}}',
        '{"t":"chat","id":1,"b":{"s":"\\u001b[31m"}}',
        '{"t":"chat","id":1,"b":{"\\u0000":1}}',
        '{"t":"chat","id":1,"b":{"s":"\ud800"}}',
        '{"t":"chat","id":1,"b":{"s":"a\nb"}}',
        '{"t":"chat","id":1,"b":' + '{"a":' * 20 + "1" + "}" * 21,
        '{"t":"chat","id":1,"b":{"a":' + "[" * 20_000 + "]" * 20_000 + "}}",
    ],
)
def test_bad_27_anything_but_the_envelope_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_frame(text)


def test_lines_and_tabs_in_a_text_are_fine() -> None:
    assert parse_frame('{"t":"chat","id":1,"b":{"body":"a\\r\\n\\tb"}}').b == {"body": "a\r\n\tb"}


def test_what_is_written_can_be_read() -> None:
    body = {"name": 'Dana "D" \u2028 \u0645', "n": 1, "none": None}
    assert json.loads(encode_frame("ok", 3, encode_body(body), 9)) == {"t": "ok", "seq": 3, "re": 9, "b": body}
    assert json.loads(encode_frame("gone", 4, encode_body({}))) == {"t": "gone", "seq": 4, "b": {}}


def test_no_number_that_is_none_leaves() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode_body({"n": float("nan")})


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket.full(2.0, 3.0, now=10.0)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(10.5), bucket.take(10.5)] == [True, False]
    assert [bucket.take(60.0) for _ in range(4)] == [True, True, True, False]
