"""The protocol of clamd, against a small server that speaks it: clean, infected, confused, silent, gone."""

import asyncio
import struct
from collections.abc import Awaitable, Callable

import pytest

from server.adapters import clamd
from server.adapters.clamd import Clamd
from server.ports import NotScanned
from tests.http.filing import EICAR

pytestmark = [pytest.mark.anyio, pytest.mark.row("N8")]

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def scan(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as clamd does."""
    assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
    content = b""
    while length := struct.unpack("!I", await reader.readexactly(4))[0]:
        content += await reader.readexactly(length)
    writer.write(b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in content else b"stream: OK\0")
    writer.close()


async def ask(talk: Talk, content: bytes) -> bool:
    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        return await Clamd(f"127.0.0.1:{port}").is_clean(content)


async def test_clean_and_bad_34_eicar() -> None:
    assert await ask(scan, b"x" * 200_000)
    assert not await ask(scan, b"x" * 200_000 + EICAR)


async def test_a_socket_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("s") / "clamd"
    async with await asyncio.start_unix_server(scan, path):
        assert await Clamd(f"unix:{path}").is_clean(b"fine")


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK, more or less\0"])
async def test_whatever_is_no_verdict_is_none(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    with pytest.raises(NotScanned):
        await ask(talk, b"fine")


async def test_nobody_there_and_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotScanned):
        await Clamd("127.0.0.1:1").is_clean(b"fine")
    monkeypatch.setattr(clamd, "WITHIN_S", 0.05)
    over = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        with pytest.raises(NotScanned):
            await Clamd(f"127.0.0.1:{server.sockets[0].getsockname()[1]}").is_clean(b"fine")
        over.set()
