"""What is left of the errands, for an administrator: by kind what waits and what was given up, to be run again or set aside."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from server.core.db import Tx
from server.core.outbox import TOPIC, Errand
from server.errors import Conflict, NotFound

MOST = 100


class Line(NamedTuple):
    """How many errands of a kind wait, and since when the oldest of them is due; it may be due in the future."""

    kind: str
    waiting: int
    oldest_at: datetime


async def lines(tx: Tx) -> Sequence[Line]:
    """Return the kinds of which something waits, by name."""
    waiting = select(Errand.kind, func.count(), func.min(Errand.run_at)).where(Errand.done_at.is_(None), Errand.dead_at.is_(None))
    return [Line(*row) for row in await tx.execute(waiting.group_by(Errand.kind).order_by(Errand.kind))]


async def given_up(tx: Tx) -> list[Errand]:
    """Return what was given up and not seen to, the newest first."""
    dead = select(Errand).where(Errand.dead_at.is_not(None), Errand.done_at.is_(None))
    return list(await tx.scalars(dead.order_by(Errand.dead_at.desc(), Errand.id).limit(MOST)))


async def run_again(tx: Tx, errand_id: UUID, now: datetime) -> Errand:
    """Let it be run with all its attempts once more; raises `NotFound`, and `Conflict` for one that was seen to."""
    errand = await _dead(tx, errand_id)
    errand.dead_at, errand.lease_until, errand.lease_by = None, None, None
    errand.attempts, errand.run_at = 0, now
    tx.hint(TOPIC)
    return errand


async def set_aside(tx: Tx, errand_id: UUID, now: datetime) -> Errand:
    """Say that nothing is left to do of it; raises as `run_again` does."""
    errand = await _dead(tx, errand_id)
    errand.done_at = now
    return errand


async def _dead(tx: Tx, errand_id: UUID) -> Errand:
    errand = await tx.get(Errand, errand_id, with_for_update=True)
    if errand is None:
        raise NotFound
    if errand.dead_at is None or errand.done_at is not None:
        raise Conflict
    return errand
