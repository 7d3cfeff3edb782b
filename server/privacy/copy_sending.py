"""What a page says of a copy and of what is held, and how a copy is handed out: a piece at a time, while it is opened."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from babel.units import format_unit
from starlette.responses import Response, StreamingResponse

from server.core.house import House
from server.privacy.copies import KEPT_FOR
from server.privacy.copy_box import pieces
from server.privacy.copy_rows import DataCopy
from server.privacy.own_data import Held
from server.web.i18n import Language


class Line(NamedTuple):
    """One holding in the reader's language; `why` is empty where nothing keeps it."""

    words: str
    why: str
    rows: int
    clinical: bool


def line_of(language: Language, held: Held) -> Line:
    holding = held.holding
    return Line(language.text(holding.words), language.text(holding.why) if holding.why else "", held.rows, holding.clinical)


def copy_in_words(language: Language, copy: DataCopy | None, zone: str) -> dict[str, object]:
    """Return what the part of a page shows that is about a copy."""
    size = _size(language, copy.size) if copy and copy.size else ""
    return {"copy": copy, "size": size, "until": copy.asked_at + KEPT_FOR if copy else None, "zone": zone}


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


def _size(language: Language, size: int) -> str:
    """Return the size as people read it, `2.5 MB`."""
    if size < 1_000_000:
        return str(format_unit(max(size // 1000, 1), "digital-kilobyte", "short", locale=language.locale))
    return str(format_unit(round(size / 1_000_000, 1), "digital-megabyte", "short", locale=language.locale))
