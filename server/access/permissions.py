"""An author lets somebody of the practice see what they wrote about one patient or all, and takes that back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select

from server.access.actions import change_rights, person_topic
from server.access.model import Grant, Professional, Staff, StaffRole
from server.access.policy import Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.errors import Forbidden, Invalid, NotFound
from server.identity.model import Person

FOR_ALL = "permission_for_all"  # what the audit calls a permission that names no patient
LONGEST_REASON = 500
LONGEST_PERMISSION = timedelta(days=366)  # "until this day next year" also where a leap day lies between


@dataclass(frozen=True)
class Wish:
    """Whom to permit, why, and until when; without a patient it is for all of whom the author writes."""

    patient_id: UUID | None
    person_id: UUID
    reason: str
    expires_at: datetime


async def permit(tx: Tx, viewer: Viewer, wish: Wish, now: datetime) -> Grant:
    """Let the person see what the viewer wrote about the patient, or about all.

    Whoever calls for one patient holds the record, and knows that something was written.
    Raises `Forbidden` for whoever gives no consultations, and `Invalid` with the field as its code.
    """
    if viewer.professional_id is None or viewer.practice_id is None:
        raise Forbidden
    _inspect(wish, now)
    if wish.person_id not in {person.id for person in await colleagues(tx, viewer)}:
        raise Invalid(code="person_missing")
    grant = Grant(id=new_id(), practice_id=viewer.practice_id, author_id=viewer.person_id, granted_at=now, withdrawn_at=None, **vars(wish))
    tx.add(grant)
    await tx.flush()
    await _tell(tx, grant, Act.PERMITTED, now)
    return grant


async def withdraw_permission(tx: Tx, viewer: Viewer, patient_id: UUID, grant_id: UUID, now: datetime) -> None:
    """Take a permission of one's own back; what it opened closes by the hint. Raises `NotFound` where none of the viewer's stands."""
    await _take_back(tx, viewer, Grant.patient_id == patient_id, Grant.id == grant_id, now=now)


async def withdraw_own(tx: Tx, viewer: Viewer, grant_id: UUID, now: datetime) -> None:
    """Take any permission of one's own back, whatever it is for. Raises `NotFound` where none of the viewer's stands."""
    await _take_back(tx, viewer, Grant.id == grant_id, now=now)


async def permissions_by(tx: Tx, viewer: Viewer, patient_id: UUID, now: datetime) -> list[Grant]:
    """Return the viewer's own permissions that hold for a patient now, those for all among them, the one that ends first on top."""
    return [grant for grant in await own_permissions(tx, viewer, now) if grant.patient_id in {None, patient_id}]


async def own_permissions(tx: Tx, viewer: Viewer, now: datetime) -> list[Grant]:
    """Return all of the viewer's own permissions that hold now, the one that ends first on top."""
    mine = select(Grant).where(_standing(viewer, now))
    return list(await tx.scalars(mine.order_by(Grant.expires_at, Grant.id)))


async def colleagues(tx: Tx, viewer: Viewer) -> list[Person]:
    """Return whom the viewer may permit: everybody else who treats or assists in the practice, by name.

    Administrators are not among them: they see nothing clinical, whoever would let them.
    """
    treats = exists().where(
        Professional.person_id == Person.id, Professional.practice_id == viewer.practice_id, Professional.ended_at.is_(None)
    )
    here = (Staff.person_id == Person.id) & (Staff.practice_id == viewer.practice_id) & Staff.ended_at.is_(None)
    assists = exists().where(here, Staff.role == StaffRole.ASSISTANT)
    found = select(Person).where(or_(treats, assists), Person.id != viewer.person_id)
    return list(await tx.scalars(found.order_by(Person.name, Person.id)))


def _inspect(wish: Wish, now: datetime) -> None:
    if not wish.reason:
        raise Invalid(code="reason_missing")
    if len(wish.reason) > LONGEST_REASON:
        raise Invalid(code="reason_long")
    if wish.expires_at <= now:
        raise Invalid(code="until_past")
    if wish.expires_at - now > LONGEST_PERMISSION:
        raise Invalid(code="until_far")


async def _take_back(tx: Tx, viewer: Viewer, *which: ColumnElement[bool], now: datetime) -> None:
    grant = await tx.scalar(select(Grant).where(_standing(viewer, now), *which))
    if grant is None:
        raise NotFound
    grant.withdrawn_at = now
    await _tell(tx, grant, Act.WITHDREW, now)


def _standing(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    mine = (Grant.author_id == viewer.person_id) & (Grant.practice_id == viewer.practice_id)
    return mine & Grant.withdrawn_at.is_(None) & (Grant.expires_at > now)


async def _tell(tx: Tx, grant: Grant, act: Act, now: datetime) -> None:
    await change_rights(tx, person_topic(grant.person_id))
    thing = "permission" if grant.patient_id else FOR_ALL
    deed = Deed(grant.practice_id, grant.author_id, act, thing, grant.id, grant.patient_id, grant.reason)
    await record(tx, deed, now)
