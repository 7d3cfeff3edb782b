"""How a patient's record gets an account, by the personal link, inside the caller's transaction."""

from uuid import UUID

from server.consultation.doors import Visit
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Conflict
from server.identity.accounts import open_account
from server.patients.actions import register
from server.patients.model import Patient
from server.ports import Clock


async def has_account(tx: Tx, visit: Visit) -> bool:
    """Whether the record behind this visit belongs to an account already."""
    return (await tx.get_one(Patient, visit.consultation.patient_id)).person_id is not None


async def make_account(tx: Tx, visit: Visit, username: str, password_hash: str, clock: Clock) -> UUID:
    """Make an account that reads the record, and return its person.

    Raises `Conflict` where the record has one, and `Invalid` with the code `username_taken`.
    """
    patient = await _unregistered(tx, visit)
    person_id = await open_account(tx, patient.name, username, password_hash, clock.now())
    await _register(tx, patient, person_id, clock)
    return person_id


async def join_account(tx: Tx, visit: Visit, person_id: UUID, clock: Clock) -> None:
    """Let an account that is there already read this record, too; whoever calls has proved whose it is. Raises `Conflict` as above."""
    await _register(tx, await _unregistered(tx, visit), person_id, clock)


async def _unregistered(tx: Tx, visit: Visit) -> Patient:
    """Load the record, and let others who want to register it wait."""
    patient = await tx.get_one(Patient, visit.consultation.patient_id, with_for_update=True, populate_existing=True)
    if patient.person_id is not None:
        raise Conflict("This record has an account already.", code="registered")
    return patient


async def _register(tx: Tx, patient: Patient, person_id: UUID, clock: Clock) -> None:
    register(patient, person_id)
    await record(tx, Deed(patient.practice_id, person_id, Act.REGISTERED, "record", patient.id, patient.id), clock.now())
