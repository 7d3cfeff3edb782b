"""The ways for somebody who works here to load what they offer: their own services, and those of their teams."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from server.access.model import Membership, Professional, Team
from server.access.policy import Viewer
from server.booking.model import Closure, DayException, Service, WeeklyHours
from server.core.db import Tx
from server.errors import NotFound


async def see_services(tx: Tx, viewer: Viewer) -> list[Service]:
    """Load every service that the viewer gives, alone or in a team, by name."""
    return list(await tx.scalars(select(Service).where(_theirs(viewer)).order_by(func.lower(Service.name), Service.id)))


async def see_service(tx: Tx, viewer: Viewer, service_id: UUID, *, lock: bool = False) -> Service:
    """Load one of them; raises `NotFound`."""
    query = select(Service).where(Service.id == service_id, _theirs(viewer))
    found = await tx.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


async def see_hours(tx: Tx, viewer: Viewer) -> list[WeeklyHours]:
    """Load the viewer's own weekly hours, past ones among them, in the order of the week."""
    mine = select(WeeklyHours).where(WeeklyHours.professional_id == viewer.professional_id)
    return list(await tx.scalars(mine.order_by(WeeklyHours.weekday, WeeklyHours.valid_from, WeeklyHours.begins_min)))


async def see_days(tx: Tx, viewer: Viewer) -> list[DayException]:
    """Load the days that differ from the viewer's week, in their order."""
    mine = select(DayException).where(DayException.professional_id == viewer.professional_id)
    return list(await tx.scalars(mine.order_by(DayException.day, DayException.begins_min, DayException.id)))


async def see_closures(tx: Tx, viewer: Viewer) -> list[Closure]:
    """Load the days on which the viewer's practice is closed, in their order."""
    return list(await tx.scalars(select(Closure).where(Closure.practice_id == viewer.practice_id).order_by(Closure.day)))


async def colleagues_of(tx: Tx, viewer: Viewer) -> list[tuple[Team, list[Professional]]]:
    """Load the members of each of the viewer's teams, both by name."""
    joined = select(Team, Professional).join(Membership, Membership.team_id == Team.id)
    current = Team.id.in_(viewer.team_ids) & Membership.ended_at.is_(None)
    query = joined.join(Professional, Professional.id == Membership.professional_id).where(current)
    rows = await tx.execute(query.order_by(Team.name, Team.id, Professional.name, Professional.id))
    teams: dict[UUID, tuple[Team, list[Professional]]] = {}
    for team, member in rows:
        teams.setdefault(team.id, (team, []))[1].append(member)
    return list(teams.values())


def _theirs(viewer: Viewer) -> ColumnElement[bool]:
    owned = or_(Service.professional_id == viewer.professional_id, Service.team_id.in_(viewer.team_ids))
    return (Service.practice_id == viewer.practice_id) & owned
