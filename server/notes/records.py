"""The only ways to a patient's record as a whole: not there and not yours look the same."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, literal, or_, select, true

from server.access.model import Professional
from server.access.policy import Kind, RecordFacts, Viewer, may_book, may_see_consultation, may_see_record
from server.consultation.doors import visible_consultations
from server.consultation.model import Consultation
from server.core.audit import AuditEntry
from server.core.db import Tx
from server.core.folding import Folded, fold
from server.core.holdings import BLANK_NAME
from server.errors import NotFound, Restricted
from server.notes.doors import SeenNote, all_notes_about
from server.notes.model import Note
from server.patients.forwards import forwarded, with_merged
from server.patients.model import Patient

MOST_LISTED = 200
MOST_LOOKS = 50
MOST_FOUND = 10
SHORTEST_SEARCH = 3


class Held(NamedTuple):
    """A consultation in a record with the notes that the viewer may see; `open`: they may go to its desk."""

    consultation: Consultation
    host: str
    open: bool
    notes: list[SeenNote]

    @property
    def at(self) -> datetime:
        return self.consultation.started_at or self.consultation.scheduled_at


class SeenRecord(NamedTuple):
    """A patient's record as far as the viewer may see it, the newest consultation first.

    `wrote`: there is a note or summary of the viewer's own, beside jottings, which nobody else ever sees.
    """

    patient: Patient
    held: list[Held]
    wrote: bool


def visible_records(viewer: Viewer) -> Select[Patient]:
    """Select the patients whose record `may_see_record` opens; a test holds the two together."""
    authors = {permission.author_id for permission in viewer.permissions if permission.patient_id is None}
    ways = [
        Patient.id.in_({permission.patient_id for permission in viewer.permissions if permission.patient_id}),
        Patient.id.in_(_written_about(Note.author_id.in_(authors), Note.kind != Kind.JOTTINGS)),
    ]
    if viewer.professional_id is not None:
        theirs = visible_consultations(viewer).with_only_columns(Consultation.patient_id)
        ways += [
            Patient.id.in_(viewer.emergencies),
            Patient.id.in_(theirs),
            Patient.id.in_(_written_about(Note.author_id == viewer.person_id)),
        ]
    return of_practice(viewer).where(or_(*ways))


def of_practice(viewer: Viewer) -> Select[Patient]:
    """Select every patient of the viewer's practice whose record is not restricted, by name; only an emergency may search among them.

    A record that was erased, or whose time is over, holds nothing any more and is none of them.
    """
    if viewer.practice_id is None:
        return select(Patient).where(false())
    here = (Patient.practice_id == viewer.practice_id) & (Patient.name != BLANK_NAME) & Patient.id.not_in(viewer.restricted)
    return select(Patient).where(here).order_by(Folded(Patient.name), Patient.id)


def called(name: str) -> ColumnElement[bool]:
    """Match whom each of these words begins a part of the name of, whatever case and accents; without a word that is everybody."""
    parts = literal(" ").concat(Folded(Patient.name))
    return and_(true(), *(parts.contains(f" {word}", autoescape=True) for word in fold(name).split()))


async def listed_records(tx: Tx, viewer: Viewer, name: str) -> list[Patient]:
    """Return the patients whose record the viewer may open, only those who are called so where a name is given."""
    return list(await tx.scalars(visible_records(viewer).where(called(name)).limit(MOST_LISTED)))


async def names_in_records(tx: Tx, viewer: Viewer, patient_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return what those of these patients are called whose record the viewer may open."""
    return {patient.id: patient.name for patient in await tx.scalars(visible_records(viewer).where(Patient.id.in_(patient_ids)))}


async def find_in_emergency(tx: Tx, viewer: Viewer, name: str) -> list[Patient]:
    """Return whom the practice has under this name, or nobody while less than three letters of it are known."""
    if viewer.professional_id is None or len(fold(name).replace(" ", "")) < SHORTEST_SEARCH:
        return []
    return list(await tx.scalars(of_practice(viewer).where(called(name)).limit(MOST_FOUND)))


async def authors_in_emergency(tx: Tx, viewer: Viewer, patient_id: UUID) -> frozenset[UUID]:
    """Return who wrote what an emergency would open; raises `NotFound` for a patient of another practice."""
    if await tx.scalar(of_practice(viewer).where(Patient.id == patient_id)) is None:
        raise NotFound
    return await _authors(tx, patient_id, Note.kind != Kind.JOTTINGS)


async def see_record(tx: Tx, viewer: Viewer, patient_id: UUID) -> SeenRecord:
    """Load a record that the viewer may open; raises `NotFound`, also for one that was erased."""
    patient = await _opened(tx, viewer, patient_id)
    if patient.name == BLANK_NAME:
        raise NotFound
    notes = await all_notes_about(tx, viewer, patient_id)
    written = {note.note.consultation_id for note in notes}
    rows = (await tx.execute(_hosted(patient))).all()
    held = [
        Held(one, host.full_name, may_see_consultation(viewer, one), [note for note in notes if note.note.consultation_id == one.id])
        for one, host in rows
        if one.id in written or may_see_consultation(viewer, one)
    ]
    wrote = any(note.note.author_id == viewer.person_id and note.note.kind != Kind.JOTTINGS for note in notes)
    return SeenRecord(patient, held, wrote)


async def see_erased(tx: Tx, viewer: Viewer, patient_id: UUID) -> Patient:
    """Load what remains of a record of which everything went, for whoever might open it before; raises `NotFound`."""
    patient = await _opened(tx, viewer, patient_id)
    if patient.name != BLANK_NAME or await forwarded(tx, patient_id):
        raise NotFound
    return patient


async def _opened(tx: Tx, viewer: Viewer, patient_id: UUID) -> Patient:
    patient = await tx.get(Patient, patient_id)
    if patient is None:
        raise NotFound
    facts = await record_facts(tx, patient)
    if not may_see_record(viewer, facts):
        raise Restricted if may_see_record(viewer.unrestricted, facts) else NotFound
    return patient


async def see_bookable(tx: Tx, viewer: Viewer, patient_id: UUID) -> Patient:
    """Load a patient whom the viewer may give a consultation; raises `NotFound`."""
    patient = await tx.get(Patient, patient_id)
    if patient is None or patient.name == BLANK_NAME:
        raise NotFound
    facts = await record_facts(tx, patient)
    if not may_book(viewer, facts):
        raise Restricted if may_book(viewer.unrestricted, facts) else NotFound
    return patient


async def record_facts(tx: Tx, patient: Patient) -> RecordFacts:
    """Return what the policy knows of a record."""
    consultations = await tx.scalars(select(Consultation).where(Consultation.patient_id == patient.id))
    authors, sharers = await _authors(tx, patient.id), await _authors(tx, patient.id, Note.kind != Kind.JOTTINGS)
    return RecordFacts(patient.practice_id, patient.id, tuple(consultations), authors, sharers)


async def looks_at(tx: Tx, viewer: Viewer, record: SeenRecord) -> list[AuditEntry]:
    """Return what others did with the viewer's own notes and with the record as a whole, newest first; nothing where none is theirs."""
    if not record.wrote:
        return []
    own = [note.note.public_id for held in record.held for note in held.notes if note.note.author_id == viewer.person_id]
    merged = await with_merged(tx, [record.patient.id])
    about = AuditEntry.patient_id.in_(merged) & (AuditEntry.practice_id == record.patient.practice_id)
    concerns = AuditEntry.thing_id.in_(own) | AuditEntry.thing.in_(("record", "emergency", "background", "document", "representation"))
    others = AuditEntry.person_id.is_distinct_from(viewer.person_id)
    return list(await tx.scalars(select(AuditEntry).where(about, concerns, others).order_by(AuditEntry.number.desc()).limit(MOST_LOOKS)))


def _hosted(patient: Patient) -> Select[Consultation, Professional]:
    joined = select(Consultation, Professional).join(Professional, Professional.id == Consultation.professional_id)
    return joined.where(Consultation.patient_id == patient.id).order_by(Consultation.scheduled_at.desc(), Consultation.id)


def _written_about(*which: ColumnElement[bool]) -> Select[UUID]:
    joined = select(Consultation.patient_id).join(Note, Note.consultation_id == Consultation.id)
    return joined.where(*which)


async def _authors(tx: Tx, patient_id: UUID, *which: ColumnElement[bool]) -> frozenset[UUID]:
    joined = select(Note.author_id).join(Consultation, Consultation.id == Note.consultation_id)
    return frozenset(await tx.scalars(joined.where(Consultation.patient_id == patient_id, *which)))
