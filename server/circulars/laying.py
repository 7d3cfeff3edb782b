"""Lays out the copies of a circular whose time has come: what is slow is read before anything is written, and written a piece at a time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from server.circulars.audience import Whom, audience_of, whom
from server.circulars.model import Circular, Copy, State
from server.circulars.newsletters import copy_for, drop_copies
from server.core.db import Tx
from server.core.house import House

PIECE = 500  # copies that are written at a time


async def lay_out(house: House, circular_id: UUID) -> None:
    """Make a copy for each who is to have it, and let sending begin; what is not due or laid out already stays as it is.

    Whoever comes later begins anew, and whoever was before gives up at its next piece, as after a stop. Nothing is sent until all is there.
    """
    begun = await _begin(house, circular_id)
    if begun is None:
        return
    asked, turn = begun
    patient_ids = await audience_of(house.database, asked, house.settings.phone_region)
    for first in range(0, len(patient_ids), PIECE):
        async with house.database.write() as tx:
            if await _ours(tx, circular_id, turn) is None:
                return
            await tx.execute(insert(Copy), [_row(copy_for(circular_id, one)) for one in patient_ids[first : first + PIECE]])
    async with house.database.write() as tx:
        circular = await _ours(tx, circular_id, turn)
        if circular is not None:
            circular.state = State.SENDING


async def _begin(house: House, circular_id: UUID) -> tuple[Whom, int] | None:
    """Take a turn, and drop what an earlier one left; None where there is nothing to lay out."""
    now = house.clock.now()
    async with house.database.read() as tx:
        if not _is_due(await tx.get(Circular, circular_id), now):
            return None
    async with house.database.write() as tx:
        circular = await tx.get(Circular, circular_id, with_for_update=True)
        if circular is None or not _is_due(circular, now):
            return None
        circular.edits += 1
        await drop_copies(tx, circular_id)
        return whom(circular), circular.edits


async def _ours(tx: Tx, circular_id: UUID, turn: int) -> Circular | None:
    circular = await tx.get(Circular, circular_id, with_for_update=True)
    return circular if circular is not None and circular.state == State.PLANNED and circular.edits == turn else None


def _is_due(circular: Circular | None, now: datetime) -> bool:
    return circular is not None and circular.state == State.PLANNED and circular.begins_at is not None and circular.begins_at <= now


def _row(copy: Copy) -> dict[str, object]:
    return {column.name: getattr(copy, column.name) for column in Copy.__table__.columns}
