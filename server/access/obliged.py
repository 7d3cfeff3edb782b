"""Who must have a second factor, and what a place that asks for one does to whoever is signed in without it."""

from uuid import UUID

from sqlalchemy import exists, or_, select, update

from server.access.actions import person_topic
from server.access.model import Professional, Staff, working
from server.core.db import Tx
from server.identity.model import LoginSession
from server.identity.second import has_second
from server.settings import Settings


async def must_have_second(tx: Tx, settings: Settings, person_id: UUID) -> bool:
    """Whether somebody works here, where a setting asks it of everybody who does; patients decide for themselves."""
    if not settings.needs_second_factor:
        return False
    gives = exists().where(Professional.person_id == person_id, working())
    helps = exists().where(Staff.person_id == person_id, Staff.ended_at.is_(None))
    return bool(await tx.scalar(select(or_(gives, helps))))


async def insist_on_second(tx: Tx, settings: Settings, person_id: UUID, *, before: bool = False) -> bool:
    """Whether somebody must have a second factor now, and has none; then their logins are good for nothing but to set it up.

    `before` tells that they had to already: their sign-in has seen to it, and perhaps they are in a call. A login by a passkey looks like
    one by a password alone: who has one signs in by it again.
    """
    if before or await has_second(tx, person_id) or not await must_have_second(tx, settings, person_id):
        return False
    left = (LoginSession.person_id == person_id) & LoginSession.ended_at.is_(None)
    await tx.execute(update(LoginSession).where(left).values(limited=True))
    tx.hint(person_topic(person_id))
    return True
