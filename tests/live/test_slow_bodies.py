"""A body that trickles is given up, and so is its connection."""

import asyncio
from urllib.parse import urlsplit

import anyio
import pytest

from server.web import endpoint
from tests.cast import ALICE
from tests.conftest import ORIGIN, SignIn

pytestmark = pytest.mark.anyio


KINDS = {"/sign-in": "application/x-www-form-urlencoded", "/api/consultations": "application/json"}


@pytest.mark.parametrize("path", KINDS)
async def test_bad_24_a_slow_body_is_given_up(sockets: str, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(endpoint, "BODY_WITHIN_S", 0.2)
    token = (await sign_in(ALICE)).cookies["sid"]
    address = urlsplit(sockets)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = {"Host": "testserver", "Origin": ORIGIN, "Cookie": f"sid={token}", "Content-Type": KINDS[path], "Content-Length": "100"}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    writer.write("\r\n".join(lines).encode() + b"{")
    with anyio.fail_after(30):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"too_slow" in answer
