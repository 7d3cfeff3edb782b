"""How calls go, from the browsers' reports to rows that are kept for a while: at most one for each participant and ten seconds."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from server.consultation.commands import Quality
from server.consultation.model import Participant
from server.consultation.records import CallQuality
from server.consultation.steps import Measured
from server.core.db import Tx

EVERY_S = 10
MAX_WAITING = 256  # of one room, while the database does not answer; then the oldest is forgotten
KEPT_FOR = timedelta(days=30)

Slot = tuple[UUID, datetime]


class Readings:
    """What was reported and is not stored yet. Owned by the room's task."""

    def __init__(self) -> None:
        self._waiting: dict[Slot, Quality] = {}

    def note(self, measured: Measured, now: datetime) -> None:
        """Keep a report for the next time that the room stores something; a second one of the same ten seconds changes nothing."""
        self._waiting.setdefault((measured.participant_id, slot_of(now)), measured.quality)
        if len(self._waiting) > MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]

    def waiting(self) -> Mapping[Slot, Quality]:
        return dict(self._waiting)

    def kept(self, readings: Mapping[Slot, Quality]) -> None:
        """These are committed."""
        for slot in readings:
            self._waiting.pop(slot, None)


def slot_of(now: datetime) -> datetime:
    """Return when the ten seconds began in which `now` lies."""
    return datetime.fromtimestamp(now.timestamp() // EVERY_S * EVERY_S, UTC)


async def keep_readings(tx: Tx, readings: Mapping[Slot, Quality]) -> None:
    """Store what is not there yet; whoever was deleted meanwhile is passed over."""
    for (participant_id, at), quality in readings.items():
        known = await tx.get(CallQuality, (participant_id, at)) is not None
        if not known and await tx.get(Participant, participant_id) is not None:
            tx.add(CallQuality(participant_id=participant_id, at=at, **quality.model_dump()))


async def find_old_readings(tx: Tx, now: datetime) -> bool:
    """Whether there is anything to sweep: to look takes no lock."""
    return await tx.scalar(select(CallQuality.at).where(CallQuality.at < now - KEPT_FOR).limit(1)) is not None


async def sweep_readings(tx: Tx, now: datetime) -> int:
    """Delete what is older than it is kept; returns how many rows there were."""
    old = list(await tx.execute(select(CallQuality.participant_id).where(CallQuality.at < now - KEPT_FOR)))
    await tx.execute(delete(CallQuality).where(CallQuality.at < now - KEPT_FOR))
    return len(old)
