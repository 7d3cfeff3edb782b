"""The ways to load a patient's record for the person who reads it as their own: not there and not theirs look the same."""

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import Select, select

from server.access.acting import Reach
from server.access.model import Practice
from server.access.policy import Viewer
from server.access.representation import Representation
from server.core.db import Tx
from server.core.folding import Folded, fold
from server.errors import NotFound
from server.identity.model import Person
from server.patients.addresses import Address, addresses_of
from server.patients.model import Patient, SharingConsent

MOST_OF_ONE_NAME = 1000  # records without an account; of more, the newest are found by their links only


class OwnRecord(NamedTuple):
    """A record that belongs to the account of whoever asked, and the practice that keeps it; with `acting` they act for whose it is."""

    patient: Patient
    practice: Practice
    acting: Representation | None = None

    @property
    def reader_id(self) -> UUID:
        """Whose account reads it now."""
        return cast(UUID, self.patient.person_id if self.acting is None else self.acting.person_id)

    def lets(self, needed: Reach) -> bool:
        """Whether the reader may do what `needed` says: the patient may do everything."""
        return self.acting is None or Reach(self.acting.reach).includes(needed)


async def own_records(tx: Tx, person_id: UUID) -> list[OwnRecord]:
    """Return every record that this account reads, one for each practice as a rule, by the practice's name."""
    rows = await tx.execute(_records(person_id).order_by(Practice.name, Patient.created_at, Patient.id))
    return [OwnRecord(*row) for row in rows]


async def see_own_record(tx: Tx, person_id: UUID, patient_id: UUID, *, lock: bool = False) -> OwnRecord:
    """Load one of them; raises `NotFound`. With `lock` others who change it wait for this transaction."""
    query = _records(person_id).where(Patient.id == patient_id)
    row = (await tx.execute(query.with_for_update(of=Patient) if lock else query)).one_or_none()
    if row is None:
        raise NotFound
    return OwnRecord(*row)


async def record_behind(tx: Tx, patient_id: UUID) -> OwnRecord:
    """Load a record for whoever has proved, without an account, that it is theirs; raises `NotFound`."""
    joined = select(Patient, Practice).join(Practice, Practice.id == Patient.practice_id)
    row = (await tx.execute(joined.where(Patient.id == patient_id))).one_or_none()
    if row is None:
        raise NotFound
    return OwnRecord(*row)


async def find_own_record(tx: Tx, person_id: UUID, practice_id: UUID, *, lock: bool = False) -> Patient | None:
    """Find the record that this practice keeps of whoever has this account; the oldest, should there be several.

    With `lock` another one who looks for it waits for this transaction, so that two who find none do not both begin one.
    """
    if lock:
        await tx.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    mine = select(Patient).where(Patient.person_id == person_id, Patient.practice_id == practice_id)
    return await tx.scalar(mine.order_by(Patient.created_at, Patient.id).limit(1))


async def unclaimed_records(tx: Tx, name: str, address: Address, *, lock: bool = False) -> list[Patient]:
    """Return the records without an account that were begun in this name with this address; whoever reads more than that proves it first.

    The name keeps apart those who share an address, as families do.
    """
    called = Folded(Patient.name) == fold(" ".join(name.split()))
    query = select(Patient).where(Patient.person_id.is_(None), called).order_by(Patient.created_at, Patient.id).limit(MOST_OF_ONE_NAME)
    found = await tx.scalars(query.with_for_update() if lock else query)
    return [patient for patient in found if address in addresses_of(patient, address.region)]


async def records_called(tx: Tx, practice_id: UUID, name: str, address: Address) -> list[Patient]:
    """Return the records of a practice in this name with this address, with an account or without; whoever reads more proves it first."""
    called = Folded(Patient.name) == fold(" ".join(name.split()))
    here = select(Patient).where(Patient.practice_id == practice_id, called).order_by(Patient.created_at, Patient.id)
    found = await tx.scalars(here.limit(MOST_OF_ONE_NAME))
    return [patient for patient in found if address in addresses_of(patient, address.region)]


def reading(viewer: Viewer, records: Collection[OwnRecord]) -> Viewer:
    """Return the viewer with the right to read these records, which came from their doors."""
    return replace(viewer, reads_for=frozenset(record.patient.id for record in records if record.lets(Reach.SEE)))


async def newest_sharing(tx: Tx, record: OwnRecord) -> SharingConsent | None:
    """Return what the patient decided last about the team; None for whoever never agreed."""
    given = select(SharingConsent).where(SharingConsent.patient_id == record.patient.id)
    return await tx.scalar(given.order_by(SharingConsent.given_at.desc(), SharingConsent.withdrawn_at.is_not(None)).limit(1))


async def sharing_of(tx: Tx, patient_id: UUID) -> list[SharingConsent]:
    """Return every yes about the team; whoever calls passed the door of the record."""
    return list(await tx.scalars(select(SharingConsent).where(SharingConsent.patient_id == patient_id)))


def _records(person_id: UUID) -> Select[Patient, Practice]:
    joined = select(Patient, Practice).join(Practice, Practice.id == Patient.practice_id)
    return joined.where(Patient.person_id == person_id).execution_options(populate_existing=True)


async def patient_of(tx: Tx, patient_id: UUID) -> Patient:
    """Return a record; whoever calls holds a consultation of it from a door."""
    return await tx.get_one(Patient, patient_id)


async def name_on_record(tx: Tx, patient_id: UUID) -> str:
    """Return the name on a record; whoever calls holds an appointment of it."""
    return (await tx.get_one(Patient, patient_id)).name
