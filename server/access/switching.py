"""Going from one practice to another in one browser, and what is written down when somebody begins to have a choice."""

from uuid import UUID

from sqlalchemy import update

from server.access.actions import change_rights, person_topic
from server.access.workplaces import workplace_in, workplaces_of
from server.core.db import Tx
from server.errors import NotFound
from server.identity.gate import SignedIn
from server.identity.model import LoginSession


async def switch(tx: Tx, who: SignedIn, practice_id: UUID) -> None:
    """Have this browser at work in another practice, and close what it has open of the one before; raises `NotFound`."""
    if practice_id not in await workplaces_of(tx, who.person_id):
        raise NotFound
    await tx.execute(update(LoginSession).where(LoginSession.id == who.session_id).values(practice_id=practice_id))
    await change_rights(tx, person_topic(who.person_id))


async def arrive(tx: Tx, who: SignedIn, practice_id: UUID) -> None:
    """Have this browser at work where somebody has just taken a place, if they have a choice by it."""
    if len(await workplaces_of(tx, who.person_id)) > 1:
        await switch(tx, who, practice_id)


async def keep_choice(tx: Tx, person_id: UUID) -> None:
    """Write down where the browsers of somebody are at work who had no choice until now, before their places change.

    What their open pages send then is known to be made for that practice, or for none that can be told.
    """
    here = workplace_in(None, await workplaces_of(tx, person_id))
    undecided = (LoginSession.person_id == person_id) & LoginSession.practice_id.is_(None)
    await tx.execute(update(LoginSession).where(undecided).values(practice_id=here))
