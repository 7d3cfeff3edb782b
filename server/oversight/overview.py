"""What waits for whoever looks after a practice, gathered from the folders that know it: numbers and dates, nobody's name."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from server.access.places import invitations_of
from server.access.policy import Viewer
from server.access.reviewing import reviews_waiting
from server.administration.parents import parents_waiting
from server.consultation.moderation import count_unseen
from server.core.db import Tx
from server.core.errands import given_up
from server.messaging.undelivered import count_left
from server.privacy.account_closing import accounts_waiting
from server.privacy.letter_words import Kind
from server.privacy.letters import open_letters
from server.privacy.requests import open_requests


class Waiting(NamedTuple):
    """So many things of a kind, at `path`; `due_at` is when the first of them is due, where the law or a link sets a time."""

    kind: str
    path: str
    number: int
    due_at: datetime | None = None

    def late(self, now: datetime) -> bool:
        return self.kind != "invitations" and self.due_at is not None and self.due_at < now


async def waiting_for(tx: Tx, viewer: Viewer, practice_id: UUID, now: datetime) -> list[Waiting]:
    """Return what there is, the legal times first; raises `Forbidden`."""
    found = [*await _legal(tx, viewer), *await _own(tx, viewer, practice_id, now)]
    return [one for one in found if one.number]


async def _legal(tx: Tx, viewer: Viewer) -> Sequence[Waiting]:
    requests, letters = await open_requests(tx, viewer), await open_letters(tx, viewer)
    complaints, others = (letters.get(kind, (0, None)) for kind in (Kind.COMPLAINT, Kind.CONTACT))
    return (
        Waiting("requests", "/practice/requests", *requests),
        Waiting("accounts", "/practice/requests/accounts", *await accounts_waiting(tx, viewer)),
        Waiting("complaints", "/practice/letters", *complaints),
        Waiting("letters", "/practice/letters", others[0]),
    )


async def _own(tx: Tx, viewer: Viewer, practice_id: UUID, now: datetime) -> Sequence[Waiting]:
    invited = [one.expires_at for one in await invitations_of(tx, practice_id) if one.open(now)]
    return (
        Waiting("reviews", "/practice/people", len(await reviews_waiting(tx, practice_id))),
        Waiting("testimonials", "/practice/testimonials", await count_unseen(tx, practice_id, now)),
        Waiting("parents", "/practice/parents", len(await parents_waiting(tx, viewer, now))),
        Waiting("undelivered", "/practice/undelivered", await count_left(tx, practice_id)),
        Waiting("errands", "/practice/queues", len(await given_up(tx))),
        Waiting("invitations", "/practice/people#invited", len(invited), min(invited, default=None)),
    )
