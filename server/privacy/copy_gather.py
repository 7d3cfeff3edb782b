"""Puts together what a copy tells in words: the account, and each of its records as far as the patient may have it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import select

from server.access.model import Professional
from server.access.policy import Viewer
from server.billing.printing import pdf_name
from server.booking.model import Appointment, AppointmentMember, AppointmentState, Service
from server.circulars.model import NewsConsent
from server.circulars.wording import NEWS
from server.consultation.model import Consultation, Participant, Role
from server.consultation.records import Consent
from server.core.db import Tx
from server.core.house import House
from server.identity.mail_model import AccountEmail
from server.identity.model import Credential, Person
from server.notes.export.dossier import ConsultationFacts, PatientFacts, PersonFacts, PracticeFacts
from server.notes.patient_answers import filled_of
from server.notes.released import Released, released_versions
from server.patients.acting_doors import actor_names, people_acting
from server.patients.answer_doors import own_sheets
from server.patients.background_doors import Background, Line, background_of
from server.patients.doors import OwnRecord, sharing_of
from server.patients.file_doors import Filed, own_files
from server.patients.model import SharingConsent
from server.patients.telling import Kind, Source
from server.patients.wording import TEAM_NOTES
from server.privacy.copy_facts import TERMS, AccountFacts, Agreement, Bill, Booking, Document, Meeting, RecordFacts, Statement, Summary
from server.privacy.own_data import Paper
from server.privacy.policy_rows import PolicyAcceptance, PolicyVersion

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME = 80
SHOWN = tuple(state for state in AppointmentState if state != AppointmentState.EXPIRED)
DEFAULT_ZONE = "Europe/London"


@dataclass(frozen=True)
class Gathered:
    """A record with the files that lie beside it in the copy, each by its path there."""

    own: OwnRecord
    facts: RecordFacts
    files: Mapping[str, Filed]
    papers: Mapping[str, Paper]


async def account_of(tx: Tx, person_id: UUID, zone: str, now: datetime) -> AccountFacts:
    """Return whose copy it is; what is held is counted later."""
    person = await tx.get_one(Person, person_id)
    username = await tx.scalar(select(Credential.username).where(Credential.person_id == person_id))
    address = await tx.scalar(select(AccountEmail.address).where(AccountEmail.person_id == person_id))
    return AccountFacts(person.name, username or "", address or person.email or "", person.mobile or "", zone, now)


def patient_in_words(own: OwnRecord, now: datetime) -> AccountFacts:
    """Return whose copy it is, where somebody who acts for a patient has it made: nothing of either account."""
    patient = own.patient
    return AccountFacts(patient.name, "", patient.email or "", patient.mobile or "", own.practice.time_zone, now)


async def records_of(tx: Tx, house: House, viewer: Viewer, own: list[OwnRecord], papers: Iterable[tuple[UUID, Paper]]) -> list[Gathered]:
    """Return these records as far as the viewer, whose they are, may have them; `papers` are about money, by the id of their patient."""
    by_patient = list(papers)
    return [
        await _gathered(
            tx, house, viewer, one, f"practice-{number}", [paper for patient_id, paper in by_patient if patient_id == one.patient.id]
        )
        for number, one in enumerate(own, 1)
    ]


async def _gathered(tx: Tx, house: House, viewer: Viewer, own: OwnRecord, folder: str, papers: list[Paper]) -> Gathered:  # noqa: PLR0913, PLR0917
    files = {_path(folder, number, filed): filed for number, filed in enumerate(await own_files(tx, house.keyring, own), 1)}
    printed = {f"{folder}/bills/{pdf_name(paper.document)}": paper for paper in papers}
    background = await background_of(tx, house.keyring, own.patient.id)
    standing = {kind: [_statement(line) for line in lines if line.told] for kind, lines in background.standing.items()}
    sheets = await own_sheets(tx, house.keyring, own)
    filled = [await filled_of(tx, sheet, own.patient, own.practice) for sheet in sheets]
    facts = RecordFacts(
        practice=_practice(own),
        patient=_patient(own, background),
        who=background.who,
        allergies=tuple(standing.get(Kind.ALLERGY, ())),
        medication=tuple(standing.get(Kind.MEDICATION, ())),
        history=tuple(standing.get(Kind.HISTORY, ())),
        meetings=await _meetings(tx, own),
        bookings=await _bookings(tx, own),
        summaries=await _summaries(tx, own, await released_versions(tx, house.keyring, viewer, own.patient.id)),
        documents=tuple(_document(path if filed.readable else "", filed) for path, filed in files.items()),
        agreements=await _agreements(tx, own),
        answers=tuple(one for one in filled if one is not None),
        bills=tuple(Bill(paper.document.numbered, path, paper.document.issued_at) for path, paper in printed.items()),
        unreadable=filled.count(None) + sum(line.told is None for lines in background.standing.values() for line in lines),
    )
    return Gathered(own, facts, {path: filed for path, filed in files.items() if filed.readable}, printed)


def _path(folder: str, number: int, filed: Filed) -> str:
    """Return a path that every system can unpack; the number keeps two of one name apart."""
    return f"{folder}/documents/{number:03}-{UNSAFE.sub('-', filed.name)[-LONGEST_NAME:]}"


def _practice(own: OwnRecord) -> PracticeFacts:
    practice = own.practice
    return PracticeFacts(practice.id, practice.name, practice.phone, practice.language, practice.time_zone)


def _patient(own: OwnRecord, background: Background) -> PatientFacts:
    born = background.who.birthday if background.who else None
    return PatientFacts(own.patient.id, own.patient.name, born, phone=own.patient.mobile, email=own.patient.email)


def _statement(line: Line) -> Statement:
    told = line.told
    if told is None:
        raise ValueError("a line that cannot be opened says nothing")
    return Statement(line.row.id, told.text, told.day, Source(line.row.source), told.giver, line.row.written_at)


def _person(professional: Professional) -> PersonFacts:
    return PersonFacts(professional.person_id, professional.title, professional.name, professional.qualifications)


async def _meetings(tx: Tx, own: OwnRecord) -> tuple[Meeting, ...]:
    joined = select(Consultation, Professional).join(Professional, Professional.id == Consultation.professional_id)
    rows = await tx.execute(
        joined.where(Consultation.patient_id == own.patient.id).order_by(Consultation.scheduled_at.desc(), Consultation.id)
    )
    return tuple(
        Meeting(ConsultationFacts(one.id, one.state, one.scheduled_at, one.started_at, one.ended_at), _person(host)) for one, host in rows
    )


async def _bookings(tx: Tx, own: OwnRecord) -> tuple[Booking, ...]:
    query = select(Appointment, Service.name).outerjoin(Service, Service.id == Appointment.service_id)
    mine = query.where(Appointment.patient_id == own.patient.id, Appointment.state.in_(SHOWN))
    rows = (await tx.execute(mine.order_by(Appointment.begins_at.desc(), Appointment.id))).all()
    joined = select(AppointmentMember.appointment_id, Professional).join(Professional, Professional.id == AppointmentMember.professional_id)
    members = joined.where(AppointmentMember.appointment_id.in_([appointment.id for appointment, _ in rows]))
    givers: dict[UUID, list[PersonFacts]] = {}
    for appointment_id, professional in await tx.execute(
        members.order_by(AppointmentMember.lead.desc(), Professional.name, Professional.id)
    ):
        givers.setdefault(appointment_id, []).append(_person(professional))
    return tuple(
        Booking(one.id, AppointmentState(one.state), one.begins_at, one.ends_at, service or "", tuple(givers.get(one.id, ())))
        for one, service in rows
    )


async def _summaries(tx: Tx, own: OwnRecord, released: list[Released]) -> tuple[Summary, ...]:
    here = (Professional.person_id == Person.id) & (Professional.practice_id == own.practice.id)
    people = select(Person, Professional).outerjoin(Professional, here)
    found = await tx.execute(people.where(Person.id.in_({one.writer_id for one in released})))
    writers = {
        person.id: _person(professional) if professional else PersonFacts(person.id, "", person.name) for person, professional in found
    }
    return tuple(
        Summary(one.note_id, one.consultation_id, writers[one.writer_id], one.met_at, one.released_at, one.prose) for one in released
    )


def _document(path: str, filed: Filed) -> Document:
    row = filed.row
    return Document(row.id, filed.called or str(row.id), path, filed.media_type, row.size, row.added_at, filed.sender)


async def _agreements(tx: Tx, own: OwnRecord) -> tuple[Agreement, ...]:
    said = [*await _consents(tx, own), *await _news(tx, own), *await _terms(tx, own)]
    return tuple(sorted(said, key=lambda one: (one.given_at, str(one.id)), reverse=True))


async def _consents(tx: Tx, own: OwnRecord) -> list[Agreement]:
    joined = select(Consent).join(Participant, Participant.id == Consent.participant_id)
    meetings = joined.join(Consultation, Consultation.id == Participant.consultation_id)
    mine = meetings.where(Consultation.patient_id == own.patient.id, Participant.role == Role.PATIENT)
    calls = [(one, one.purpose) for one in await tx.scalars(mine)]
    team = [(one, TEAM_NOTES.purpose) for one in await sharing_of(tx, own.patient.id)]
    rows: list[tuple[Consent | SharingConsent, str]] = [*calls, *team]
    names = await actor_names(tx, [each for one, _ in rows for each in (one.representation_id, one.withdrawn_representation_id)])
    return [
        Agreement(
            one.id, purpose, one.wording_version, one.given_at, one.withdrawn_at,
            names.get(one.representation_id, "") if one.representation_id else "",
            names.get(one.withdrawn_representation_id, "") if one.withdrawn_representation_id else "",
        )
        for one, purpose in rows
    ]  # fmt: skip


async def _news(tx: Tx, own: OwnRecord) -> list[Agreement]:
    rows = list(await tx.scalars(select(NewsConsent).where(NewsConsent.patient_id == own.patient.id)))
    others = {row.given_by for row in rows if row.given_by and row.given_by != own.patient.person_id}
    names = await people_acting(tx, own.patient.id, others)
    return [
        Agreement(
            row.id, NEWS[row.channel].purpose, row.wording_version, row.given_at, row.withdrawn_at,
            names.get(row.given_by) if row.given_by in others else "",
        )
        for row in rows
    ]  # fmt: skip


async def _terms(tx: Tx, own: OwnRecord) -> list[Agreement]:
    """Return which terms the account accepted, each with an id of its own; whoever acts for a patient has nothing of the account."""
    if own.acting is not None:
        return []
    joined = select(PolicyAcceptance, PolicyVersion).join(PolicyVersion, PolicyVersion.id == PolicyAcceptance.version_id)
    mine = joined.where(PolicyAcceptance.person_id == own.patient.person_id, PolicyVersion.practice_id == own.practice.id)
    return [
        Agreement(uuid5(version.id, str(accepted.person_id)), TERMS, str(version.number), accepted.accepted_at, None)
        for accepted, version in await tx.execute(mine)
    ]
