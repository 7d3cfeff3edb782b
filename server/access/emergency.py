"""A professional opens a patient's notes without a right, for a short time; every author is told."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, select, update

from server.access.actions import change_rights, person_topic
from server.access.model import EmergencyAccess, EmergencyNotice, Professional, Review
from server.access.policy import Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.errors import Forbidden, Invalid, NotFound

log = structlog.get_logger(__name__)

EMERGENCY_FOR = timedelta(hours=4)
SHORTEST_REASON, LONGEST_REASON = 10, 500


@dataclass(frozen=True)
class Emergency:
    """Whose record is opened, why, and whose notes lie in it."""

    patient_id: UUID
    author_ids: frozenset[UUID]
    reason: str


async def may_break_glass(tx: Tx, viewer: Viewer) -> bool:
    """Whether the viewer may look for patients of others in an emergency: only whom the practice has reviewed."""
    if viewer.professional_id is None or viewer.practice_id is None:
        return False
    return (await tx.get_one(Professional, viewer.professional_id)).review == Review.APPROVED


async def break_glass(tx: Tx, viewer: Viewer, emergency: Emergency, now: datetime) -> EmergencyAccess:
    """Open the notes that others share about the patient for `EMERGENCY_FOR`; whoever calls knows that the patient is of the practice.

    Raises `Forbidden` for whoever gives no consultations or is not reviewed, and `Invalid` with the field as its code.
    """
    if viewer.practice_id is None or not await may_break_glass(tx, viewer):
        raise Forbidden
    if not SHORTEST_REASON <= len(emergency.reason) <= LONGEST_REASON:
        raise Invalid(code="reason_short" if len(emergency.reason) < SHORTEST_REASON else "reason_long")
    access = EmergencyAccess(
        id=new_id(),
        practice_id=viewer.practice_id,
        person_id=viewer.person_id,
        patient_id=emergency.patient_id,
        reason=emergency.reason,
        began_at=now,
        ends_at=now + EMERGENCY_FOR,
    )
    tx.add(access)
    await tx.flush()
    await _tell_authors(tx, access, emergency.author_ids - {viewer.person_id})
    await change_rights(tx, person_topic(viewer.person_id))
    await _keep(tx, access, Act.BROKE_GLASS, now)
    log.warning("glass broken", notes=len(emergency.author_ids))
    return access


async def end_emergency(tx: Tx, viewer: Viewer, patient_id: UUID, now: datetime) -> None:
    """Give the access back before its time; raises `NotFound` where there is none."""
    standing = await standing_emergency(tx, viewer, patient_id, now)
    if standing is None:
        raise NotFound
    await tx.execute(update(EmergencyAccess).where(_alive(viewer, patient_id, now)).values(ends_at=now))
    await change_rights(tx, person_topic(viewer.person_id))
    await _keep(tx, standing, Act.WITHDREW, now)


async def standing_emergency(tx: Tx, viewer: Viewer, patient_id: UUID, now: datetime) -> EmergencyAccess | None:
    """Return the viewer's own access that holds longest, if one holds now."""
    mine = select(EmergencyAccess).where(_alive(viewer, patient_id, now))
    return await tx.scalar(mine.order_by(EmergencyAccess.ends_at.desc()).limit(1))


def unread_notices(viewer: Viewer) -> Select[EmergencyAccess]:
    """Select the accesses of which the viewer was told, and has not said yet that they read it, newest first."""
    told = select(EmergencyAccess).join(EmergencyNotice, EmergencyNotice.access_id == EmergencyAccess.id)
    mine = (EmergencyNotice.person_id == viewer.person_id) & EmergencyNotice.read_at.is_(None)
    return told.where(mine, EmergencyAccess.practice_id == viewer.practice_id).order_by(EmergencyAccess.began_at.desc(), EmergencyAccess.id)


async def read_notice(tx: Tx, viewer: Viewer, patient_id: UUID, access_id: UUID, now: datetime) -> None:
    """Say that one has read it; raises `NotFound` for a notice that is not the viewer's. A second click changes nothing."""
    access = await tx.get(EmergencyAccess, access_id)
    notice = await tx.get(EmergencyNotice, (access_id, viewer.person_id))
    if access is None or notice is None or (access.practice_id, access.patient_id) != (viewer.practice_id, patient_id):
        raise NotFound
    notice.read_at = notice.read_at or now
    tx.hint(person_topic(viewer.person_id))


async def _tell_authors(tx: Tx, access: EmergencyAccess, author_ids: Collection[UUID]) -> None:
    for author_id in sorted(author_ids):
        tx.add(EmergencyNotice(access_id=access.id, person_id=author_id, read_at=None))
        tx.hint(person_topic(author_id))
    await tx.flush()


async def _keep(tx: Tx, access: EmergencyAccess, act: Act, now: datetime) -> None:
    deed = Deed(access.practice_id, access.person_id, act, "emergency", access.id, access.patient_id, access.reason)
    await record(tx, deed, now)


def _alive(viewer: Viewer, patient_id: UUID, now: datetime) -> ColumnElement[bool]:
    mine = (EmergencyAccess.person_id == viewer.person_id) & (EmergencyAccess.patient_id == patient_id)
    return mine & (EmergencyAccess.ends_at > now)
