"""Hands out a copy that is ready: it is sent while it is opened, a piece at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from starlette.responses import Response, StreamingResponse

from server.core.house import House
from server.privacy.copy_box import pieces
from server.privacy.copy_rows import DataCopy


async def sent_copy(house: House, copy: DataCopy) -> Response:
    """Return the answer with the archive, once all of it was found to be whole; raises `Conflict`."""
    key = house.keyring.data_key(copy.key_id, copy.data_key, copy.key_place)
    opened = pieces(house.settings.copies_dir, copy.id, key, copy.head or b"")
    await asyncio.to_thread(next, opened)
    headers = {
        "Content-Disposition": 'attachment; filename="my-data.zip"',
        "Content-Length": str(copy.size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_sent(opened), media_type="application/zip", headers=headers)


async def _sent(opened: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, opened, None)) is not None:
        yield piece
