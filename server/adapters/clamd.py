"""Asks a clamd whether some bytes hold a virus, over TCP or a socket of this machine (its protocol INSTREAM)."""

import asyncio
import struct

from server.ports import NotProven, NotScanned, Unfit

CHUNK = 1 << 16
WITHIN_S = 30.0
PROVE_WITHIN_S = 5.0
LONGEST_ANSWER = 4096
CLEAN = b"stream: OK"
PONG = b"PONG"


class Clamd:
    """`where` is `HOST:PORT` or `unix:/path`."""

    def __init__(self, where: str) -> None:
        self._where = where

    async def is_clean(self, content: bytes) -> bool:
        """Raises `NotScanned` unless clamd says one or the other."""
        try:
            async with asyncio.timeout(WITHIN_S):
                answer = await self._ask(content)
        except (OSError, TimeoutError):
            raise NotScanned from None
        if answer == CLEAN:
            return True
        if answer.endswith(b" FOUND"):
            return False
        raise NotScanned

    async def prove(self) -> None:
        """Say PING, which takes no file; raises `NotProven`."""
        try:
            async with asyncio.timeout(PROVE_WITHIN_S):
                answer = await self._ping()
        except TimeoutError:
            raise NotProven(Unfit.SLOW) from None
        except OSError:
            raise NotProven(Unfit.UNREACHABLE) from None
        if answer != PONG:
            raise NotProven(Unfit.STRANGE)

    async def _ping(self) -> bytes:
        reader, writer = await self._connect()
        try:
            writer.write(b"zPING\0")
            return (await reader.read(LONGEST_ANSWER)).rstrip(b"\0\n")
        finally:
            writer.close()

    async def _ask(self, content: bytes) -> bytes:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                part = content[start : start + CHUNK]
                writer.write(struct.pack("!I", len(part)) + part)
                await writer.drain()
            writer.write(struct.pack("!I", 0))
            await writer.drain()
            return (await reader.read(LONGEST_ANSWER)).rstrip(b"\0\n")
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._where.startswith("unix:"):
            return await asyncio.open_unix_connection(self._where.removeprefix("unix:"))
        host, _, port = self._where.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port))
