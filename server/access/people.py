"""Who has a place in a practice, for whoever looks after it: roles, their change, and the end of a place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, or_, select, update

from server.access.actions import add_staff, change_rights, person_topic
from server.access.model import Grant, Membership, PlaceInvitation, Practice, Professional, Staff, StaffRole, Team, TeamInvitation, working
from server.access.policy import APART, IN_CHARGE, READS_AUDIT, Role, Viewer, may_give_place, may_leave
from server.access.switching import keep_choice
from server.access.viewer import role_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.identity.model import Credential, Person


@dataclass(frozen=True)
class Place:
    """Somebody who works in a practice: what they do beside consultations, what they give as a professional, in which teams."""

    person_id: UUID
    name: str
    role: Role | None
    professional: Professional | None
    teams: Sequence[Team]

    @property
    def weight(self) -> Role:
        """Return the place that decides who may end it."""
        return self.role or Role.PROFESSIONAL


class OwnPlace(NamedTuple):
    """The place of whoever looks; it is `needed` where nobody else could look after the practice as they do."""

    practice_id: UUID
    place: Place
    needed: bool


async def people_of(tx: Tx, practice_id: UUID) -> list[Place]:
    """Return everybody with a place here, by name."""
    teams = await _teams(tx, practice_id)
    joined = select(Person, Staff, Professional)
    staff = (Staff.person_id == Person.id) & (Staff.practice_id == practice_id) & Staff.ended_at.is_(None)
    treats = (Professional.person_id == Person.id) & (Professional.practice_id == practice_id) & Professional.ended_at.is_(None)
    found = joined.outerjoin(Staff, staff).outerjoin(Professional, treats).where(or_(Staff.id.is_not(None), Professional.id.is_not(None)))
    rows = await tx.execute(found.order_by(Person.name, Person.id))
    return [_place(person, place, professional, teams) for person, place, professional in rows]


async def place_of(tx: Tx, viewer: Viewer, person_id: UUID) -> Place:
    """Return one of them, for whoever looks after the practice; raises `Forbidden`, `NotFound`."""
    practice_id = await in_charge_of(tx, viewer)
    return _find(await people_of(tx, practice_id), person_id)


async def own_place(tx: Tx, viewer: Viewer) -> OwnPlace:
    """Return the viewer's own place; raises `Forbidden` for whoever works nowhere."""
    practice_id = await _practice_of(tx, viewer)
    people = await people_of(tx, practice_id)
    place = _find(people, viewer.person_id)
    return OwnPlace(practice_id, place, needed=not may_leave(place.weight, _others_in_charge(place, people)))


async def workplace_of(tx: Tx, username: str) -> Practice | None:
    """Return where the owner of an account works now, in whatever role; None of everybody else, and where there is no such account.

    None, too, of whoever works in several practices: a letter about their account is no letter of one of them.
    """
    mine = select(Credential.person_id).where(Credential.username == username)
    professional = select(Professional.practice_id).where(Professional.person_id.in_(mine), working())
    staff = select(Staff.practice_id).where(Staff.person_id.in_(mine), Staff.ended_at.is_(None))
    found = list(await tx.scalars(select(Practice).where(Practice.id.in_(professional.union(staff))).limit(2)))
    return found[0] if len(found) == 1 else None


async def in_charge_of(tx: Tx, viewer: Viewer) -> UUID:
    """Return the practice that the viewer looks after; raises `Forbidden`."""
    if viewer.practice_id is None or await role_of(tx, viewer) not in IN_CHARGE:
        raise Forbidden
    return viewer.practice_id


async def owns_alone(tx: Tx, viewer: Viewer) -> bool:
    """Whether the viewer owns a practice that nobody else looks after, so that there is no colleague to ask."""
    if viewer.practice_id is None or await role_of(tx, viewer) is not Role.OWNER:
        return False
    return not any(one.role in IN_CHARGE and one.person_id != viewer.person_id for one in await people_of(tx, viewer.practice_id))


async def audits(tx: Tx, viewer: Viewer) -> UUID:
    """Return the practice whose audit the viewer reads; raises `Forbidden`."""
    if viewer.practice_id is None or await role_of(tx, viewer) not in READS_AUDIT:
        raise Forbidden
    return viewer.practice_id


async def change_role(tx: Tx, viewer: Viewer, person_id: UUID, role: Role | None, now: datetime) -> None:
    """Let somebody look after the practice, assist, audit, or do none of it; None is for a professional who does nothing beside.

    Raises `Forbidden`, `NotFound`, `Conflict` for the last one in charge, and `Invalid` for a role that does not go with the person.
    """
    practice_id = await _lock(tx, viewer)
    people = await people_of(tx, practice_id)
    place, own = _find(people, person_id), await role_of(tx, viewer)
    if place.role == role:
        return
    if role == Role.PROFESSIONAL or (role in {None, *APART} and (place.professional is None) == (role is None)):
        raise Invalid(code="role")
    if role is not None and not may_give_place(own, role):
        raise Forbidden
    if place.role is not None:
        _insist(own, place, people, still=role)
        await _end_staff(tx, practice_id, person_id, now)
        await _drop_invitations(tx, practice_id, person_id, now)
    if role is not None:
        add_staff(tx, practice_id, person_id, StaffRole(role), now)
    await _drop_grants(tx, practice_id, person_id, now)
    said = f"role: {role or 'professional'}"
    await _tell(tx, Deed(practice_id, viewer.person_id, Act.CHANGED, "place", person_id, None, said), now)


async def end_place(tx: Tx, viewer: Viewer, person_id: UUID, now: datetime) -> None:
    """End somebody's place here with their teams and the permissions they have and gave; open pages lose their access by the hint.

    Whoever looks after the practice ends any, everybody else their own. What they wrote stays theirs by name.
    Raises `Forbidden`, `NotFound`, and `Conflict` for the last one in charge.
    """
    practice_id = await _lock(tx, viewer, person_id)
    people = await people_of(tx, practice_id)
    place = _find(people, person_id)
    _insist(await role_of(tx, viewer), place, people, still=None, oneself=person_id == viewer.person_id)
    await keep_choice(tx, person_id)
    await _end_staff(tx, practice_id, person_id, now)
    await _drop_invitations(tx, practice_id, person_id, now)
    if place.professional is not None:
        place.professional.ended_at = now
        current = (Membership.professional_id == place.professional.id) & Membership.ended_at.is_(None)
        await tx.execute(update(Membership).where(current).values(ended_at=now))
        asked = (TeamInvitation.professional_id == place.professional.id) & TeamInvitation.settled_at.is_(None)
        await tx.execute(update(TeamInvitation).where(asked).values(settled_at=now))
    given = (Grant.practice_id == practice_id) & (Grant.author_id == person_id) & Grant.withdrawn_at.is_(None) & (Grant.expires_at > now)
    for reader_id in list(await tx.scalars(select(Grant.person_id).where(given).distinct())):
        tx.hint(person_topic(reader_id))
    await tx.execute(update(Grant).where(given).values(withdrawn_at=now))
    await _drop_grants(tx, practice_id, person_id, now)
    await _tell(tx, Deed(practice_id, viewer.person_id, Act.LEFT, "place", person_id, None, str(place.weight)), now)


async def permissions_that_end(tx: Tx, practice_id: UUID, person_id: UUID, now: datetime) -> int:
    """Count the permissions that somebody gave and has, which end with their place."""
    theirs = (Grant.author_id == person_id) | (Grant.person_id == person_id)
    alive = (Grant.practice_id == practice_id) & Grant.withdrawn_at.is_(None) & (Grant.expires_at > now)
    return await tx.scalar(select(func.count()).select_from(Grant).where(theirs, alive)) or 0


def _insist(own: Role | None, place: Place, people: Sequence[Place], still: Role | None, *, oneself: bool = False) -> None:
    """Raise `Forbidden` for whoever may not end a place, and `Conflict` where nobody would be left; `still` is what comes instead."""
    if not oneself and not may_give_place(own, place.weight):
        raise Forbidden
    if not may_leave(place.weight, _others_in_charge(place, people) + (still in _level(place))):
        raise Conflict(code="last")


def _level(place: Place) -> frozenset[Role]:
    """Return the roles that do for this one."""
    return frozenset({Role.OWNER}) if place.weight is Role.OWNER else IN_CHARGE


def _others_in_charge(place: Place, people: Sequence[Place]) -> int:
    return sum(one.role in _level(place) for one in people if one.person_id != place.person_id)


async def _lock(tx: Tx, viewer: Viewer, person_id: UUID | None = None) -> UUID:
    """Let changes of places of one practice wait for each other: of two owners who go at once, one stays."""
    reach = _practice_of if person_id == viewer.person_id else in_charge_of
    practice_id = await reach(tx, viewer)
    await tx.execute(select(Practice.id).where(Practice.id == practice_id).with_for_update())
    return await reach(tx, viewer)


async def _practice_of(_tx: Tx, viewer: Viewer) -> UUID:
    if viewer.practice_id is None:
        raise Forbidden
    return viewer.practice_id


async def _end_staff(tx: Tx, practice_id: UUID, person_id: UUID, now: datetime) -> None:
    current = (Staff.practice_id == practice_id) & (Staff.person_id == person_id) & Staff.ended_at.is_(None)
    await tx.execute(update(Staff).where(current).values(ended_at=now))


async def _drop_invitations(tx: Tx, practice_id: UUID, person_id: UUID, now: datetime) -> None:
    """Whoever looks after the practice no more leaves no open link behind, by which they or others could come back."""
    left = (PlaceInvitation.practice_id == practice_id) & (PlaceInvitation.invited_by == person_id)
    still = left & PlaceInvitation.taken_at.is_(None) & PlaceInvitation.revoked_at.is_(None)
    await tx.execute(update(PlaceInvitation).where(still).values(revoked_at=now, email=None))


async def _drop_grants(tx: Tx, practice_id: UUID, person_id: UUID, now: datetime) -> None:
    """Whoever changes their place keeps no permission that was given to the one they had."""
    held = (Grant.practice_id == practice_id) & (Grant.person_id == person_id) & Grant.withdrawn_at.is_(None) & (Grant.expires_at > now)
    await tx.execute(update(Grant).where(held).values(withdrawn_at=now))


async def _tell(tx: Tx, deed: Deed, now: datetime) -> None:
    """Put on record what happened to the place of the person `thing_id`, and close what it opened."""
    await change_rights(tx, person_topic(deed.thing_id))
    await record(tx, deed, now)


async def _teams(tx: Tx, practice_id: UUID) -> dict[UUID, list[Team]]:
    """Return the teams of each professional, by name."""
    joined = select(Membership.professional_id, Team).join(Team, Team.id == Membership.team_id)
    current = joined.where(Team.practice_id == practice_id, Membership.ended_at.is_(None))
    teams: dict[UUID, list[Team]] = {}
    for professional_id, team in await tx.execute(current.order_by(func.lower(Team.name), Team.id)):
        teams.setdefault(professional_id, []).append(team)
    return teams


def _place(person: Person, staff: Staff | None, professional: Professional | None, teams: dict[UUID, list[Team]]) -> Place:
    role = None if staff is None else Role(staff.role)
    name = person.name if professional is None else professional.full_name
    return Place(person.id, name, role, professional, teams.get(professional.id, []) if professional else [])


def _find(people: Sequence[Place], person_id: UUID) -> Place:
    found = next((one for one in people if one.person_id == person_id), None)
    if found is None:
        raise NotFound
    return found
