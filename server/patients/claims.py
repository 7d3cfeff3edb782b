"""How an account finds the records that were begun without it: by a code that is sent to the address which stands on them.

A record becomes readable by whoever can read that code and goes by the name on the record. Whether there is any such record is told to
nobody before.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, or_, select

from server.core import codes
from server.core.audit import Act, Deed, record
from server.core.codes import is_code
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.identity.model import Person
from server.patients.acting_doors import has_acted
from server.patients.actions import register
from server.patients.addresses import Address
from server.patients.doors import unclaimed_records
from server.patients.model import AddressProof

PROVE = "prove"
PURPOSE = "address-proof"
GOOD_FOR = timedelta(minutes=10)
MOST_TRIES = 5


class Asking(NamedTuple):
    """Who asks for a code to which address, in which language the message is, and whether this server has a provider to send it by."""

    person_id: UUID
    address: Address
    language: str
    sendable: bool


async def ask(tx: Tx, asking: Asking, now: datetime) -> None:
    """Have a code sent if it can lead to anything; an earlier one of this person counts no more, and old rows go.

    Whether it can is looked at by the errand: here nothing may differ, not even how long it takes.
    """
    person_id, address, language, sendable = asking
    over = AddressProof.asked_at <= now - GOOD_FOR
    await tx.execute(delete(AddressProof).where(or_(AddressProof.person_id == person_id, over)))
    proof = AddressProof(
        id=new_id(), person_id=person_id, address=address.text, language=language, tries=0, unsent=not sendable, asked_at=now
    )  # fmt: skip
    tx.add(proof)
    await tx.flush()
    if sendable:
        add_errand(tx, PROVE, proof.id, f"{PROVE}:{proof.id}", now)


async def leads_somewhere(tx: Tx, proof: AddressProof, region: str) -> bool:
    """Whether there is a record to which the code would lead: a stranger's address is written to by nobody's wish."""
    person = await tx.get_one(Person, proof.person_id)
    return bool(await unclaimed_records(tx, person.name, Address(proof.address, region)))


async def open_proof(tx: Tx, person_id: UUID, now: datetime, *, lock: bool = False) -> AddressProof | None:
    """Return what this person is proving at the moment; with `lock` other tries wait, so that none goes uncounted."""
    mine = select(AddressProof).where(AddressProof.person_id == person_id, AddressProof.asked_at > now - GOOD_FOR)
    newest = mine.order_by(AddressProof.asked_at.desc()).limit(1)
    return await tx.scalar(newest.with_for_update() if lock else newest)


def fits(secrets: Secrets, proof: AddressProof, code: str) -> bool:
    return is_code(code_of(secrets, proof.id), code)


async def count_wrong(tx: Tx, proof: AddressProof) -> int:
    """Count a wrong code, and return how many more may be tried; the last of `MOST_TRIES` ends the proof."""
    proof.tries += 1
    if proof.tries >= MOST_TRIES:
        await tx.delete(proof)
    return MOST_TRIES - proof.tries


async def claim(tx: Tx, proof: AddressProof, region: str, now: datetime) -> int:
    """Let the account read every record that the proof is good for, and return how many; none of them is proved twice.

    What somebody acts or acted for is somebody else's: a right to act must not become the record itself.
    """
    person = await tx.get_one(Person, proof.person_id)
    found = await unclaimed_records(tx, person.name, Address(proof.address, region), lock=True)
    records = [patient for patient in found if not await has_acted(tx, person.id, patient.id)]
    for patient in records:
        register(patient, person.id)
        await record(tx, Deed(patient.practice_id, person.id, Act.REGISTERED, "record", patient.id, patient.id), now)
    await tx.delete(proof)
    return len(records)


def code_of(secrets: Secrets, proof_id: UUID) -> str:
    return codes.code_of(secrets, PURPOSE, proof_id)
