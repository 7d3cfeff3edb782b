"""A guest's link once more: shown to those who may see the consultation, or written to the guest again, also to another address."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.access.policy import Viewer
from server.consultation.doors import see_guest
from server.consultation.events import Channel, Invited
from server.consultation.model import Consultation, JoinLink, Participant
from server.consultation.records import Invitation
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Conflict, Invalid, NotFound


class GuestLink(NamedTuple):
    """The link that is good, whose it is, and where it can be written to."""

    consultation: Consultation
    guest: Participant
    link: JoinLink
    invitation: Invitation


@dataclass(frozen=True)
class Again:
    """By which way a guest's link is to go once more; without an `address` to the one that is known."""

    consultation_id: UUID
    guest_id: UUID
    channel: Channel
    address: str | None


async def guest_link(tx: Tx, viewer: Viewer, consultation_id: UUID, guest_id: UUID, *, lock: bool = False) -> GuestLink:
    """Return a guest's link; raises `NotFound`, for one that was withdrawn, too, and `Conflict` when the consultation is over."""
    consultation, guest = await see_guest(tx, viewer, consultation_id, guest_id, lock=lock)
    if consultation.over:
        raise Conflict("The consultation has ended.", code="ended")
    alive = (JoinLink.participant_id == guest.id) & JoinLink.revoked_at.is_(None)
    link = await tx.scalar(select(JoinLink).where(alive).order_by(JoinLink.created_at.desc()).limit(1))
    if link is None:
        raise NotFound
    return GuestLink(consultation, guest, link, await tx.get_one(Invitation, guest.id))


async def send_guest_link(tx: Tx, viewer: Viewer, again: Again, now: datetime) -> None:
    """Write the link to the guest once more. An address that is given replaces the old one; raises `Invalid` where there is none.

    The patient can read later that it was sent, and by whom: another address may be that of somebody else.
    """
    consultation, guest, link, invitation = await guest_link(tx, viewer, again.consultation_id, again.guest_id, lock=True)
    field = "mobile" if again.channel == Channel.SMS else "email"
    if again.address:
        setattr(invitation, field, again.address)
    if not getattr(invitation, field):
        raise Invalid("There is no address for this on record.", code="no_address")
    await tx.flush()
    await tx.emit(Invited(consultation.id, link.id, again.channel))
    about = ("consultation", consultation.id, consultation.patient_id)
    await record(tx, Deed(consultation.practice_id, viewer.person_id, Act.RESENT, *about, guest.relation), now)
