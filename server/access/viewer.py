"""Loads the signed-in person with everything that gives them a right at this moment."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ScalarSelect, select
from starlette.requests import HTTPConnection

from server.access.model import EmergencyAccess, Grant, Membership, Professional, Review, Staff, StaffRole, Team, working
from server.access.policy import IN_CHARGE, Permission, Role, Viewer
from server.access.restrictions import restricted_in
from server.access.workplaces import place_request, workplaces_of
from server.core.db import Tx
from server.errors import Forbidden
from server.identity.gate import SignedIn, signed_in
from server.identity.model import LoginSession, Person
from server.web.endpoint import house_of

Where = UUID | ScalarSelect[UUID] | None  # a practice, or how the database finds it


async def load_viewer(tx: Tx, who: SignedIn, now: datetime) -> Viewer:
    """Return whoever is signed in, with the rights of the practice in which this browser is at work, and of no other.

    Raises `Elsewhere` for what a page sends that was made for another practice.
    """
    here = await place_request(tx, who, await workplaces_of(tx, who.person_id))
    return await viewer_in(tx, who.person_id, here, now)


async def viewer_of_login(tx: Tx, login: LoginSession, now: datetime) -> Viewer:
    """Return who a login belongs to, as `load_viewer` does, for what stays open without a request."""
    return await load_viewer(tx, SignedIn(login.person_id, login.id, login.practice_id), now)


async def viewer_in(tx: Tx, person_id: UUID, practice_id: UUID | None, now: datetime) -> Viewer:
    """Return somebody as they are in this practice; who has no place there, or with None, has no right of anybody who works."""
    here = (Professional.person_id == person_id) & (Professional.practice_id == practice_id)
    professional = await tx.scalar(select(Professional).where(here, working()))
    if professional is not None:
        restricted = await restricted_in(tx, professional.practice_id, now)
        approved = professional.review == Review.APPROVED
        return Viewer(
            person_id=person_id,
            professional_id=professional.id,
            practice_id=professional.practice_id,
            team_ids=await _team_ids(tx, professional.id),
            name=professional.full_name,
            permissions=await _permissions(tx, person_id, professional.practice_id, now),
            emergencies=await _emergencies(tx, person_id, professional.practice_id, now) if approved else frozenset(),
            restricted=restricted,
        )
    person = await tx.get_one(Person, person_id)
    current = (Staff.person_id == person_id) & (Staff.practice_id == practice_id) & Staff.ended_at.is_(None)
    place = await tx.scalar(select(Staff).where(current))
    permissions = await _permissions(tx, person_id, place.practice_id, now) if place and place.role == StaffRole.ASSISTANT else frozenset()
    if place is None:
        return Viewer(person_id, None, None, frozenset(), person.name)
    restricted = await restricted_in(tx, place.practice_id, now)
    return Viewer(person_id, None, place.practice_id, frozenset(), person.name, permissions, restricted=restricted)


async def _team_ids(tx: Tx, professional_id: UUID) -> frozenset[UUID]:
    memberships = select(Membership.team_id).where(Membership.professional_id == professional_id, Membership.ended_at.is_(None))
    return frozenset(await tx.scalars(memberships))


async def _permissions(tx: Tx, person_id: UUID, practice_id: UUID, now: datetime) -> frozenset[Permission]:
    given = (Grant.person_id == person_id) & (Grant.practice_id == practice_id)
    alive = given & Grant.withdrawn_at.is_(None) & (Grant.expires_at > now)
    return frozenset(Permission(*row) for row in await tx.execute(select(Grant.author_id, Grant.patient_id).where(alive)))


async def _emergencies(tx: Tx, person_id: UUID, practice_id: UUID, now: datetime) -> frozenset[UUID]:
    given = (EmergencyAccess.person_id == person_id) & (EmergencyAccess.practice_id == practice_id)
    alive = given & (EmergencyAccess.ends_at > now)
    return frozenset(await tx.scalars(select(EmergencyAccess.patient_id).where(alive)))


async def viewer_of(connection: HTTPConnection) -> Viewer:
    """Return whoever is signed in; raises `NotSignedIn`."""
    who = await signed_in(connection)
    house = house_of(connection)
    async with house.database.read() as tx:
        return await load_viewer(tx, who, house.clock.now())


async def professional_of(connection: HTTPConnection) -> Viewer:
    """Return the signed-in professional; raises `NotSignedIn`, and `Forbidden` for everybody else."""
    viewer = await viewer_of(connection)
    if viewer.professional_id is None:
        raise Forbidden
    return viewer


async def teams_of(tx: Tx, viewer: Viewer) -> list[Team]:
    return list(await tx.scalars(select(Team).where(Team.id.in_(viewer.team_ids)).order_by(Team.name)))


async def names_of(tx: Tx, person_ids: Collection[UUID], practice_id: Where) -> dict[UUID, str]:
    """Return how each of these people is called in a practice, its professionals with their title."""
    here = (Professional.person_id == Person.id) & (Professional.practice_id == practice_id)
    called = select(Person.id, Person.name, Professional).outerjoin(Professional, here)
    rows = await tx.execute(called.where(Person.id.in_(person_ids)))
    return {person_id: professional.full_name if professional else name for person_id, name, professional in rows}


async def name_of(tx: Tx, person_id: UUID, practice_id: Where) -> str:
    return (await names_of(tx, {person_id}, practice_id))[person_id]


async def administers(tx: Tx, viewer: Viewer) -> bool:
    """Whether the viewer looks after the practice in which they work: a right to its settings, to nothing clinical."""
    return await role_of(tx, viewer) in IN_CHARGE


async def role_of(tx: Tx, viewer: Viewer) -> Role | None:
    """Return the viewer's place in their practice beside giving consultations, if they have one."""
    place = (Staff.person_id == viewer.person_id) & (Staff.practice_id == viewer.practice_id) & Staff.ended_at.is_(None)
    role = await tx.scalar(select(Staff.role).where(place))
    return None if role is None else Role(role)


async def names_of_professionals(tx: Tx, professional_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return how these professionals are called, with their title, by their id as professionals."""
    found = await tx.scalars(select(Professional).where(Professional.id.in_(professional_ids)))
    return {professional.id: professional.full_name for professional in found}


async def workers_of(tx: Tx, practice_id: UUID) -> set[UUID]:
    """Return everybody who has or had a place in the practice."""
    gives = select(Professional.person_id).where(Professional.practice_id == practice_id)
    helps = select(Staff.person_id).where(Staff.practice_id == practice_id)
    return set(await tx.scalars(gives.union(helps)))


async def working_here(tx: Tx, practice_id: UUID, person_ids: Collection[UUID]) -> set[UUID]:
    """Return those who have or had a place in the practice: patients act in the audit, too, and are named to nobody who looks at it."""
    gives = select(Professional.person_id).where(Professional.practice_id == practice_id, Professional.person_id.in_(person_ids))
    helps = select(Staff.person_id).where(Staff.practice_id == practice_id, Staff.person_id.in_(person_ids))
    return set(await tx.scalars(gives)) | set(await tx.scalars(helps))
