"""What a professional or a team offers to everybody: the public door, which shows nothing that is not offered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import or_, select

from server.access.model import Membership, Practice, Professional, Team
from server.access.reviewing import bookable, presented
from server.booking.doors import professionals_of
from server.booking.model import Appointment, Service, ServiceState
from server.core.db import Tx
from server.errors import NotFound


@dataclass(frozen=True)
class Front:
    """A public page: whose it is, the people behind it, and what can be booked, by name."""

    id: UUID
    name: str
    practice: Practice
    team: Team | None
    people: Sequence[Professional]
    services: Sequence[Service]

    @property
    def takes_none(self) -> bool:
        """Whether nobody behind it takes new bookings at the moment; of a team those who take none are not shown."""
        return all(one.takes_none_since is not None for one in self.people)


async def see_front(tx: Tx, owner_id: UUID) -> Front:
    """Load the page of a professional or a team; raises `NotFound`, also where nothing is offered."""
    owned = or_(Service.professional_id == owner_id, Service.team_id == owner_id)
    offered = select(Service).where(owned, Service.state == ServiceState.OFFERED)
    services = list(await tx.scalars(offered.order_by(Service.name, Service.id)))
    if not services or await _is_hidden(tx, owner_id):
        raise NotFound
    return await _front(tx, services[0], services)


async def see_service(tx: Tx, owner_id: UUID, service_id: UUID) -> tuple[Front, Service]:
    """Load one service with the page that it is on; raises `NotFound`."""
    front = await see_front(tx, owner_id)
    service = next((each for each in front.services if each.id == service_id), None)
    if service is None:
        raise NotFound
    return front, service


async def again_at(tx: Tx, appointment: Appointment) -> str:
    """Return the path at which somebody books once more what they had; "" where it is not offered, or nobody who gives it can be booked.

    What was handed over leads to whoever gives it now.
    """
    service = await tx.get(Service, appointment.service_id) if appointment.service_id else None
    if service is None:
        return ""
    given_by = await professionals_of(tx, appointment.id)
    handed_over = service.team_id is None and service.professional_id not in {one.id for one in given_by}
    owner_id = given_by[0].id if handed_over else cast(UUID, service.team_id or service.professional_id)
    try:
        front = await see_front(tx, owner_id)
    except NotFound:
        return ""
    if front.takes_none:
        return ""
    if handed_over:
        return f"/book/{owner_id}"
    return f"/book/{owner_id}/{service.id}" if service.state == ServiceState.OFFERED else ""


async def front_of(tx: Tx, service: Service) -> Front:
    """Return the page of a service that somebody holds a time of, though it may have been withdrawn meanwhile."""
    return await _front(tx, service, [service])


async def _front(tx: Tx, service: Service, services: Sequence[Service]) -> Front:
    practice = await tx.get_one(Practice, service.practice_id)
    if service.team_id is None:
        professional = await tx.get_one(Professional, service.professional_id)
        return Front(professional.id, professional.full_name, practice, None, [professional], services)
    team = await tx.get_one(Team, service.team_id)
    return Front(team.id, team.name, practice, team, await _members(tx, team.id), services)


async def _is_hidden(tx: Tx, owner_id: UUID) -> bool:
    """Whether it is the page of a professional who is not reviewed yet or gone, or of a team that has ended."""
    hidden = select(Professional.id).where(Professional.id == owner_id, ~presented())
    ended = select(Team.id).where(Team.id == owner_id, Team.ended_at.is_not(None))
    return await tx.scalar(hidden.union_all(ended)) is not None


async def _members(tx: Tx, team_id: UUID) -> list[Professional]:
    joined = select(Professional).join(Membership, Membership.professional_id == Professional.id)
    current = joined.where(Membership.team_id == team_id, Membership.ended_at.is_(None), bookable())
    return list(await tx.scalars(current.order_by(Professional.name)))
