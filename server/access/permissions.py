"""An author lets somebody of the practice see what they wrote about one patient, and takes that back."""

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

LONGEST_REASON = 500
LONGEST_PERMISSION = timedelta(days=366)  # "until this day next year" also where a leap day lies between


@dataclass(frozen=True)
class Wish:
    """Whom to permit, why, and until when."""

    patient_id: UUID
    person_id: UUID
    reason: str
    expires_at: datetime


async def permit(tx: Tx, viewer: Viewer, wish: Wish, now: datetime) -> Grant:
    """Let the person see what the viewer wrote about the patient; whoever calls holds the record, and knows that something was written.

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
    grant = await tx.scalar(select(Grant).where(Grant.id == grant_id, Grant.patient_id == patient_id, _standing(viewer, now)))
    if grant is None:
        raise NotFound
    grant.withdrawn_at = now
    await _tell(tx, grant, Act.WITHDREW, now)


async def permissions_by(tx: Tx, viewer: Viewer, patient_id: UUID, now: datetime) -> list[Grant]:
    """Return the viewer's own permissions for a patient that hold now, the one that ends first on top."""
    mine = select(Grant).where(Grant.patient_id == patient_id, _standing(viewer, now))
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


def _standing(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    return (Grant.author_id == viewer.person_id) & Grant.withdrawn_at.is_(None) & (Grant.expires_at > now)


async def _tell(tx: Tx, grant: Grant, act: Act, now: datetime) -> None:
    await change_rights(tx, person_topic(grant.person_id))
    deed = Deed(grant.practice_id, grant.author_id, act, "permission", grant.id, grant.patient_id, grant.reason)
    await record(tx, deed, now)
