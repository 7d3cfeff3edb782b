"""Practices, professionals, teams and who belongs to them."""

import re
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update

from server.access.model import EmergencyAccess, Grant, Membership, Practice, Professional, RightsEpoch, Staff, StaffRole, Team
from server.access.policy import Viewer
from server.access.viewer import administers
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.errors import Forbidden, Invalid, NotFound
from server.identity.model import Person

RECORDING_DAYS = (30, 90, 180, 365)
MOBILE = re.compile(r"\+?[0-9][0-9 ()-]{4,30}")
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
LONGEST_EMAIL = 254


def add_practice(tx: Tx, name: str, phone: str | None, time_zone: str) -> Practice:
    practice = Practice(id=new_id(), name=name, phone=phone, time_zone=time_zone)
    tx.add(practice)
    return practice


async def keep_drafts(tx: Tx, viewer: Viewer, now: datetime, *, keeps: bool) -> None:
    """Decide whether unsent text may stay on people's own computers; raises `Forbidden` for whoever is no administrator."""
    if viewer.practice_id is None or not await administers(tx, viewer):
        raise Forbidden
    practice = await tx.get_one(Practice, viewer.practice_id)
    if practice.keeps_drafts is keeps:
        return
    practice.keeps_drafts = keeps
    said = "keeps drafts" if keeps else "keeps no drafts"
    await record(tx, Deed(practice.id, viewer.person_id, Act.CHANGED, "practice", practice.id, None, said), now)


async def keep_recordings(tx: Tx, viewer: Viewer, days: int, now: datetime) -> None:
    """Decide how long recordings that begin from now on are kept.

    Raises `Forbidden` for whoever is no administrator, and `Invalid` for a number that is not offered.
    """
    if viewer.practice_id is None or not await administers(tx, viewer):
        raise Forbidden
    if days not in RECORDING_DAYS:
        raise Invalid(code="keeps_recordings_days")
    practice = await tx.get_one(Practice, viewer.practice_id)
    if practice.keeps_recordings_days == days:
        return
    practice.keeps_recordings_days = days
    said = f"keeps recordings {days} days"
    await record(tx, Deed(practice.id, viewer.person_id, Act.CHANGED, "practice", practice.id, None, said), now)


async def be_called_at(tx: Tx, viewer: Viewer, mobile: str, email: str) -> None:
    """Keep where somebody wants to be told that a colleague asks for them; "" is nowhere. Raises `Invalid` for what is no address."""
    mobile, email = mobile.strip(), email.strip()
    if mobile and not MOBILE.fullmatch(mobile):
        raise Invalid(code="mobile")
    if email and (len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email)):
        raise Invalid(code="email")
    person = await tx.get_one(Person, viewer.person_id)
    person.mobile, person.email = mobile or None, email or None


def add_team(tx: Tx, practice_id: UUID, name: str) -> Team:
    team = Team(id=new_id(), practice_id=practice_id, name=name)
    tx.add(team)
    return team


def join_team(tx: Tx, team: Team, professional: Professional, now: datetime, *, lead: bool = False) -> None:
    tx.add(Membership(id=new_id(), team_id=team.id, professional_id=professional.id, joined_at=now, ended_at=None, lead=lead))


def add_staff(tx: Tx, practice_id: UUID, person_id: UUID, role: StaffRole, now: datetime) -> Staff:
    staff = Staff(id=new_id(), practice_id=practice_id, person_id=person_id, role=role, began_at=now, ended_at=None)
    tx.add(staff)
    return staff


async def leave_team(tx: Tx, team_id: UUID, professional_id: UUID, now: datetime) -> None:
    """End a membership; whatever it opened closes by the hint. Raises `NotFound` where there is none."""
    current = (Membership.team_id == team_id) & (Membership.professional_id == professional_id) & Membership.ended_at.is_(None)
    membership = await tx.scalar(select(Membership).where(current))
    if membership is None:
        raise NotFound
    membership.ended_at = now
    professional = await tx.get_one(Professional, professional_id)
    await change_rights(tx, person_topic(professional.person_id))


async def change_rights(tx: Tx, topic: str) -> None:
    """Say that a right has changed: by a hint, and by the count that tells whoever the hint did not reach."""
    await tx.execute(update(RightsEpoch).values(count=RightsEpoch.count + 1))
    tx.hint(topic)


class RightsMark(NamedTuple):
    """When the rights were read: the number of all changes of rights, and when the next right ends by itself, if any does."""

    changes: int
    next_end: datetime | None


async def rights_mark(tx: Tx, known: RightsMark | None, now: datetime) -> RightsMark:
    """Return `known` while nothing has changed and nothing has run out since, else the mark as of now.

    Permissions are searched for the next end only then: whatever gives or takes one is counted, and this is asked every second.
    """
    changes = (await tx.scalars(select(RightsEpoch.count))).one()
    if known is not None and known.changes == changes and (known.next_end is None or now < known.next_end):
        return known
    return RightsMark(changes, await _next_end(tx, now))


async def _next_end(tx: Tx, now: datetime) -> datetime | None:
    permission = await tx.scalar(select(func.min(Grant.expires_at)).where(Grant.expires_at > now, Grant.withdrawn_at.is_(None)))
    emergency = await tx.scalar(select(func.min(EmergencyAccess.ends_at)).where(EmergencyAccess.ends_at > now))
    return min((end for end in (permission, emergency) if end is not None), default=None)


def person_topic(person_id: UUID) -> str:
    """Where those listen who hold something open for a person."""
    return f"person:{person_id}"
