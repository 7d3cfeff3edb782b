"""Lets a record go once its time is over: all that anybody wrote in it, and its files; what stays can be counted, and names nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete as delete_from
from sqlalchemy import select, update

from server.consultation.model import Consultation
from server.consultation.recorded import Gone, Recording, Standing
from server.consultation.recording_actions import Deletion, delete
from server.core.audit import Act, Deed, record
from server.core.db import Base, Tx, locked
from server.core.holdings import Class, Fate, Part, Subject
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.patients.file_store import remove
from server.patients.files import RecordFile
from server.patients.model import Patient
from server.privacy.registry import HOLDINGS
from server.privacy.retention import Rules, may_go
from server.privacy.retention_facts import Calendar, facts_of
from server.privacy.retention_rows import ExpiredRecord, RetentionRun

REMOVE_FILES = "remove_documents"
GOES = {Class.CHOICE, Class.CONTRACT, Class.CLINICAL, Class.RECORD}  # what is kept for tax has its own time


async def expire(house: House, run_id: UUID, patient_id: UUID, rules: Rules, calendar: Calendar) -> None:
    """Let one record go that was due a moment ago; whoever comes second, or after a stop in the middle, does the rest and no more."""
    for recording_id in await _recordings(house, patient_id):
        async with house.database.write() as tx:
            recording = await tx.get_one(Recording, recording_id, with_for_update=True)
            await delete(tx, recording, Deletion(Gone.DUE), calendar.now)
    async with house.database.write() as tx:
        if await _still_due(tx, house, patient_id, rules, calendar):
            run = await tx.get_one(RetentionRun, run_id, with_for_update=True)
            run.count("records", 1)
            await _empty(tx, patient_id, calendar)


async def _recordings(house: House, patient_id: UUID) -> list[UUID]:
    mine = select(Recording.id).join(Consultation, Consultation.id == Recording.consultation_id)
    async with house.database.read() as tx:
        return list(await tx.scalars(mine.where(Consultation.patient_id == patient_id, Recording.state != Standing.DELETED)))


async def _still_due(tx: Tx, house: House, patient_id: UUID, rules: Rules, calendar: Calendar) -> bool:
    """Whoever places a hold locks the same row, so it stands before this, or comes after."""
    await tx.get_one(Patient, patient_id, with_for_update=locked())
    if await tx.get(ExpiredRecord, patient_id) is not None:
        return False
    facts = await facts_of(tx, house.keyring, [patient_id], calendar)
    return may_go(rules, facts[patient_id], calendar.today)


async def _empty(tx: Tx, patient_id: UUID, calendar: Calendar) -> None:
    patient = await tx.get_one(Patient, patient_id)
    await drop_files(tx, patient_id, calendar.now)
    subject = Subject(None, frozenset({patient_id}))
    for part in _parts():
        await _let_go(tx, part, subject)
    tx.add(ExpiredRecord(patient_id=patient_id, expired_at=calendar.now))
    await record(tx, Deed(patient.practice_id, None, Act.DELETED, "record", patient_id, patient_id), calendar.now)


async def drop_files(tx: Tx, patient_id: UUID, now: datetime) -> None:
    """Have a record's documents taken from the disk; whoever calls lets their keys go in the same transaction."""
    there = (RecordFile.patient_id == patient_id) & RecordFile.deleted_at.is_(None)
    await tx.execute(update(RecordFile).where(there).values(deleted_at=now))
    add_errand(tx, REMOVE_FILES, patient_id, f"{REMOVE_FILES}:{patient_id}:{new_id()}", now)


def _parts() -> list[Part]:
    """Return what goes, the rows that name others first."""
    order = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}
    parts = [part for holding in HOLDINGS if holding.kept_as in GOES for part in holding.parts if part.fate is not Fate.KEEP]
    return sorted(parts, key=lambda part: -order[part.table.name])


async def _let_go(tx: Tx, part: Part, subject: Subject) -> None:
    """Beyond an erasure, this takes the words of others in the same record, too: nobody may read them any more."""
    if part.fate is Fate.DELETE:
        await tx.execute(delete_from(part.table).where(part.found(subject)))
    else:
        await tx.execute(update(part.table).where(part.found(subject)).values(**part.blanks))


def remove_files_with(house: House) -> Callable[[UUID], Awaitable[None]]:
    """Return the errand that takes a record's documents from the disk once their keys are gone; running twice does no harm."""

    async def run(patient_id: UUID) -> None:
        keyless = select(RecordFile.id).where(RecordFile.patient_id == patient_id, RecordFile.data_key.is_(None))
        async with house.database.read() as tx:
            file_ids = list(await tx.scalars(keyless))
        for file_id in file_ids:
            await asyncio.to_thread(remove, house.settings.documents_dir, file_id)

    return run
