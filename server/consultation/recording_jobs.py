"""What is done about recordings without anybody asking: unlinking what was deleted, deleting what is due."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, or_, select

from server.access.restrictions import restricted_patients
from server.consultation.model import Consultation
from server.consultation.recorded import Gone, Recording, Standing
from server.consultation.recording_actions import Deletion, delete
from server.consultation.recording_rescue import GO_ON_WITHIN_S, rescue
from server.core.db import Database, Tx
from server.core.house import House
from server.patients.legal_holds import held_patients
from server.settings import Settings

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 600.0
BATCH = 50  # recordings of one transaction


def remove_with(database: Database, settings: Settings) -> Callable[[UUID], Awaitable[None]]:
    """Return the errand that unlinks the files of a recording that was deleted; running twice does no harm, not even at once."""

    async def remove(recording_id: UUID) -> None:
        async with database.read() as tx:
            recording = await tx.get(Recording, recording_id)
        if recording is not None and recording.state == Standing.DELETED:
            await asyncio.to_thread(_remove_folders, settings.recordings_dir, recording.folder)

    return remove


def _remove_folders(recordings: Path, name: str) -> None:
    """Raises `OSError` for what cannot be unlinked, so that the errand is run again and told of: deleted means gone."""
    for folder in [recordings / name, *recordings.glob(f"{name}-*")]:
        shutil.rmtree(folder, onerror=_unless_gone)


def _unless_gone(attempt: Callable[..., object], path: str, error: tuple[type[BaseException], BaseException, TracebackType]) -> None:
    del attempt, path
    if not isinstance(error[1], FileNotFoundError):
        raise error[1]


def due(now: datetime) -> Select[Recording]:
    """Select what is kept longer than its rule or somebody's agreement allows, and not held, the oldest first.

    Of a restricted record only what somebody took their agreement back for.
    """
    late = or_((Recording.keep_until <= now) & ~_of(restricted_patients(now)), Recording.withdrawn_at.is_not(None))
    late &= (Recording.state != Standing.DELETED) & Recording.ended_at.is_not(None) & Recording.held_at.is_(None)
    late &= ~_of(held_patients())
    return select(Recording).where(late).order_by(Recording.keep_until, Recording.id)


def _of(patients: Select[UUID]) -> ColumnElement[bool]:
    return Recording.consultation_id.in_(select(Consultation.id).where(Consultation.patient_id.in_(patients)))


def held() -> Select[Recording]:
    """Select what an administrator holds, whatever is due, the oldest first."""
    return select(Recording).where(Recording.held_at.is_not(None)).order_by(Recording.held_at, Recording.id)


async def delete_due(tx: Tx, now: datetime) -> int:
    """Delete a batch of what is due; returns how many there were."""
    found = list(await tx.scalars(due(now).limit(BATCH).with_for_update()))
    for recording in found:
        withdrawn = recording.withdrawn_at is not None  # while a legal hold stood on the record
        await delete(tx, recording, Deletion(Gone.WITHDRAWN, recording.withdrawn_by) if withdrawn else Deletion(Gone.DUE), now)
    return len(found)


async def sweep_due(house: House) -> None:
    """Delete what is due now: first said in the log, then done."""
    now = house.clock.now()
    async with house.database.read() as tx:
        found = list(await tx.scalars(due(now)))
    if not found:
        return
    log.info("recordings due", recordings=len(found))
    count = BATCH
    while count == BATCH:
        async with house.database.write() as tx:
            count = await delete_due(tx, now)


async def sweep_daily(house: House, started_at: datetime) -> None:
    """Look every ten minutes for what is due; and once, when people had the time to come back, for what an earlier process left."""
    await sweep_due(house)
    await asyncio.sleep(GO_ON_WITHIN_S)
    await rescue(house, started_at)
    while True:
        await sweep_due(house)
        await asyncio.sleep(SWEEP_EVERY_S)
