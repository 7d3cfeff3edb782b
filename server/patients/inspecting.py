"""Looks through a file before it is kept: what it is, whether a scanner finds a virus in it, and its picture drawn anew."""

import hashlib
from typing import NamedTuple

import anyio

from server.core.press import Press
from server.patients.file_kinds import PICTURES, Kind, kind_of, refusal, tidy_name
from server.patients.pictures import drawn_anew, thumbnail_of
from server.ports import NotScanned, Scanner

WITHIN_S = 30.0  # waiting for the press included; a picture of 50 million pixels takes five


class Inspected(NamedTuple):
    """What may be kept; `name` is tidy. A picture has a small one beside it."""

    name: str
    kind: Kind
    content: bytes
    thumbnail: bytes = b""

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()


async def inspect(press: Press, scanner: Scanner | None, name: str, content: bytes) -> Inspected:
    """Raises `Invalid` with a code of `file_kinds.WRONG` for what must not be kept, and `Overloaded` where too many wait."""
    name, thumbnail = tidy_name(name), b""
    try:
        with anyio.fail_after(WITHIN_S):
            kind = await press.make_apart(kind_of, content, name)
            await _scan(scanner, content)
            if kind in PICTURES:
                content = await press.make_apart(drawn_anew, content, kind)
                thumbnail = await press.make_apart(thumbnail_of, content)
    except (TimeoutError, anyio.BrokenWorkerProcess):
        raise refusal("slow") from None
    return Inspected(name, kind, content, thumbnail)


async def _scan(scanner: Scanner | None, content: bytes) -> None:
    if scanner is None:
        return
    try:
        clean = await scanner.is_clean(content)
    except NotScanned:
        raise refusal("unchecked") from None
    if not clean:
        raise refusal("virus")
