"""A form with one file in it, read into memory within a bound: nothing of it ever stands on the disk in the clear."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import NamedTuple, Self

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from server.errors import Malformed, Overloaded, TooBig, TooSlow, Unsupported
from server.web.endpoint import inspect_text

WITHIN_S = 300.0  # 20 MB in that time are 0.5 Mbit/s
MOST_HELD = 256 << 20  # bytes of all forms, until they are done with; counted as they come: a slow sender takes no more than they sent
ENVELOPE = 16 * 1024  # bytes of the form around the file
MOST_FIELDS = 8
LONGEST_FIELD = 4096


class Upload(NamedTuple):
    """`fields` are stripped; `name` and `content` are empty where no file was chosen."""

    fields: Mapping[str, str]
    name: str
    content: bytes


class _Held(BytesIO):
    """What the parser takes for a file in memory; its bytes are handed on without a copy."""

    _rolled = False


class _InMemory(MultiPartParser):
    """Never writes to the disk."""

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        if self._current_part.file is not None:
            self._current_part.file.file.close()
            self._current_part.file.file = _Held()


class _Share:
    """What one form holds of the memory that is for all of this process."""

    held_by_all = 0

    def __init__(self) -> None:
        self._held = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _Share.held_by_all -= self._held

    def take(self, size: int) -> None:
        if _Share.held_by_all + size > MOST_HELD:
            raise Overloaded
        self._held += size
        _Share.held_by_all += size


@asynccontextmanager
async def read_upload(request: Request, most_bytes: int) -> AsyncIterator[Upload]:
    """Read the form; whoever calls has decided that they may send it. What it holds counts until the caller is done with it.

    Raises `Unsupported`, `TooBig`, `TooSlow`, `Malformed`, and `Overloaded` where too much is being read already.
    """
    with _Share() as share:
        yield await _read(request, most_bytes, share)


async def _read(request: Request, most_bytes: int, share: _Share) -> Upload:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "multipart/form-data":
        raise Unsupported("This form could not be read.")
    body = _bounded(request, most_bytes + ENVELOPE, share)
    parser = _InMemory(request.headers, body, max_files=1, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD)
    try:
        async with asyncio.timeout(WITHIN_S):
            form = await parser.parse()
    except TimeoutError:
        raise TooSlow from None
    except (MultiPartException, ClientDisconnect, UnicodeError, KeyError):
        raise Malformed from None
    fields = {name: value.strip() for name, value in form.multi_items() if isinstance(value, str)}
    file = next((value for value in form.values() if isinstance(value, UploadFile)), None)
    content = file.file.getvalue() if file and isinstance(file.file, _Held) else b""
    name = (file.filename or "") if file else ""
    await form.close()
    for text in fields.values():
        inspect_text(text)
    if len(content) > most_bytes:
        raise TooBig
    return Upload(fields, name, content)


async def _bounded(request: Request, most_bytes: int, share: _Share) -> AsyncGenerator[bytes, None]:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most_bytes:
            raise TooBig
        share.take(len(part))
        yield part
