"""What the JSON interface says to bodies that are hostile or make no sense."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from server.errors import Invalid
from server.web.endpoint import WRONG
from tests.cast import ALICE
from tests.conftest import SignIn

pytestmark = pytest.mark.anyio

DANA = {"patient_name": "Dana Diaz"}


@pytest.fixture
async def alice(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


async def rows(client: httpx2.AsyncClient) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await client.get("/api/today")).json()["rows"]
    return found


async def post(client: httpx2.AsyncClient, raw: bytes | AsyncIterator[bytes], **headers: str) -> httpx2.Response:
    return await client.post("/api/consultations", content=raw, headers={"content-type": "application/json", **headers})


BAD_BODIES: dict[str, bytes] = {
    "duplicate keys": b'{"patient_name": "A", "patient_name": "B"}',
    "depth 20,000": b'{"patient_name": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "depth 100": b'{"patient_name": ' + b"[" * 100 + b"]" * 100 + b"}",
    "1e400": b'{"patient_name": "A", "duration_min": 1e400}',
    "minus 1e400": b'{"patient_name": "A", "duration_min": -1e400}',
    "NaN": b'{"patient_name": "A", "duration_min": NaN}',
    "Infinity": b'{"patient_name": "A", "duration_min": -Infinity}',
    "lone surrogate": b'{"patient_name": "\\ud800"}',
    "surrogates the wrong way round": b'{"patient_name": "\\udc00\\ud800"}',
    "NUL": b'{"patient_name": "Dana\\u0000"}',
    "escape character": b'{"patient_name": "Dana\\u001b[2J"}',
    "byte order mark": b'\xef\xbb\xbf{"patient_name": "A"}',
    "invalid UTF-8": b'{"patient_name": "\xff\xfe"}',
    "UTF-16": '{"patient_name": "A"}'.encode("utf-16"),
    "nothing": b"",
    "half an object": b'{"patient_name": "A"',
    "two objects": b'{"patient_name": "A"}{"patient_name": "B"}',
    "single quotes": b"{'patient_name': 'A'}",
    "comment": b'{"patient_name": "A" /* */}',
    "huge integer": b'{"patient_name": "A", "duration_min": ' + b"9" * 5000 + b"}",
}


async def test_bad_23_what_is_not_strict_json_is_refused(alice: httpx2.AsyncClient) -> None:
    for what, raw in BAD_BODIES.items():
        answer = await post(alice, raw)
        assert answer.status_code in {400, 422}, what
        assert set(answer.json()["error"]) == {"code", "message"}, what
    assert await rows(alice) == []


OURS = {*WRONG.values(), Invalid.message, "Please choose a time from now to a year ahead."}
BAD_VALUES: list[dict[str, object]] = [
    {"patient_name": ""}, {"patient_name": "   "}, {"patient_name": "x" * 201}, {"patient_name": 7}, {"patient_name": None},
    {"patient_name": ["A"]}, {"duration_min": 0}, {"duration_min": 4}, {"duration_min": 481}, {"duration_min": 20.5},
    {"duration_min": "20"}, {"duration_min": True}, {"scheduled_at": 0}, {"scheduled_at": 1772445600}, {"scheduled_at": ""},
    {"scheduled_at": "2026-03-02T10:00:00"}, {"scheduled_at": "2026-02-30T10:00:00Z"}, {"scheduled_at": "9999-12-31T23:59:00Z"},
    {"scheduled_at": "0001-01-01T00:00:00Z"}, {"scheduled_at": "9999-12-31T23:59:00-12:00"}, {"scheduled_at": "2025-03-02T10:00:00Z"},
    {"scheduled_at": "2026-03-02T08:00:00Z"}, {"scheduled_at": "tomorrow"}, {"team_id": "north"}, {"team_id": 1}, {"team_id": ""},
    {"mobile": ""}, {"mobile": "phone"}, {"mobile": "+44\n7700900001"}, {"mobile": 7700900001}, {"email": "dana"}, {"email": "@"},
    {"email": "dana@example.org, erin@example.org"}, {"email": "dana@example.org\nbcc: erin@example.org"},
    {"email": "a" * 250 + "@example.org"}, {"unknown": 1}, {"id": "00000000-0000-0000-0000-000000000000"}, {"state": "ended"},
]  # fmt: skip


async def test_bad_23_a_value_that_makes_no_sense_is_refused(alice: httpx2.AsyncClient) -> None:
    for change in BAD_VALUES:
        answer = await alice.post("/api/consultations", json=DANA | change)
        assert answer.status_code == 422, change
        error = answer.json()["error"]
        assert error["code"] in {next(iter(change)), "unknown_field"}, change
        assert error["message"] in OURS, "not in our own words"
    assert await rows(alice) == []


async def test_bad_23_a_body_that_is_no_consultation_is_refused(alice: httpx2.AsyncClient) -> None:
    for raw in (b"[]", b"null", b'"patient_name"', b"1", b"true", b"{}"):
        assert (await post(alice, raw)).status_code == 422, raw
    assert await rows(alice) == []


async def _in_pieces(size: int) -> AsyncIterator[bytes]:
    yield b'{"patient_name": "'
    for _ in range(size // 1000):
        yield b"a" * 1000
    yield b'"}'


async def test_bad_24_a_body_over_the_limit_is_refused_with_and_without_length(alice: httpx2.AsyncClient) -> None:
    whole = b'{"patient_name": "' + b"a" * 70_000 + b'"}'
    assert (await post(alice, whole)).status_code == 413
    assert (await post(alice, _in_pieces(70_000))).status_code == 413
    assert (await post(alice, _in_pieces(70_000), **{"content-length": "10"})).status_code == 413
