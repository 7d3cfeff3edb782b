"""In which practices somebody has a place, and in which of them one browser is at work: in one at a time.

Everything that a viewer may do is by that one (`server/access/viewer.py`), so nothing of another is there meanwhile. A browser keeps its
choice in its login session; without one, somebody with several places is in the first of them.
"""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from server.access.model import Practice, Professional, Staff, working
from server.core.db import Tx
from server.errors import Elsewhere
from server.identity.gate import SignedIn


class Choice(NamedTuple):
    """Where somebody is at work, and where else they could be, by name; None for nowhere, once a place has ended."""

    here: Practice | None
    others: list[Practice]


async def workplaces_of(tx: Tx, person_id: UUID) -> set[UUID]:
    """Return the practices in which somebody has a place now, in whatever role."""
    professional = select(Professional.practice_id).where(Professional.person_id == person_id, working())
    staff = select(Staff.practice_id).where(Staff.person_id == person_id, Staff.ended_at.is_(None))
    return set(await tx.scalars(professional.union(staff)))


def workplace_in(chosen: UUID | None, practice_ids: set[UUID]) -> UUID | None:
    """Return where somebody with these places is at work: where they chose, as long as they have a place there."""
    return chosen if chosen in practice_ids else min(practice_ids, default=None)


async def place_request(tx: Tx, who: SignedIn, practice_ids: set[UUID]) -> UUID | None:
    """Return where the browser is at work, and note it for the page of the answer.

    Raises `Elsewhere` for what a page sends that was made for another practice, and, of whoever has or had a choice, for what would be
    written by a page that does not say for which it was made.
    """
    here = workplace_in(who.practice_id, practice_ids)
    if who.asked is None:
        return here
    said, silent = who.asked.said, _chooses(who, practice_ids) and who.asked.writes
    if here is not None and (said != str(here) if said else silent):
        raise Elsewhere
    await _note(tx, who, here, practice_ids)
    return here


async def choice_for(tx: Tx, who: SignedIn) -> UUID | None:
    """Return where the browser is at work, and note it, whatever the page says: to show what the matter is, never to act by it."""
    practice_ids = await workplaces_of(tx, who.person_id)
    here = workplace_in(who.practice_id, practice_ids)
    await _note(tx, who, here, practice_ids)
    return here


def _chooses(who: SignedIn, practice_ids: set[UUID]) -> bool:
    return len(practice_ids) > 1 or who.practice_id is not None


async def _note(tx: Tx, who: SignedIn, here: UUID | None, practice_ids: set[UUID]) -> None:
    """Keep for the page what its forms are to say, and between which practices its reader chooses."""
    if who.asked is None:
        return
    who.asked.at = here if _chooses(who, practice_ids) else None
    if len(practice_ids) > 1 and who.asked.choice is None:
        who.asked.choice = await _choice(tx, here, practice_ids)


async def _choice(tx: Tx, here: UUID | None, practice_ids: set[UUID]) -> Choice:
    practices = list(await tx.scalars(_by_name(practice_ids)))
    return Choice(next((one for one in practices if one.id == here), None), [one for one in practices if one.id != here])


def _by_name(practice_ids: set[UUID]) -> Select[Practice]:
    return select(Practice).where(Practice.id.in_(practice_ids)).order_by(Practice.name, Practice.id)
