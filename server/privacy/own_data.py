"""What the house holds about whoever is signed in, counted by holding, and the documents about their money."""

from typing import NamedTuple
from uuid import UUID

from server.billing.books import corrected_by, documents_of_patient
from server.billing.papers import BillingDocument
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.holdings import Holding, Subject, count_of
from server.core.house import House
from server.patients.doors import OwnRecord, own_records
from server.patients.forwards import with_merged
from server.privacy.registry import HOLDINGS

THING = "data"  # in the audit


class Held(NamedTuple):
    """One holding and how many rows of theirs it has."""

    holding: Holding
    rows: int


class Paper(NamedTuple):
    """A document of money and the one that it corrects."""

    document: BillingDocument
    corrected: BillingDocument | None


async def subject_of(tx: Tx, person_id: UUID) -> Subject:
    """Return the account and every record that it reads as its own, with those that were merged into them."""
    own = [own.patient.id for own in await own_records(tx, person_id)]
    return Subject(person_id, await with_merged(tx, own))


async def subject_for(tx: Tx, own: OwnRecord) -> Subject:
    """Return one record with those that were merged into it, and no account: nobody who acts for a patient has all that the patient has."""
    return Subject(None, await with_merged(tx, [own.patient.id]))


async def held_about(tx: Tx, subject: Subject) -> list[Held]:
    """Return what is held about somebody, without the holdings in which there is nothing."""
    counted = [Held(holding, await count_of(tx, holding, subject)) for holding in HOLDINGS]
    return [held for held in counted if held.rows]


async def note_copy(tx: Tx, house: House, person_id: UUID) -> None:
    """Put on record, in every record of theirs, that somebody takes out a copy of their data."""
    for own in await own_records(tx, person_id):
        await note_copy_of(tx, house, own)


async def note_copy_of(tx: Tx, house: House, own: OwnRecord) -> None:
    """Put on record that a copy of this record is taken out by its reader."""
    deed = Deed(own.practice.id, own.reader_id, Act.EXPORTED, THING, own.patient.id, own.patient.id)
    await record(tx, deed, house.clock.now())


async def papers_of(tx: Tx, subject: Subject) -> list[tuple[UUID, Paper]]:
    """Return the receipts, invoices and credit notes about everything that they booked, each with the id of its patient."""
    ids = sorted(subject.patient_ids)
    found = [(patient_id, document) for patient_id in ids for document in await documents_of_patient(tx, patient_id)]
    return [(patient_id, Paper(document, await corrected_by(tx, document))) for patient_id, document in found]
