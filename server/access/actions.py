"""Practices, professionals, teams and who belongs to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.model import Membership, Practice, Professional, Team
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


async def leave_team(tx: Tx, team_id: UUID, professional_id: UUID, now: datetime) -> None:
    """End a membership; whatever it opened closes by the hint. Raises `NotFound` where there is none."""
    current = (Membership.team_id == team_id) & (Membership.professional_id == professional_id) & Membership.ended_at.is_(None)
    membership = await tx.scalar(select(Membership).where(current))
    if membership is None:
        raise NotFound
    membership.ended_at = now
    professional = await tx.get_one(Professional, professional_id)
    tx.hint(f"person:{professional.person_id}")
