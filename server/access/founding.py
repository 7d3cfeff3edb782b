"""How whoever runs the server makes a practice, and asks its first owner in: the one place that nobody of the practice could give."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, select

from server.access.actions import EMAIL, LONGEST_EMAIL, add_practice
from server.access.model import PlaceInvitation, Practice, Staff, StaffRole
from server.access.places import Sender, give_link
from server.access.policy import Role
from server.access.settings import Said, faults_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.folding import fold
from server.core.ids import new_id
from server.errors import Conflict, Invalid, NotFound
from server.web.endpoint import inspect_text
from server.web.i18n import SOURCE_TAG


class Founded(NamedTuple):
    """A practice, how many owners it has, and until when a link for its first one is good, where there is such a link."""

    practice: Practice
    owners: int
    open_until: datetime | None


class Wanted(NamedTuple):
    """A practice to be made, its time zone an IANA name; without an `email` the link for its owner is handed on by hand."""

    name: str
    time_zone: str
    email: str


async def any_practice(tx: Tx) -> bool:
    return bool(await tx.scalar(select(exists().where(Practice.id.is_not(None)))))


async def practices_of(tx: Tx, now: datetime) -> list[Founded]:
    """Return every practice of this server, by name."""
    practices = list(await tx.scalars(select(Practice).order_by(func.lower(Practice.name), Practice.id)))
    found = []
    for practice in practices:
        link = await _link_of(tx, practice.id)
        found.append(Founded(practice, await _owners(tx, practice.id), link.expires_at if link is not None and link.open(now) else None))
    return found


async def found_practice(tx: Tx, sender: Sender, wanted: Wanted, now: datetime) -> PlaceInvitation:
    """Make a practice with a link for its owner.

    Raises `Invalid` with the code of `faults_of` or `email`, `Malformed` for letters that no name has, and `Conflict` for a name that
    a practice of this server has, however it is written.
    """
    name = " ".join(wanted.name.split())
    inspect_text(name)
    for code in faults_of(Said(name, "", wanted.time_zone, SOURCE_TAG), [SOURCE_TAG]).values():
        raise Invalid(code=code)
    if await _named(tx, name):
        raise Conflict
    practice = add_practice(tx, name, None, wanted.time_zone)
    await tx.flush()
    await record(tx, Deed(practice.id, None, Act.ADDED, "practice", practice.id, None), now)
    return await _ask(tx, sender, practice, wanted.email, now)


async def ask_owner(tx: Tx, sender: Sender, wanted: str, email: str, now: datetime) -> PlaceInvitation:
    """Make a link for the owner of a practice that has none, given by its name or id; an earlier link opens nothing any more.

    Raises `NotFound`, `Invalid` for the e-mail address, and `Conflict` for a practice that has an owner.
    """
    found = await _named(tx, " ".join(wanted.split())) or await _of_id(tx, wanted)
    if len(found) != 1:
        raise NotFound
    practice = await tx.get_one(Practice, found[0].id, with_for_update=True)
    if await _owners(tx, practice.id):
        raise Conflict
    return await _ask(tx, sender, practice, email, now)


async def _ask(tx: Tx, sender: Sender, practice: Practice, email: str, now: datetime) -> PlaceInvitation:
    if email and (len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email)):
        raise Invalid(code="email")
    before = await _link_of(tx, practice.id)
    invitation = before or PlaceInvitation(
        id=new_id(), practice_id=practice.id, role=Role.OWNER, times_sent=0, invited_by=None, invited_at=now,
        taken_at=None, taken_by=None, revoked_at=None,
    )  # fmt: skip
    invitation.email = email or invitation.email
    tx.add(invitation)
    await give_link(tx, sender, invitation, now)
    act = Act.INVITED if before is None else Act.RESENT
    await record(tx, Deed(practice.id, None, act, "place", invitation.id, None, invitation.role), now)
    return invitation


async def _link_of(tx: Tx, practice_id: UUID) -> PlaceInvitation | None:
    """Return what was made here for an owner, and neither taken nor taken back; it may have run out."""
    ours = (PlaceInvitation.practice_id == practice_id) & PlaceInvitation.invited_by.is_(None)
    left = ours & PlaceInvitation.taken_at.is_(None) & PlaceInvitation.revoked_at.is_(None)
    return await tx.scalar(select(PlaceInvitation).where(left).order_by(PlaceInvitation.invited_at.desc()).limit(1))


async def _owners(tx: Tx, practice_id: UUID) -> int:
    owns = (Staff.practice_id == practice_id) & (Staff.role == StaffRole.OWNER) & Staff.ended_at.is_(None)
    return await tx.scalar(select(func.count()).where(owns)) or 0


async def _named(tx: Tx, name: str) -> list[Practice]:
    return [one for one in await tx.scalars(select(Practice)) if fold(one.name) == fold(name)]


async def _of_id(tx: Tx, text: str) -> list[Practice]:
    try:
        found = await tx.get(Practice, UUID(text))
    except ValueError:
        return []
    return [found] if found else []
