"""Reads out of the database what the rules ask of a record: days, whether it is held, and whether something is still to come.

Nobody is shown any of it: what leaves this file are days and counts.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from server.access.model import Practice
from server.access.restrictions import Restriction, restricted_patients
from server.booking.model import Appointment, AppointmentState
from server.consultation.model import OVER, Consultation, ConsultationState
from server.consultation.recording_holds import held_in
from server.core.db import Tx
from server.core.keyring import KeyRing
from server.identity.model import LoginSession
from server.notes.model import Note
from server.patients.background import BackgroundEntry
from server.patients.background_doors import births_of
from server.patients.files import RecordFile
from server.patients.legal_holds import LegalHold, held_patients
from server.patients.merge_rows import RecordMerge
from server.patients.model import Patient, SharingConsent
from server.patients.questionnaire import AnswerSet
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import OPEN
from server.privacy.retention import Facts
from server.privacy.retention_rows import ExpiredRecord

Query = Select[*tuple[Any, ...]]
PAGE = 200  # records that are looked at in one transaction
SETTLES_WITHIN = timedelta(days=7)  # by when the sweeps have closed what nobody ended


class Calendar(NamedTuple):
    """A moment, and the zone in which the practice reads it as a day."""

    now: datetime
    zone: ZoneInfo

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    @property
    def today(self) -> date:
        return self.day(self.now)

    def begin_of(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    def end_of(self, day: date) -> datetime:
        """Return the last second of a day."""
        return datetime.combine(day, time(23, 59, 59), self.zone)


def calendar_of(practice: Practice, now: datetime) -> Calendar:
    return Calendar(now, ZoneInfo(practice.time_zone))


MERGED = select(RecordMerge.other_id).where(RecordMerge.undone_at.is_(None))  # of these the other record stands for everything


async def page_of_records(tx: Tx, practice_id: UUID, after: UUID | None) -> list[UUID]:
    """Return the next records of the practice that are not over, by their ids, at most `PAGE`."""
    left = (Patient.practice_id == practice_id) & Patient.id.not_in(select(ExpiredRecord.patient_id)) & Patient.id.not_in(MERGED)
    if after is not None:
        left &= Patient.id > after
    return list(await tx.scalars(select(Patient.id).where(left).order_by(Patient.id).limit(PAGE)))


async def facts_of(tx: Tx, keyring: KeyRing, patient_ids: Sequence[UUID], calendar: Calendar) -> dict[UUID, Facts]:
    """Return the facts of each of these records."""
    contacts = await _times(tx, _contacts(patient_ids))
    contracts = await _times(tx, _contracts(patient_ids))
    births = await births_of(tx, keyring, patient_ids)
    held = await _any_of(tx, _holds(patient_ids))
    pending = await _any_of(tx, _pending(patient_ids, calendar.now)) | births.unreadable
    return {
        patient_id: Facts(
            first=calendar.day(min(times)),
            last=calendar.day(max(times)),
            contract=calendar.day(max(contracts[patient_id])) if patient_id in contracts else None,
            born=births.known.get(patient_id),
            held=patient_id in held,
            pending=patient_id in pending,
        )
        for patient_id, times in contacts.items()
    }


def _contacts(ids: Sequence[UUID]) -> list[Query]:
    """Select signs of the person: the record's patient, and the earliest and latest of each kind."""
    owners = (
        (Patient.id, Patient.created_at),
        (Appointment.patient_id, Appointment.created_at),
        (Appointment.patient_id, Appointment.cancelled_at),
        (Consultation.patient_id, Consultation.created_at),
        (Consultation.patient_id, Consultation.ended_at),
        (RecordFile.patient_id, RecordFile.added_at),
        (AnswerSet.patient_id, AnswerSet.saved_at),
        (BackgroundEntry.patient_id, BackgroundEntry.written_at),
        (SharingConsent.patient_id, SharingConsent.given_at),
        (RightsRequest.patient_id, RightsRequest.asked_at),
        (RightsRequest.patient_id, RightsRequest.settled_at),
    )
    found = [select(owner, func.min(at), func.max(at)).where(owner.in_(ids)).group_by(owner) for owner, at in owners]
    return [*found, *_contracts(ids), _notes(ids), _logins(ids)]


def _contracts(ids: Sequence[UUID]) -> list[Query]:
    """Select the ends of what was promised, called off or not, and of what took place."""
    over = func.coalesce(Consultation.ended_at, Consultation.scheduled_at, type_=Consultation.scheduled_at.type)
    promised = Appointment.patient_id.in_(ids) & Appointment.confirmed_at.is_not(None)
    met = Consultation.patient_id.in_(ids) & (Consultation.state != ConsultationState.CANCELLED)
    return [
        select(Appointment.patient_id, func.min(Appointment.ends_at), func.max(Appointment.ends_at))
        .where(promised)
        .group_by(Appointment.patient_id),
        select(Consultation.patient_id, func.min(over), func.max(over)).where(met).group_by(Consultation.patient_id),
    ]


def _notes(ids: Sequence[UUID]) -> Query:
    written = select(Consultation.patient_id, func.min(Note.created_at), func.max(Note.created_at))
    joined = written.join_from(Consultation, Note, Note.consultation_id == Consultation.id)
    return joined.where(Consultation.patient_id.in_(ids)).group_by(Consultation.patient_id)


def _logins(ids: Sequence[UUID]) -> Query:
    used = select(Patient.id, func.min(LoginSession.seen_at), func.max(LoginSession.seen_at))
    joined = used.join_from(Patient, LoginSession, LoginSession.person_id == Patient.person_id)
    return joined.where(Patient.id.in_(ids)).group_by(Patient.id)


def _holds(ids: Sequence[UUID]) -> list[Query]:
    return [held_patients().where(LegalHold.patient_id.in_(ids)), held_in(ids)]


def _pending(ids: Sequence[UUID], now: datetime) -> list[Query]:
    since = now - SETTLES_WITHIN
    standing = Appointment.state.in_((AppointmentState.HELD, AppointmentState.CONFIRMED)) & (Appointment.ends_at > since)
    ahead = Consultation.state.not_in(OVER) & (Consultation.scheduled_at > since)
    return [
        select(Appointment.patient_id).where(Appointment.patient_id.in_(ids), standing),
        select(Consultation.patient_id).where(Consultation.patient_id.in_(ids), ahead),
        select(RightsRequest.patient_id).where(RightsRequest.patient_id.in_(ids), RightsRequest.state.in_(OPEN)),
        restricted_patients(now).where(Restriction.patient_id.in_(ids)),
    ]


async def _times(tx: Tx, queries: Iterable[Query]) -> dict[UUID, list[datetime]]:
    found: dict[UUID, list[datetime]] = {}
    for query in queries:
        for patient_id, earliest, latest in await tx.execute(query):
            found.setdefault(patient_id, []).extend(at for at in (earliest, latest) if at is not None)
    return found


async def _any_of(tx: Tx, queries: Iterable[Query]) -> set[UUID]:
    return {patient_id for query in queries for patient_id in await tx.scalars(query)}
