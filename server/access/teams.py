"""Teams: made by whoever looks after the practice, run by them and by the team's lead, joined by whoever is asked and agrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from server.access.actions import add_team, change_rights, join_team, leave_team, person_topic
from server.access.model import Membership, Professional, Team, TeamInvitation
from server.access.people import in_charge_of
from server.access.policy import Viewer, may_run_team
from server.access.viewer import role_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.core.ids import new_id
from server.errors import Conflict, Forbidden, Invalid, NotFound

LONGEST_NAME = 200


@dataclass(frozen=True)
class Seen:
    """A team as its viewer sees it: `runs` says whether they may change it, `asked` whether they were asked in and have not answered."""

    team: Team
    members: Sequence[tuple[Professional, Membership]]
    invited: Sequence[Professional]
    runs: bool
    asked: bool
    joined: bool


async def see_team(tx: Tx, viewer: Viewer, team_id: UUID, *, lock: bool = False) -> Seen:
    """Load a team for its members, for whoever was asked in, and for whoever looks after the practice; raises `NotFound`."""
    team = await tx.get(Team, team_id, with_for_update=locked(lock=lock), populate_existing=lock)
    if team is None or team.practice_id != viewer.practice_id or team.ended_at is not None:
        raise NotFound
    members, invited = await _members(tx, team_id), await _invited(tx, team_id)
    own = next((place for professional, place in members if professional.id == viewer.professional_id), None)
    asked = viewer.professional_id in {professional.id for professional in invited}
    runs = may_run_team(await role_of(tx, viewer), leads=own is not None and own.lead)
    if not (runs or asked or own):
        raise NotFound
    return Seen(team, members, invited, runs, asked, own is not None)


async def teams_in(tx: Tx, practice_id: UUID) -> list[tuple[Team, int]]:
    """Return the practice's teams by name, each with the number of its members."""
    current = (Membership.team_id == Team.id) & Membership.ended_at.is_(None)
    counted = select(Team, func.count(Membership.id)).outerjoin(Membership, current).group_by(Team.id)
    rows = await tx.execute(
        counted.where(Team.practice_id == practice_id, Team.ended_at.is_(None)).order_by(func.lower(Team.name), Team.id)
    )
    return [(team, number) for team, number in rows]


async def teams_asking(tx: Tx, viewer: Viewer) -> list[Team]:
    """Return the teams into which the viewer was asked and has not answered."""
    open_ones = (TeamInvitation.professional_id == viewer.professional_id) & TeamInvitation.settled_at.is_(None)
    joined = select(Team).join(TeamInvitation, TeamInvitation.team_id == Team.id)
    return list(await tx.scalars(joined.where(open_ones).order_by(func.lower(Team.name), Team.id)))


async def askable(tx: Tx, seen: Seen) -> list[Professional]:
    """Return the professionals of the practice who are neither in the team nor asked, by name."""
    there = {professional.id for professional, _ in seen.members} | {professional.id for professional in seen.invited}
    here = (Professional.practice_id == seen.team.practice_id) & Professional.ended_at.is_(None)
    return list(await tx.scalars(select(Professional).where(here, Professional.id.not_in(there)).order_by(Professional.name)))


async def create_team(tx: Tx, viewer: Viewer, name: str, now: datetime) -> Team:
    """Make a team of which nobody is a member yet; its maker leads it where they give consultations. Raises `Forbidden`, `Invalid`."""
    practice_id = await in_charge_of(tx, viewer)
    team = add_team(tx, practice_id, await _free_name(tx, practice_id, name))
    await tx.flush()
    if viewer.professional_id is not None:
        await _seat(tx, team, viewer.professional_id, now, lead=True)
    await _tell(tx, viewer, team, "created", now)
    return team


async def rename_team(tx: Tx, viewer: Viewer, team_id: UUID, name: str, now: datetime) -> None:
    """Raises `NotFound`, `Forbidden`, and `Invalid` for a name that is empty, long or taken."""
    team = (await _run(tx, viewer, team_id)).team
    if name != team.name:
        team.name = await _free_name(tx, team.practice_id, name)
        await _tell(tx, viewer, team, "renamed", now)


async def ask_into_team(tx: Tx, viewer: Viewer, team_id: UUID, professional_id: UUID, now: datetime) -> None:
    """Raises `NotFound`, `Forbidden`, and `Invalid` for somebody who cannot be asked."""
    seen = await _run(tx, viewer, team_id)
    if professional_id not in {professional.id for professional in await askable(tx, seen)}:
        raise Invalid(code="professional")
    asked = {"team_id": team_id, "professional_id": professional_id, "invited_by": viewer.person_id, "invited_at": now}
    tx.add(TeamInvitation(id=new_id(), settled_at=None, **asked))
    await _tell(tx, viewer, seen.team, "asked somebody in", now)


async def answer_team(tx: Tx, viewer: Viewer, team_id: UUID, now: datetime, *, joins: bool) -> None:
    """Join, or decline; raises `NotFound`, and `Conflict` where the viewer was not asked, or has answered."""
    seen = await see_team(tx, viewer, team_id, lock=True)
    if not seen.asked or viewer.professional_id is None:
        raise Conflict
    await _settle(tx, team_id, viewer.professional_id, now)
    if joins:
        await _seat(tx, seen.team, viewer.professional_id, now, lead=False)
        await change_rights(tx, person_topic(viewer.person_id))
    await _tell(tx, viewer, seen.team, "joined" if joins else "declined", now)


async def part_from(tx: Tx, viewer: Viewer, team_id: UUID, professional_id: UUID, now: datetime) -> None:
    """End a place in the team, one's own or, for whoever runs it, another's, or take an invitation back; raises `NotFound`, `Forbidden`."""
    seen = await see_team(tx, viewer, team_id, lock=True)
    if not seen.runs and professional_id != viewer.professional_id:
        raise Forbidden
    if professional_id in {professional.id for professional in seen.invited}:
        await _settle(tx, team_id, professional_id, now)
    else:
        await leave_team(tx, team_id, professional_id, now)
    await _tell(tx, viewer, seen.team, "left" if professional_id == viewer.professional_id else "parted from somebody", now)


async def give_lead(tx: Tx, viewer: Viewer, team_id: UUID, professional_id: UUID, now: datetime) -> None:
    """Let a member lead the team in place of whoever did; raises `NotFound`, `Forbidden`."""
    seen = await _run(tx, viewer, team_id)
    if professional_id not in {professional.id for professional, _ in seen.members}:
        raise NotFound
    for professional, place in seen.members:
        place.lead = professional.id == professional_id
    await _tell(tx, viewer, seen.team, "gave the lead", now)


async def end_team(tx: Tx, viewer: Viewer, team_id: UUID, now: datetime) -> None:
    """End it with every place in it; its sessions stay with the professionals who gave them. Raises `NotFound`, `Forbidden`."""
    seen = await _run(tx, viewer, team_id)
    seen.team.ended_at = now
    for professional, place in seen.members:
        place.ended_at = now
        await change_rights(tx, person_topic(professional.person_id))
    waiting = (TeamInvitation.team_id == team_id) & TeamInvitation.settled_at.is_(None)
    await tx.execute(update(TeamInvitation).where(waiting).values(settled_at=now))
    await _tell(tx, viewer, seen.team, "ended", now)


async def _run(tx: Tx, viewer: Viewer, team_id: UUID) -> Seen:
    """Let whoever runs the team change it, one after the other; raises `NotFound`, and `Forbidden` for its other members."""
    seen = await see_team(tx, viewer, team_id, lock=True)
    if not seen.runs:
        raise Forbidden
    return seen


async def _members(tx: Tx, team_id: UUID) -> list[tuple[Professional, Membership]]:
    """Return who is in the team, whoever leads it first."""
    joined = select(Professional, Membership).join(Membership, Membership.professional_id == Professional.id)
    current = joined.where(Membership.team_id == team_id, Membership.ended_at.is_(None), Professional.ended_at.is_(None))
    rows = await tx.execute(current.order_by(Membership.lead.desc(), Professional.name, Professional.id))
    return [(professional, place) for professional, place in rows]


async def _invited(tx: Tx, team_id: UUID) -> list[Professional]:
    joined = select(Professional).join(TeamInvitation, TeamInvitation.professional_id == Professional.id)
    waiting = joined.where(TeamInvitation.team_id == team_id, TeamInvitation.settled_at.is_(None), Professional.ended_at.is_(None))
    return list(await tx.scalars(waiting.order_by(Professional.name, Professional.id)))


async def _free_name(tx: Tx, practice_id: UUID, name: str) -> str:
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(code="name_long" if name else "name_missing")
    same = (Team.practice_id == practice_id) & (func.lower(Team.name) == name.lower()) & Team.ended_at.is_(None)
    if await tx.scalar(select(Team.id).where(same)) is not None:
        raise Invalid(code="name_taken")
    return name


async def _seat(tx: Tx, team: Team, professional_id: UUID, now: datetime, *, lead: bool) -> None:
    join_team(tx, team, await tx.get_one(Professional, professional_id), now, lead=lead)
    await tx.flush()


async def _settle(tx: Tx, team_id: UUID, professional_id: UUID, now: datetime) -> None:
    mine = (TeamInvitation.team_id == team_id) & (TeamInvitation.professional_id == professional_id)
    await tx.execute(update(TeamInvitation).where(mine, TeamInvitation.settled_at.is_(None)).values(settled_at=now))


async def _tell(tx: Tx, viewer: Viewer, team: Team, said: str, now: datetime) -> None:
    await record(tx, Deed(team.practice_id, viewer.person_id, Act.CHANGED, "team", team.id, None, said), now)
