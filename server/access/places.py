"""Asks somebody into a practice by a link, and gives them the place once they take it."""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update

from server.access.actions import EMAIL, LONGEST_EMAIL, add_staff, change_rights, person_topic
from server.access.bodies import Details
from server.access.model import PlaceInvitation, Professional, Staff, StaffRole
from server.access.policy import APART, Role, Viewer, may_give_place
from server.access.reviewing import set_details
from server.access.switching import keep_choice
from server.access.viewer import role_of
from server.core.audit import Act, Deed, record
from server.core.crypto import Secrets
from server.core.db import Tx, locked
from server.core.ids import new_id, token_hash
from server.core.outbox import add_errand
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.identity.model import Person

INVITE = "invite_place"
PURPOSE = "place-invitation"
GOOD_FOR = timedelta(days=7)
LISTED_FOR = timedelta(weeks=4)  # once it has run out: who was asked can be asked again


class Wish(NamedTuple):
    """Which place is offered; with an empty `email` somebody hands the link on."""

    role: Role
    email: str


class Sender(NamedTuple):
    """What makes links, and whether this server has a mail server to send them by."""

    secrets: Secrets
    mails: bool


async def invite(tx: Tx, sender: Sender, viewer: Viewer, wish: Wish, now: datetime) -> PlaceInvitation:
    """Make a link for a place, and queue its message; raises `Forbidden`, and `Invalid` with the code `email`."""
    practice_id = await _giver(tx, viewer, wish.role)
    if wish.email and (len(wish.email) > LONGEST_EMAIL or not EMAIL.fullmatch(wish.email)):
        raise Invalid(code="email")
    invitation = PlaceInvitation(
        id=new_id(), practice_id=practice_id, role=wish.role, email=wish.email or None, times_sent=0, invited_by=viewer.person_id,
        invited_at=now, taken_at=None, taken_by=None, revoked_at=None,
    )  # fmt: skip
    tx.add(invitation)
    await give_link(tx, sender, invitation, now)
    await _tell(tx, viewer, invitation, Act.INVITED, now)
    return invitation


async def resend(tx: Tx, sender: Sender, viewer: Viewer, invitation_id: UUID, now: datetime) -> PlaceInvitation:
    """Make a new link, after which the old one opens nothing; raises `Forbidden`, `NotFound`, `Conflict` for one that was taken."""
    invitation = await _mine(tx, viewer, invitation_id)
    invitation.invited_by = viewer.person_id
    await give_link(tx, sender, invitation, now)
    await _tell(tx, viewer, invitation, Act.RESENT, now)
    return invitation


async def revoke(tx: Tx, viewer: Viewer, invitation_id: UUID, now: datetime) -> None:
    """Take an invitation back; raises as `resend` does."""
    invitation = await _mine(tx, viewer, invitation_id)
    invitation.revoked_at, invitation.email = now, None
    await _tell(tx, viewer, invitation, Act.UNINVITED, now)


async def invitations_of(tx: Tx, practice_id: UUID) -> list[PlaceInvitation]:
    """Return what was neither taken nor taken back, among them what ran out some weeks ago, the newest first."""
    left = (PlaceInvitation.practice_id == practice_id) & PlaceInvitation.taken_at.is_(None) & PlaceInvitation.revoked_at.is_(None)
    return list(await tx.scalars(select(PlaceInvitation).where(left).order_by(PlaceInvitation.invited_at.desc(), PlaceInvitation.id)))


async def forget_invited(tx: Tx, now: datetime) -> None:
    """Take back what nobody took in weeks after it ran out, and keep the address of nobody who never came."""
    never = PlaceInvitation.taken_at.is_(None)
    over = never & PlaceInvitation.revoked_at.is_(None) & (PlaceInvitation.expires_at <= now - LISTED_FOR)
    await tx.execute(update(PlaceInvitation).where(over).values(revoked_at=now))
    left = never & PlaceInvitation.revoked_at.is_not(None) & PlaceInvitation.email.is_not(None)
    await tx.execute(update(PlaceInvitation).where(left).values(email=None))


async def find_invitation(tx: Tx, token: str, now: datetime, *, lock: bool = False) -> PlaceInvitation | None:
    """Return what a link stands for while it is good."""
    query = select(PlaceInvitation).where(PlaceInvitation.token_hash == token_hash(token))
    found = await tx.scalar(query.with_for_update() if lock else query)
    return found if found is not None and found.open(now) else None


async def take_place(tx: Tx, token: str, person_id: UUID, details: Details | None, now: datetime) -> None:
    """Give the person the place, once. `details` are of a professional, who is to be reviewed.

    Places in other practices stay what they are. Raises `NotFound` for a link that is not good any more, and `Invalid` with the code
    `already` for whoever has a place here that does not go with it, or `details`.
    """
    invitation = await find_invitation(tx, token, now, lock=True)
    if invitation is None or not may_give_place(await _role_of_inviter(tx, invitation), Role(invitation.role)):
        raise NotFound
    await tx.get_one(Person, person_id, with_for_update=locked())  # so that two links taken at once are taken one after the other
    await keep_choice(tx, person_id)
    if invitation.role == Role.PROFESSIONAL:
        await _seat_professional(tx, invitation.practice_id, person_id, details)
    else:
        await _seat_staff(tx, invitation, person_id, now)
    invitation.taken_at, invitation.taken_by = now, person_id
    await change_rights(tx, person_topic(person_id))
    deed = Deed(invitation.practice_id, person_id, Act.JOINED, "place", invitation.id, None, invitation.role)
    await record(tx, deed, now)


async def _role_of_inviter(tx: Tx, invitation: PlaceInvitation) -> Role | None:
    """Return what place the inviter has now: a link is worth no more than the right of whoever gave it.

    Without an inviter it was made by whoever runs the server (`server/access/founding.py`), for an owner.
    """
    if invitation.invited_by is None:
        return Role.OWNER
    place = (Staff.person_id == invitation.invited_by) & (Staff.practice_id == invitation.practice_id) & Staff.ended_at.is_(None)
    role = await tx.scalar(select(Staff.role).where(place))
    return None if role is None else Role(role)


def place_token(secrets: Secrets, invitation_id: UUID, times_sent: int) -> str:
    """Return the 256-bit token of a link, 43 URL-safe characters."""
    return urlsafe_b64encode(secrets.mac(PURPOSE, str(invitation_id), str(times_sent))).rstrip(b"=").decode()


def place_url(base_url: str, secrets: Secrets, invitation: PlaceInvitation) -> str:
    return f"{base_url}/place/{place_token(secrets, invitation.id, invitation.times_sent)}"


async def give_link(tx: Tx, sender: Sender, invitation: PlaceInvitation, now: datetime) -> None:
    """Give the invitation a link, in place of an earlier one, and have it sent where it can be."""
    invitation.times_sent += 1
    invitation.token_hash = token_hash(place_token(sender.secrets, invitation.id, invitation.times_sent))
    invitation.expires_at = now + GOOD_FOR
    await tx.flush()
    if invitation.email and sender.mails:
        add_errand(tx, INVITE, invitation.id, f"{INVITE}:{invitation.id}:{invitation.times_sent}", now)


async def _giver(tx: Tx, viewer: Viewer, role: Role) -> UUID:
    """Return the practice in which the viewer may give this place; raises `Forbidden`."""
    if viewer.practice_id is None or not may_give_place(await role_of(tx, viewer), role):
        raise Forbidden
    return viewer.practice_id


async def _mine(tx: Tx, viewer: Viewer, invitation_id: UUID) -> PlaceInvitation:
    practice_id = await _giver(tx, viewer, Role.ASSISTANT)
    invitation = await tx.get(PlaceInvitation, invitation_id, with_for_update=True)
    if invitation is None or invitation.practice_id != practice_id:
        raise NotFound
    await _giver(tx, viewer, Role(invitation.role))
    if invitation.taken_at is not None or invitation.revoked_at is not None:
        raise Conflict
    return invitation


async def _seat_professional(tx: Tx, practice_id: UUID, person_id: UUID, details: Details | None) -> None:
    """Add the professional, or bring one back who worked here before."""
    if details is None:
        raise Invalid(code="details")
    place = await _staff_here(tx, practice_id, person_id)
    if place is not None and Role(place.role) in APART:
        raise Invalid(code="already")
    rows = list(await tx.scalars(select(Professional).where(Professional.person_id == person_id)))
    found = next((one for one in rows if one.practice_id == practice_id), None)
    if found is not None and found.ended_at is None:
        raise Invalid(code="already")
    professional = found or Professional(id=new_id(), person_id=person_id, practice_id=practice_id)
    if found is None and rows:
        professional.diary_id = rows[0].diary_id
    set_details(professional, details)
    professional.ended_at = None
    tx.add(professional)


async def _seat_staff(tx: Tx, invitation: PlaceInvitation, person_id: UUID, now: datetime) -> None:
    here = (Professional.person_id == person_id) & (Professional.practice_id == invitation.practice_id)
    treats = await tx.scalar(select(Professional.id).where(here, Professional.ended_at.is_(None)))
    placed = await _staff_here(tx, invitation.practice_id, person_id)
    if placed is not None or (treats is not None and Role(invitation.role) in APART):
        raise Invalid(code="already")
    add_staff(tx, invitation.practice_id, person_id, StaffRole(invitation.role), now)


async def _staff_here(tx: Tx, practice_id: UUID, person_id: UUID) -> Staff | None:
    here = (Staff.person_id == person_id) & (Staff.practice_id == practice_id) & Staff.ended_at.is_(None)
    return await tx.scalar(select(Staff).where(here))


async def _tell(tx: Tx, viewer: Viewer, invitation: PlaceInvitation, act: Act, now: datetime) -> None:
    deed = Deed(invitation.practice_id, viewer.person_id, act, "place", invitation.id, None, invitation.role)
    await record(tx, deed, now)
