"""Who must have a second factor."""

from uuid import UUID

from sqlalchemy import exists, or_, select

from server.access.model import Professional, Staff, working
from server.core.db import Tx
from server.settings import Settings


async def must_have_second(tx: Tx, settings: Settings, person_id: UUID) -> bool:
    """Whether somebody works here, where a setting asks it of everybody who does; patients decide for themselves."""
    if not settings.needs_second_factor:
        return False
    gives = exists().where(Professional.person_id == person_id, working())
    helps = exists().where(Staff.person_id == person_id, Staff.ended_at.is_(None))
    return bool(await tx.scalar(select(or_(gives, helps))))
