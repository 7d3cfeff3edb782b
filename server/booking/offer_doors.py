"""The ways for somebody who works here to load what they offer: their own services, those of their teams, and in an office all of them."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select

from server.access.model import Membership, Professional, Team, working
from server.access.policy import Viewer
from server.access.viewer import administers
from server.booking.model import Closure, DayException, Service, WeeklyHours
from server.core.db import Tx
from server.errors import NotFound


class Offering(NamedTuple):
    """What a professional or a team gives in a practice, which may be nothing yet."""

    name: str
    is_team: bool
    services: list[Service]


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


async def see_changeable(tx: Tx, viewer: Viewer, service_id: UUID, *, lock: bool = False) -> Service:
    """Load a service that the viewer gives, or any of the practice that they look after; raises `NotFound`.

    It shows what is offered, and nobody who books it.
    """
    reached = _theirs(viewer)
    if viewer.practice_id is not None and await administers(tx, viewer):
        reached = Service.practice_id == viewer.practice_id
    query = select(Service).where(Service.id == service_id, reached)
    found = await tx.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


async def services_here(tx: Tx, practice_id: UUID) -> list[Offering]:
    """Load what everybody who works here and every team offers, by name; whoever calls has asked whether the viewer may see it."""
    professionals, teams = await givers_here(tx, practice_id)
    services = await tx.scalars(select(Service).where(Service.practice_id == practice_id).order_by(func.lower(Service.name), Service.id))
    by_giver: dict[UUID | None, list[Service]] = {}
    for service in services:
        by_giver.setdefault(service.team_id or service.professional_id, []).append(service)
    named = [(one.id, one.full_name, False) for one in professionals] + [(team.id, team.name, True) for team, _members in teams]
    return [Offering(name, is_team, by_giver.get(giver_id, [])) for giver_id, name, is_team in named]


async def givers_here(tx: Tx, practice_id: UUID) -> tuple[list[Professional], list[tuple[Team, list[Professional]]]]:
    """Load who may give a service in a practice: whoever works in it, and its teams with their members, all by name."""
    here = select(Professional).where(Professional.practice_id == practice_id, working())
    professionals = list(await tx.scalars(here.order_by(Professional.name, Professional.id)))
    teams = select(Team).where(Team.practice_id == practice_id, Team.ended_at.is_(None)).order_by(Team.name, Team.id)
    members = await _members(tx, Team.practice_id == practice_id)
    return professionals, [(team, members.get(team.id, [])) for team in await tx.scalars(teams)]


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
    members = await _members(tx, Team.id.in_(viewer.team_ids))
    teams = select(Team).where(Team.id.in_(members)).order_by(Team.name, Team.id)
    return [(team, members[team.id]) for team in await tx.scalars(teams)]


async def _members(tx: Tx, which: ColumnElement[bool]) -> dict[UUID, list[Professional]]:
    joined = select(Team.id, Professional).join(Membership, Membership.team_id == Team.id)
    query = joined.join(Professional, Professional.id == Membership.professional_id).where(which, Membership.ended_at.is_(None))
    members: dict[UUID, list[Professional]] = {}
    for team_id, member in await tx.execute(query.order_by(Professional.name, Professional.id)):
        members.setdefault(team_id, []).append(member)
    return members


def _theirs(viewer: Viewer) -> ColumnElement[bool]:
    """Whoever treats nobody gives nothing: without an id as a professional the services of all teams would match."""
    if viewer.professional_id is None:
        return false()
    owned = or_(Service.professional_id == viewer.professional_id, Service.team_id.in_(viewer.team_ids))
    return (Service.practice_id == viewer.practice_id) & owned
