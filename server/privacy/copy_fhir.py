"""A record, as far as its patient may have it, as one document of FHIR R4; pure."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID, uuid5

from server.booking.model import AppointmentState
from server.circulars.wording import NEWS
from server.notes.export.dossier import NoteKind, PersonFacts
from server.notes.export.fhir import checked, document
from server.notes.export.fhir_codes import HL7, LOINC, RECORD_SECTIONS, RECORD_TYPE, SECTION_CODES, TYPES
from server.notes.export.fhir_narrative import narrative_lines, narrative_of
from server.notes.export.fhir_parties import Json, coded, encounter, identifier, instant, organization, patient, practitioner, reference
from server.notes.limits import SECTIONS
from server.notes.prose import Prose
from server.patients.answer_export import fhir_of
from server.patients.particulars import Particulars
from server.privacy.copy_facts import TERMS, Agreement, Booking, Document, RecordFacts, Statement, Summary
from server.privacy.copy_words import CHAPTERS, SECTION_NAMES, Say

BESIDE_CARE = frozenset({TERMS, *(wording.purpose for wording in NEWS.values())})
NHS = "https://fhir.nhs.uk/Id/nhs-number"
GENDER_IDENTITY = "http://hl7.org/fhir/StructureDefinition/patient-genderIdentity"
GENDERS = {"male", "female"}
STATUSES = {
    AppointmentState.HELD: "pending",
    AppointmentState.CONFIRMED: "booked",
    AppointmentState.FULFILLED: "fulfilled",
    AppointmentState.CANCELLED: "cancelled",
    AppointmentState.NO_SHOW: "noshow",
    AppointmentState.EXPIRED: "cancelled",
}


def make_fhir(facts: RecordFacts, say: Say, made_at: datetime) -> bytes:
    """Return the bundle as JSON; raises `InvalidBundle`. It costs CPU: call it in a thread."""
    return checked(bundle(facts, say, made_at))


def bundle(facts: RecordFacts, say: Say, made_at: datetime) -> Json:
    bundle_id = uuid5(facts.patient.id, made_at.isoformat())
    told = list(_told(facts, say))
    head = _record(facts, say, bundle_id, made_at, [section for section, _ in told])
    return document(bundle_id, made_at, [head, *(one for _, resources in told for one in resources), *_parties(facts)])


def _record(facts: RecordFacts, say: Say, bundle_id: UUID, made_at: datetime, sections: list[Json]) -> Json:
    title = say.text(CHAPTERS["record"])
    about = {
        "title": say.text(SECTION_NAMES["who"]),
        "text": narrative_lines(_who_lines(facts, say)),
        "entry": [reference(facts.patient.id)],
    }
    return {
        "resourceType": "Composition",
        "id": str(uuid5(bundle_id, "record")),
        "language": say.tag,
        "text": narrative_lines((title, facts.patient.name)),
        "status": "final",
        "type": {"coding": [coded(LOINC, *RECORD_TYPE)]},
        "subject": reference(facts.patient.id),
        "date": instant(made_at),
        "author": [reference(facts.practice.id)],
        "title": title,
        "confidentiality": "N",
        "custodian": reference(facts.practice.id),
        "section": [about, *sections],
    }


def _who_lines(facts: RecordFacts, say: Say) -> list[str]:
    return [facts.patient.name, *(f"{fact.label}: {fact.value}" for fact in say.particulars(facts.who))]


def _told(facts: RecordFacts, say: Say) -> Iterator[tuple[Json, list[Json]]]:
    """Yield each section in which there is something, with the resources that it leads to."""
    yield from _section("allergies", say, [(_allergy(facts, one), say.statement(one)) for one in facts.allergies])
    yield from _section("medication", say, [(_medicine(facts, one), say.statement(one)) for one in facts.medication])
    yield from _section("history", say, [(None, say.statement(one)) for one in facts.history])
    yield from _section(
        "consultations",
        say,
        [
            (encounter(one.consultation, facts, [one.professional.id]), f"{say.meeting(one)}, {one.professional.full_name}")
            for one in facts.meetings
        ],
    )
    yield from _section("appointments", say, [(_booking(facts, one), say.booking(one)) for one in facts.bookings])
    yield from _section(
        "summaries",
        say,
        [(_summary(facts, one, say), say.moment(one.met_at)) for one in facts.summaries if one.prose and not one.prose.empty],
    )
    yield from _section(
        "answers", say, [({**json.loads(fhir_of(one)), "authored": instant(one.sent_at)}, say.moment(one.sent_at)) for one in facts.answers]
    )
    yield from _section("documents", say, [(_document(facts, one), one.title) for one in facts.documents if one.path])
    yield from _section("agreements", say, [(_consent(facts, one, say), say.agreement(one)) for one in facts.agreements])


def _section(name: str, say: Say, rows: Iterable[tuple[Json | None, str]]) -> Iterator[tuple[Json, list[Json]]]:
    rows = list(rows)
    if not rows:
        return
    resources = [resource for resource, _ in rows if resource]
    section = {
        "title": say.text(SECTION_NAMES[name]),
        "code": {"coding": [coded(LOINC, *RECORD_SECTIONS[name])]} if name in RECORD_SECTIONS else None,
        "text": narrative_lines(line for _, words in rows for line in words.splitlines() or [words]),
        "entry": [reference(UUID(resource["id"])) for resource in resources],
    }
    yield section, resources


def _parties(facts: RecordFacts) -> Iterator[Json]:
    yield _patient(facts)
    yield organization(facts.practice)
    people: dict[UUID, PersonFacts] = {one.professional.id: one.professional for one in facts.meetings}
    people |= {person.id: person for one in facts.bookings for person in one.professionals}
    people |= {one.writer.id: one.writer for one in facts.summaries if one.prose and not one.prose.empty}
    yield from map(practitioner, people.values())


def _patient(facts: RecordFacts) -> Json:
    made, who = patient(facts.patient, facts.practice), facts.who or Particulars()
    gender = who.gender.strip().casefold()
    doctor = ", ".join(filter(None, (who.gp_name, who.gp_practice)))
    return {
        **made,
        "name": [{**made["name"][0], "prefix": [who.title]}, *([{"use": "maiden", "text": who.birth_name}] if who.birth_name else [])],
        "maritalStatus": {"text": who.marital_status} if who.marital_status else None,
        "identifier": [*made["identifier"], *([{"system": NHS, "value": who.nhs_number}] if who.nhs_number else [])],
        "gender": gender if gender in GENDERS else None,
        "extension": [{"url": GENDER_IDENTITY, "valueCodeableConcept": {"text": who.gender}}] if who.gender else [],
        "address": [
            *([{"text": who.address}] if who.address else []),
            *([{"use": "old", "text": who.previous_address}] if who.previous_address else []),
        ],
        "generalPractitioner": [{"display": doctor}] if doctor else [],
    }


def _allergy(facts: RecordFacts, one: Statement) -> Json:
    return {
        "resourceType": "AllergyIntolerance",
        "id": str(one.id),
        "clinicalStatus": {"coding": [coded(f"{HL7}allergyintolerance-clinical", "active", "Active")]},
        "code": {"text": one.text},
        "patient": reference(facts.patient.id),
        "onsetDateTime": one.since.isoformat() if one.since else None,
        "recordedDate": instant(one.written_at),
    }


def _medicine(facts: RecordFacts, one: Statement) -> Json:
    return {
        "resourceType": "MedicationStatement",
        "id": str(one.id),
        "status": "active",
        "medicationCodeableConcept": {"text": one.text},
        "subject": reference(facts.patient.id),
        "effectiveDateTime": one.since.isoformat() if one.since else None,
        "dateAsserted": instant(one.written_at),
    }


def _booking(facts: RecordFacts, one: Booking) -> Json:
    actors = [facts.patient.id, *(person.id for person in one.professionals)]
    return {
        "resourceType": "Appointment",
        "id": str(one.id),
        "status": STATUSES[one.state],
        "description": one.service,
        "start": instant(one.begins_at),
        "end": instant(one.ends_at),
        "participant": [{"actor": reference(actor), "status": "accepted"} for actor in actors],
    }


def _summary(facts: RecordFacts, one: Summary, say: Say) -> Json:
    kind, prose = NoteKind.SUMMARY, one.prose or Prose({})
    title = say.text(CHAPTERS["summary"])
    return {
        "resourceType": "Composition",
        "id": str(one.id),
        "language": facts.practice.language,
        "text": narrative_lines((title, facts.patient.name, one.writer.full_name)),
        "identifier": identifier(one.id),
        "status": "final",
        "type": {"coding": [coded(LOINC, *TYPES[kind])]},
        "subject": reference(facts.patient.id),
        "encounter": reference(one.consultation_id),
        "date": instant(one.released_at),
        "author": [reference(one.writer.id)],
        "title": title,
        "confidentiality": "N",
        "custodian": reference(facts.practice.id),
        "section": [
            {
                "title": say.text(SECTION_NAMES[name]),
                "code": {"coding": [coded(LOINC, *SECTION_CODES[name])]},
                "text": narrative_of(prose.sections[name]),
            }
            for name in SECTIONS
            if not Prose({name: prose.sections.get(name, ())}).empty
        ],
    }


def _document(facts: RecordFacts, one: Document) -> Json:
    return {
        "resourceType": "DocumentReference",
        "id": str(one.id),
        "identifier": [identifier(one.id)],
        "status": "current",
        "subject": reference(facts.patient.id),
        "date": instant(one.added_at),
        "description": one.title,
        "content": [{"attachment": {"contentType": one.media_type, "url": one.path, "size": one.size, "title": one.title}}],
    }


def _consent(facts: RecordFacts, one: Agreement, say: Say) -> Json:
    """R4 has no code for these purposes; the wording that was agreed to is the policy."""
    scope = ("patient-privacy", "Privacy Consent") if one.purpose in BESIDE_CARE else ("treatment", "Treatment")
    return {
        "resourceType": "Consent",
        "id": str(one.id),
        "status": "inactive" if one.withdrawn_at else "active",
        "scope": {"coding": [coded(f"{HL7}consentscope", *scope)]},
        "category": [{"text": say.agreed_to(one)}],
        "patient": reference(facts.patient.id),
        "dateTime": instant(one.given_at),
        "organization": [reference(facts.practice.id)],
        "policyRule": {"text": f"{one.purpose} {one.wording}"},
    }
