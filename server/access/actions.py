"""Practices, professionals, teams and who belongs to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from server.access.model import Membership, Practice, Professional, RightsEpoch, Staff, StaffRole, Team
from server.core.db import Tx
from server.core.ids import new_id
from server.errors import NotFound


def add_practice(tx: Tx, name: str, phone: str | None, time_zone: str) -> Practice:
    practice = Practice(id=new_id(), name=name, phone=phone, time_zone=time_zone)
    tx.add(practice)
    return practice


def add_team(tx: Tx, practice_id: UUID, name: str) -> Team:
    team = Team(id=new_id(), practice_id=practice_id, name=name)
    tx.add(team)
    return team


def join_team(tx: Tx, team: Team, professional: Professional, now: datetime) -> None:
    tx.add(Membership(id=new_id(), team_id=team.id, professional_id=professional.id, joined_at=now, ended_at=None))


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


async def rights_epoch(tx: Tx) -> int:
    """Return how many changes of rights there were."""
    return (await tx.scalars(select(RightsEpoch.count))).one()


def person_topic(person_id: UUID) -> str:
    """Where those listen who hold something open for a person."""
    return f"person:{person_id}"
