"""Loads the signed-in professional with their teams at this moment."""

from uuid import UUID

from sqlalchemy import select
from starlette.requests import HTTPConnection

from server.access.model import Membership, Professional, Team
from server.access.policy import Viewer
from server.core.db import Tx
from server.errors import NotSignedIn
from server.identity.gate import signed_in
from server.web.endpoint import house_of


async def load_viewer(tx: Tx, person_id: UUID) -> Viewer:
    """Raises `NotSignedIn` for a person who is not a professional: only they have pages behind a sign-in yet."""
    professional = await tx.scalar(select(Professional).where(Professional.person_id == person_id))
    if professional is None:
        raise NotSignedIn
    memberships = select(Membership.team_id).where(Membership.professional_id == professional.id, Membership.ended_at.is_(None))
    return Viewer(
        person_id=person_id,
        professional_id=professional.id,
        practice_id=professional.practice_id,
        team_ids=frozenset(await tx.scalars(memberships)),
        name=professional.full_name,
    )


async def viewer_of(connection: HTTPConnection) -> Viewer:
    who = await signed_in(connection)
    async with house_of(connection).database.read() as tx:
        return await load_viewer(tx, who.person_id)


async def teams_of(tx: Tx, viewer: Viewer) -> list[Team]:
    return list(await tx.scalars(select(Team).where(Team.id.in_(viewer.team_ids)).order_by(Team.name)))
