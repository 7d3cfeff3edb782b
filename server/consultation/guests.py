"""Asking others into a consultation: guests by a link of their own, colleagues who may open it anyway."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from server.access.model import Membership, Professional
from server.access.policy import Viewer
from server.access.viewer import names_of
from server.consultation.actions import add_link, channels_of, kill_links, new_place
from server.consultation.doors import see_consultation, see_guest
from server.consultation.events import Called, Invited
from server.consultation.model import Consultation, JoinLink, Participant, Relation, Role, Stage
from server.consultation.records import Invitation
from server.consultation.topics import room_topic, today_topic
from server.core.audit import Act, Deed, record
from server.core.crypto import Secrets
from server.core.db import Tx
from server.errors import Conflict, NotFound
from server.identity.model import Person

MOST_GUESTS = 6  # of one consultation, not counting those who were withdrawn: with patient and professional the call is full


@dataclass(frozen=True)
class GuestPlan:
    """A guest to be of one consultation, as whoever asks them in calls them."""

    consultation_id: UUID
    name: str
    relation: Relation
    mobile: str | None
    email: str | None


async def invite_guest(tx: Tx, secrets: Secrets, viewer: Viewer, plan: GuestPlan, now: datetime) -> JoinLink:
    """Add a guest's place and link; the invitation follows by event. Raises `NotFound`, and `Conflict` when it is over or full."""
    consultation = await _open_one(tx, viewer, plan.consultation_id)
    if await _count_guests(tx, consultation.id) >= MOST_GUESTS:
        raise Conflict("Six guests have been invited already. Withdraw one of them first.", code="guests_full")
    guest = new_place(consultation.id, Role.GUEST, plan.name, None, plan.relation)
    tx.add(guest)
    await tx.flush()
    tx.add(Invitation(participant_id=guest.id, person_id=viewer.person_id, mobile=plan.mobile, email=plan.email, invited_at=now))
    link = add_link(tx, secrets, guest, now)
    await tx.flush()
    for channel in channels_of(plan):
        await tx.emit(Invited(consultation.id, link.id, channel))
    await _note(tx, consultation, _deed(viewer, consultation, Act.INVITED, plan.relation), now)
    return link


async def withdraw_guest(tx: Tx, viewer: Viewer, consultation_id: UUID, guest_id: UUID, now: datetime) -> None:
    """Make a guest's link dead and put them out at once; raises `NotFound`."""
    consultation, guest = await see_guest(tx, viewer, consultation_id, guest_id, lock=True)
    guest.withdraw(now)
    await kill_links(tx, guest, now)
    await _note(tx, consultation, _deed(viewer, consultation, Act.UNINVITED, guest.relation), now)


@dataclass(frozen=True)
class Colleague:
    """`id` names the professional; `invited` says whether they were asked into this consultation."""

    id: UUID
    name: str
    invited: bool


async def colleagues_of(tx: Tx, viewer: Viewer, consultation_id: UUID) -> list[Colleague]:
    """Return the others who may open the consultation, by name; raises `NotFound`."""
    consultation = await see_consultation(tx, viewer, consultation_id)
    others = list(await tx.scalars(_may_open(consultation).where(Professional.id != viewer.professional_id).order_by(Professional.name)))
    asked = select(Participant.person_id).join(Invitation, Invitation.participant_id == Participant.id)
    invited = set(await tx.scalars(asked.where(Participant.consultation_id == consultation_id)))
    return [Colleague(other.id, other.full_name, other.person_id in invited) for other in others]


async def invite_colleague(tx: Tx, viewer: Viewer, consultation_id: UUID, professional_id: UUID, now: datetime) -> None:
    """Ask a colleague in: their pages say so at once, and a message where they want one. It gives no right.

    Raises `NotFound` for one who may not open the consultation.
    """
    consultation = await _open_one(tx, viewer, consultation_id)
    chosen = _may_open(consultation).where(Professional.id == professional_id, Professional.id != viewer.professional_id)
    colleague = await tx.scalar(chosen)
    if colleague is None:
        raise NotFound
    mine = (Participant.consultation_id == consultation_id) & (Participant.person_id == colleague.person_id)
    place = await tx.scalar(select(Participant).where(mine))
    if place is None:
        place = new_place(consultation_id, Role.PROFESSIONAL, colleague.full_name, colleague.person_id)
        tx.add(place)
        await tx.flush()
    await tx.merge(Invitation(participant_id=place.id, person_id=viewer.person_id, mobile=None, email=None, invited_at=now))
    for channel in channels_of(await tx.get_one(Person, colleague.person_id)):
        await tx.emit(Called(consultation_id, place.id, channel))
    await _note(tx, consultation, _deed(viewer, consultation, Act.INVITED, Relation.COLLEAGUE), now)


async def inviter_of(tx: Tx, participant: Participant) -> str | None:
    """Return the name of whoever asked a guest in."""
    invitation = await tx.get(Invitation, participant.id)
    if invitation is None:
        return None
    consultation = await tx.get_one(Consultation, participant.consultation_id)
    return (await names_of(tx, {invitation.person_id}, consultation.practice_id)).get(invitation.person_id)


class Asked(NamedTuple):
    """By whom, and when it was said last."""

    name: str
    at: datetime


async def asked_in(tx: Tx, viewer: Viewer, consultation_ids: Collection[UUID]) -> dict[UUID, Asked]:
    """Return by whom the viewer was asked into which of these, for as long as they have not come."""
    mine = Participant.consultation_id.in_(consultation_ids) & (Participant.person_id == viewer.person_id)
    query = select(Participant.consultation_id, Invitation.person_id, Invitation.invited_at).join(
        Invitation, Invitation.participant_id == Participant.id
    )
    rows = (await tx.execute(query.where(mine, Participant.stage != Stage.IN_CALL))).all()
    names = await names_of(tx, {person_id for _, person_id, _ in rows}, viewer.practice_id) if rows else {}
    return {consultation_id: Asked(names[person_id], at) for consultation_id, person_id, at in rows}


def _may_open(consultation: Consultation) -> Select[Professional]:
    """Select whom `may_see_consultation` allows; a test holds the two together."""
    members = select(Membership.professional_id).where(Membership.team_id == consultation.team_id, Membership.ended_at.is_(None))
    allowed = or_(Professional.id == consultation.professional_id, Professional.id.in_(members))
    return select(Professional).where(Professional.practice_id == consultation.practice_id, Professional.ended_at.is_(None), allowed)


async def _open_one(tx: Tx, viewer: Viewer, consultation_id: UUID) -> Consultation:
    consultation = await see_consultation(tx, viewer, consultation_id, lock=True)
    if consultation.over:
        raise Conflict("The consultation has ended.", code="ended")
    return consultation


async def _count_guests(tx: Tx, consultation_id: UUID) -> int:
    guests = (Participant.consultation_id == consultation_id) & (Participant.role == Role.GUEST) & Participant.withdrawn_at.is_(None)
    return await tx.scalar(select(func.count()).select_from(Participant).where(guests)) or 0


def _deed(viewer: Viewer, consultation: Consultation, act: Act, relation: str | None) -> Deed:
    """Return what the patient can read later: who was asked to their consultation, and by whom."""
    return Deed(consultation.practice_id, viewer.person_id, act, "consultation", consultation.id, consultation.patient_id, relation)


async def _note(tx: Tx, consultation: Consultation, deed: Deed, now: datetime) -> None:
    """Keep it on record, and have the lists and a room that is open look again."""
    await record(tx, deed, now)
    tx.hint(room_topic(consultation.id))
    tx.hint(today_topic(consultation.practice_id))
