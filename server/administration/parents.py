"""Parents of children whom nobody here treats yet: whoever looks after the practice accepts or refuses them."""

from datetime import datetime
from uuid import UUID

from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.consultation.doors import treated
from server.core.db import Tx
from server.errors import NotFound
from server.patients.acting_doors import Reader
from server.patients.doors import OwnRecord
from server.patients.parents import Registered, registered_at


async def parents_waiting(tx: Tx, viewer: Viewer, now: datetime) -> list[Registered]:
    """Return them; raises `Forbidden`."""
    await in_charge_of(tx, viewer)
    waiting = await registered_at(tx, viewer, Reader(viewer.person_id, now))
    theirs = await treated(tx, [one.child.id for one in waiting])
    return [one for one in waiting if one.child.id not in theirs]


async def see_parent(tx: Tx, viewer: Viewer, representation_id: UUID, now: datetime) -> Registered:
    """Load one of them; raises `Forbidden` and `NotFound`."""
    waiting = await parents_waiting(tx, viewer, now)
    found = next((one for one in waiting if one.representation.id == representation_id), None)
    if found is None:
        raise NotFound
    return found


async def record_behind(tx: Tx, waiting: Registered) -> OwnRecord:
    return OwnRecord(waiting.child, await tx.get_one(Practice, waiting.representation.practice_id))
