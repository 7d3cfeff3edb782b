"""Keeps on record what somebody looked at who acts for a patient; the patient's own looks are kept nowhere."""

from uuid import UUID

from server.access.acting import Reach
from server.core.audit import Act, Deed, record
from server.core.house import House
from server.patients.acting_doors import Reader, see_record_for
from server.patients.doors import OwnRecord


async def note_look(house: House, own: OwnRecord, needed: Reach, thing: str, thing_id: UUID | None = None) -> None:
    """Keep it before anything is shown: a look that cannot be kept is not given. Raises `NotFound` where the right has just ended."""
    if own.acting is None:
        return
    now = house.clock.now()
    async with house.database.write() as tx:
        again = await see_record_for(tx, Reader(own.reader_id, now), own.patient.id, needed)
        deed = Deed(again.practice.id, own.reader_id, Act.LOOKED, thing, thing_id or again.patient.id, again.patient.id)
        await record(tx, deed, now)
