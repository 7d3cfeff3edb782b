"""Whether a professional takes new bookings: they say it of themself, whoever looks after the practice of anybody; it can be undone."""

from datetime import datetime
from uuid import UUID

from server.access.model import Professional
from server.access.policy import IN_CHARGE, Viewer
from server.access.viewer import role_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.errors import Forbidden, NotFound

BOOKINGS = "bookings"  # in the audit


async def stop_bookings(tx: Tx, viewer: Viewer, professional_id: UUID, now: datetime) -> None:
    """Let nobody book a professional from now on; what was promised, and times that are held already, stay. Twice does no harm.

    It waits for whoever takes a time of theirs. Raises `Forbidden`, `NotFound`.
    """
    professional = await _see(tx, viewer, professional_id)
    by_practice = await _in_charge(tx, viewer)
    if professional.takes_none_since is not None and professional.takes_none_by_practice >= by_practice:
        return
    professional.takes_none_since = professional.takes_none_since or now
    professional.takes_none_by_practice = by_practice
    await _tell(tx, viewer, professional, "takes none", now)


async def take_bookings(tx: Tx, viewer: Viewer, professional_id: UUID, now: datetime) -> None:
    """Let patients book a professional again; what the practice has stopped the practice alone undoes. Raises `Forbidden`, `NotFound`."""
    professional = await _see(tx, viewer, professional_id)
    if professional.takes_none_since is None:
        return
    if professional.takes_none_by_practice and not await _in_charge(tx, viewer):
        raise Forbidden
    professional.takes_none_since, professional.takes_none_by_practice = None, False
    await _tell(tx, viewer, professional, "takes bookings", now)


async def _see(tx: Tx, viewer: Viewer, professional_id: UUID) -> Professional:
    """Load one to change it: oneself, or for whoever looks after the practice anybody who works in it."""
    if professional_id != viewer.professional_id and not await _in_charge(tx, viewer):
        raise Forbidden
    found = await tx.get(Professional, professional_id, with_for_update=locked(), populate_existing=True)
    if found is None or found.practice_id != viewer.practice_id or found.ended_at is not None:
        raise NotFound
    return found


async def _in_charge(tx: Tx, viewer: Viewer) -> bool:
    return await role_of(tx, viewer) in IN_CHARGE


async def _tell(tx: Tx, viewer: Viewer, professional: Professional, said: str, now: datetime) -> None:
    await tx.flush()
    await record(tx, Deed(professional.practice_id, viewer.person_id, Act.CHANGED, BOOKINGS, professional.id, None, said), now)
