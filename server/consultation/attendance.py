"""Who was there and how long, measured from the server's own heartbeats."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, update

from server.consultation.model import Consultation, Participant, Stage
from server.consultation.records import Attendance
from server.consultation.topics import today_topic
from server.core.db import Tx
from server.core.ids import new_id

STALE_AFTER = timedelta(minutes=2)  # a stretch that nobody has written to for so long has ended with its last beat


async def begin_stretch(tx: Tx, participant_id: UUID, now: datetime) -> None:
    """Go on with the open stretch of a participant, or begin one; a stale one is ended first."""
    stretch = await _open_stretch(tx, participant_id)
    if stretch is not None and now - stretch.last_seen_at <= STALE_AFTER:
        stretch.last_seen_at = max(now, stretch.last_seen_at)
        return
    if stretch is not None:
        stretch.left_at = stretch.last_seen_at
    tx.add(Attendance(id=new_id(), participant_id=participant_id, joined_at=now, last_seen_at=now, left_at=None))


async def note_seen(tx: Tx, seen: Mapping[UUID, datetime]) -> None:
    """Store when each participant was last heard; somebody whose stretch was swept away meanwhile begins a new one.

    Whoever was deleted meanwhile is passed over: their room learns of it by its next look at the database.
    """
    for participant_id, at in seen.items():
        stretch = await _open_stretch(tx, participant_id)
        if stretch is not None:
            stretch.last_seen_at = max(at, stretch.last_seen_at)
        elif await tx.get(Participant, participant_id) is not None:
            tx.add(Attendance(id=new_id(), participant_id=participant_id, joined_at=at, last_seen_at=at, left_at=None))


async def end_stretch(tx: Tx, participant_id: UUID) -> None:
    """End it with the last beat."""
    mine = (Attendance.participant_id == participant_id) & Attendance.left_at.is_(None)
    await tx.execute(update(Attendance).where(mine).values(left_at=Attendance.last_seen_at))


async def last_seen(tx: Tx, consultation_id: UUID) -> datetime | None:
    """Return when anybody was heard last in a consultation."""
    places = select(Participant.id).where(Participant.consultation_id == consultation_id)
    return await tx.scalar(select(func.max(Attendance.last_seen_at)).where(Attendance.participant_id.in_(places)))


async def find_stale(tx: Tx, present: Collection[UUID], now: datetime) -> bool:
    """Whether there is anything to sweep: to look takes no lock, so a quiet server writes nothing."""
    return (await tx.execute(_stale(present, now).limit(1))).first() is not None


async def sweep_stale(tx: Tx, present: Collection[UUID], now: datetime) -> int:
    """End what a crash left open, and give up the seats of those who did not come back; returns how many stretches ended."""
    stale = (await tx.execute(_stale(present, now))).all()
    for stretch, participant, practice_id in stale:
        stretch.left_at = stretch.last_seen_at
        if participant.stage == Stage.IN_CALL:
            participant.leave()
            tx.hint(today_topic(practice_id))
    return len(stale)


def _stale(present: Collection[UUID], now: datetime) -> Select[Attendance, Participant, UUID]:
    return (
        select(Attendance, Participant, Consultation.practice_id)
        .join(Participant, Participant.id == Attendance.participant_id)
        .join(Consultation, Consultation.id == Participant.consultation_id)
        .where(Attendance.left_at.is_(None), Attendance.last_seen_at < now - STALE_AFTER, Participant.id.not_in(present))
    )


async def _open_stretch(tx: Tx, participant_id: UUID) -> Attendance | None:
    mine = (Attendance.participant_id == participant_id) & Attendance.left_at.is_(None)
    return (await tx.scalars(select(Attendance).where(mine).order_by(Attendance.joined_at.desc()).limit(1))).first()
