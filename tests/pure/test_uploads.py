"""A form with a file is held once, and counts for as long as it is held."""

import tracemalloc
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.types import Message

from server.errors import Overloaded, TooBig
from server.web.uploads import read_upload

pytestmark = [pytest.mark.anyio, pytest.mark.row("N10")]

PIECE = 64 * 1024


def upload(size: int) -> Request:
    """A request whose body arrives in pieces, each of which is made when it is asked for."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'

    async def pieces() -> AsyncIterator[bytes]:
        yield head
        for at in range(0, size, PIECE):
            yield b"x" * min(PIECE, size - at)
        yield b"\r\n--x--\r\n"

    left = pieces()

    async def receive() -> Message:
        body = await anext(left, None)
        return {"type": "http.request", "body": body or b"", "more_body": body is not None}

    return Request({"type": "http", "method": "POST", "headers": [(b"content-type", b"multipart/form-data; boundary=x")]}, receive)


async def test_a_file_stands_in_memory_once() -> None:
    size = 16 << 20
    tracemalloc.start()
    try:
        async with read_upload(upload(size), size) as held:
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(held.content), held.name) == (size, "a.txt")
    assert peak < 1.5 * size


async def test_what_is_held_counts_until_it_is_done_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.uploads.MOST_HELD", 4096)
    for _ in range(2):
        async with read_upload(upload(3000), 4000) as held:
            assert held.content == b"x" * 3000
            with pytest.raises(Overloaded):
                async with read_upload(upload(3000), 4000):
                    pytest.fail("there is no room for it")


async def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(TooBig):
        async with read_upload(upload(4001), 4000):
            pytest.fail("it is too big")
