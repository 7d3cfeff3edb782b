"""What administrators do about legal holds: they find a record by its name, hold it with a reason, and lift the hold with another one.

The reasons stand in the rows alone: what is about a patient has no place in the audit, which nobody can change.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.access.policy import Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.core.folding import Folded, fold
from server.core.ids import new_id
from server.core.marking import _
from server.core.paging import Paged, paged
from server.errors import Conflict, Invalid, NotFound
from server.messaging.own_texts import administered
from server.patients.legal_holds import LegalHold, LegalHoldLift, held
from server.patients.model import Patient

__all__ = ["held"]

THING = "hold"  # in the audit
LONGEST_REASON = 500
MOST_FOUND = 20
LIFTED_ALREADY = _("This hold was lifted already.")


class Placed(NamedTuple):
    """A hold, the name on the record, and its end if it came."""

    hold: LegalHold
    name: str
    lift: LegalHoldLift | None


async def holds_of(tx: Tx, viewer: Viewer, page: int) -> Paged[Placed]:
    """Return a page of the holds of the practice that the viewer administers, those that stand before the others; raises `Forbidden`."""
    practice = await administered(tx, viewer)
    joined = select(LegalHold, Patient.name, LegalHoldLift).join(Patient, Patient.id == LegalHold.patient_id)
    joined = joined.outerjoin(LegalHoldLift, LegalHoldLift.hold_id == LegalHold.id).where(LegalHold.practice_id == practice.id)
    order = (LegalHoldLift.hold_id.is_not(None), LegalHold.placed_at.desc(), LegalHold.id)
    return (await paged(tx, joined.order_by(*order), page)).of(lambda row: Placed(*row))


async def find_by_name(tx: Tx, viewer: Viewer, name: str, now: datetime) -> list[Patient]:
    """Return the practice's records of this whole name, on record in each; raises `Forbidden`."""
    practice = await administered(tx, viewer)
    called = (Patient.practice_id == practice.id) & (Folded(Patient.name) == fold(" ".join(name.split())))
    found = list(await tx.scalars(select(Patient).where(called).order_by(Patient.created_at.desc(), Patient.id).limit(MOST_FOUND)))
    for patient in found:
        await record(tx, Deed(practice.id, viewer.person_id, Act.LOOKED, THING, patient.id, patient.id), now)
    return found


async def place(tx: Tx, viewer: Viewer, patient_id: UUID, why: str, now: datetime) -> LegalHold:
    """Hold a record of the practice; raises `Forbidden`, `NotFound`, and `Invalid` for a reason that is missing or too long."""
    patient, why = await see_patient(tx, viewer, patient_id, lock=True), _reason(why)
    hold = LegalHold(
        id=new_id(), practice_id=patient.practice_id, patient_id=patient_id, why=why, placed_by=viewer.person_id, placed_at=now
    )  # fmt: skip
    tx.add(hold)
    await record(tx, Deed(patient.practice_id, viewer.person_id, Act.HELD, THING, hold.id, patient_id), now)
    return hold


async def lift(tx: Tx, viewer: Viewer, hold_id: UUID, why: str, now: datetime) -> None:
    """End one hold; raises `Forbidden`, `NotFound`, `Invalid` as above, and `Conflict` for one that is lifted."""
    hold, why = await see_hold(tx, viewer, hold_id, lock=True), _reason(why)
    if await tx.get(LegalHoldLift, hold_id) is not None:
        raise Conflict(LIFTED_ALREADY, code="lifted")
    tx.add(LegalHoldLift(hold_id=hold_id, why=why, lifted_by=viewer.person_id, lifted_at=now))
    await record(tx, Deed(hold.practice_id, viewer.person_id, Act.FREED, THING, hold_id, hold.patient_id), now)


async def see_patient(tx: Tx, viewer: Viewer, patient_id: UUID, *, lock: bool = False) -> Patient:
    """Load a record of the practice, of which the administrator is shown the name and addresses; raises `Forbidden` and `NotFound`."""
    practice = await administered(tx, viewer)
    patient = await tx.get(Patient, patient_id, with_for_update=locked(lock=lock))
    if patient is None or patient.practice_id != practice.id:
        raise NotFound
    return patient


async def see_hold(tx: Tx, viewer: Viewer, hold_id: UUID, *, lock: bool = False) -> LegalHold:
    """Load one of them; raises `Forbidden` and `NotFound`."""
    practice = await administered(tx, viewer)
    hold = await tx.get(LegalHold, hold_id, with_for_update=locked(lock=lock))
    if hold is None or hold.practice_id != practice.id:
        raise NotFound
    return hold


def _reason(why: str) -> str:
    if not 0 < len(why.strip()) <= LONGEST_REASON:
        raise Invalid(code="why")
    return why.strip()
