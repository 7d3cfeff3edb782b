"""How a patient's record gets an account, by the personal link, inside the caller's transaction."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.consultation.doors import Visit
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Conflict, Invalid
from server.identity.actions import add_person, find_credential, set_password
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
    if await find_credential(tx, username) is not None:
        raise _taken()
    person = add_person(tx, patient.name)
    await tx.flush()
    try:
        async with tx.begin_nested():
            set_password(tx, person.id, username, password_hash, clock.now())
    except IntegrityError:  # somebody took it at this very moment
        raise _taken() from None
    await _register(tx, patient, person.id, clock)
    return person.id


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


def _taken() -> Invalid:
    return Invalid("This username is taken.", code="username_taken")
