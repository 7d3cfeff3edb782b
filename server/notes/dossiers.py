"""Puts together what is exported of notes: plain facts out of the database, about notes that came through their door."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice, Professional
from server.access.policy import Viewer
from server.consultation.model import Consultation
from server.core.audit import Act as Audited
from server.core.audit import AuditEntry
from server.core.db import Tx
from server.core.house import House
from server.identity.model import Person
from server.notes.doors import SeenNote, family_of, last_rows, patient_of_notes, versions_of
from server.notes.export.dossier import (
    Act,
    ConsultationFacts,
    Dossier,
    Left,
    Mark,
    NoteEvent,
    NoteKind,
    NoteStatus,
    Part,
    PartKind,
    PatientFacts,
    PersonFacts,
    PracticeFacts,
    Signature,
    WrittenNote,
)
from server.notes.history import edits_of
from server.notes.loading import text_of
from server.notes.model import Note, NoteVersion, VersionKind

EVENTS = {Audited.LOOKED: Act.OPENED, Audited.EXPORTED: Act.EXPORTED}


async def gather(house: House, viewer: Viewer, found: Sequence[SeenNote], now: datetime) -> Dossier:
    """Return everything about these originals, all of one patient, with whatever amends them; one that nobody wrote in is left out.

    Raises `ValueError` when nothing is left.
    """
    notes = [note for seen in found if (note := await _written(house, seen)) is not None]
    async with house.database.read() as tx:
        patient = await patient_of_notes(tx, found)
        practice = await tx.get_one(Practice, patient.practice_id)
        people = await _people(tx, {viewer.person_id, *_acting(notes)}, practice.id)
    return Dossier(
        practice=PracticeFacts(practice.id, practice.name, practice.phone, practice.language, practice.time_zone),
        patient=PatientFacts(patient.id, patient.name, phone=patient.mobile, email=patient.email),
        people=people,
        notes=tuple(notes),
        exported_at=now,
        exported_by=viewer.person_id,
    )


async def _written(house: House, seen: SeenNote) -> WrittenNote | None:
    async with house.database.read() as tx:
        family = await family_of(tx, seen.note)
        consultation = await tx.get_one(Consultation, seen.note.consultation_id)
        events = await _events(tx, family)
    parts = [part for note in family if (part := await _part(house, note)) is not None]
    if not parts or parts[0].kind is not PartKind.ORIGINAL:
        return None
    return WrittenNote(
        id=family[0].public_id,
        kind=NoteKind(family[0].kind),
        state=_status(parts),
        consultation=ConsultationFacts(
            consultation.id, consultation.state, consultation.scheduled_at, consultation.started_at, consultation.ended_at
        ),
        parts=tuple(parts),
        events=events,
    )


def _status(parts: Sequence[Part]) -> NoteStatus:
    if len(parts) > 1:
        return NoteStatus.AMENDED
    marks = {signature.what for signature in parts[0].signatures}
    if Mark.RELEASED in marks:
        return NoteStatus.RELEASED
    return NoteStatus.SIGNED if marks else NoteStatus.DRAFT


async def _part(house: House, note: Note) -> Part | None:
    """Return what a note says: as it was locked, or as it is now with the signatures that still hold."""
    async with house.database.read() as tx:
        if not await last_rows(tx, [note.id]):
            return None
        versions, edits = await versions_of(tx, note.id), await edits_of(tx, note.id)
    text = await text_of(house, note)
    return Part(
        kind=PartKind(note.purpose),
        version=note.number + 1,
        prose=text.prose,
        written_at=edits[-1].at,
        author_ids=tuple(dict.fromkeys(edit.person_id for edit in edits)),
        head_hash=text.fixed.head,
        content_sha256=text.fixed.sha256,
        reason=note.reason,
        signatures=tuple(_signature(one) for one in versions if one.seq == text.fixed.seq and one.kind != VersionKind.LEFT),
        left=next((Left(one.person_id, one.made_at) for one in versions if one.kind == VersionKind.LEFT), None),
    )


def _signature(version: NoteVersion) -> Signature:
    return Signature(version.person_id, version.made_at, Mark(version.kind))


async def _events(tx: Tx, family: Iterable[Note]) -> tuple[NoteEvent, ...]:
    mine = AuditEntry.thing_id.in_([note.public_id for note in family]) & AuditEntry.act.in_(EVENTS)
    entries = await tx.scalars(select(AuditEntry).where(mine, AuditEntry.person_id.is_not(None)).order_by(AuditEntry.id))
    return tuple(NoteEvent(entry.person_id, entry.at, EVENTS[entry.act], entry.reason) for entry in entries if entry.person_id)


def _acting(notes: Iterable[WrittenNote]) -> Iterable[UUID]:
    for note in notes:
        yield from (event.person_id for event in note.events)
        for part in note.parts:
            yield from part.author_ids
            yield from (signature.person_id for signature in part.signatures)
            if part.left is not None:
                yield part.left.person_id


async def _people(tx: Tx, person_ids: set[UUID], practice_id: UUID) -> tuple[PersonFacts, ...]:
    here = (Professional.person_id == Person.id) & (Professional.practice_id == practice_id)
    query = select(Person, Professional).outerjoin(Professional, here)
    rows = await tx.execute(query.where(Person.id.in_(person_ids)).order_by(Person.id))
    return tuple(_person(person, professional) for person, professional in rows)


def _person(person: Person, professional: Professional | None) -> PersonFacts:
    if professional is None:
        return PersonFacts(person.id, "", person.name)
    return PersonFacts(person.id, professional.title, professional.name, professional.qualifications)
