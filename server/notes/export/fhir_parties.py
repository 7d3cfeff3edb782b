"""The people, the practice and the meeting of a dossier as resources of FHIR R4."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from server.notes.export.dossier import ConsultationFacts, Parties, PatientFacts, PersonFacts, PracticeFacts
from server.notes.export.fhir_codes import ENCOUNTER, HL7, URI
from server.notes.export.fhir_narrative import narrative_lines

Json = dict[str, Any]


def urn(resource_id: UUID) -> str:
    return f"urn:uuid:{resource_id}"


def reference(resource_id: UUID) -> Json:
    return {"reference": urn(resource_id)}


def identifier(resource_id: UUID) -> Json:
    return {"system": URI, "value": urn(resource_id)}


def coded(system: str, code: str, display: str | None = None) -> Json:
    return {"system": system, "code": code, "display": display}


def instant(moment: datetime | None) -> str | None:
    """Return the moment in UTC; raises `ValueError` for one without a zone, which nobody can place."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def patient(facts: PatientFacts, practice: PracticeFacts) -> Json:
    born = facts.birth_date.isoformat() if facts.birth_date else None
    return {
        "resourceType": "Patient",
        "id": str(facts.id),
        "text": narrative_lines(filter(None, (facts.name, born))),
        "identifier": [identifier(facts.id)],
        "name": [{"text": facts.name}],
        "telecom": _telecom(facts.phone, facts.email),
        "gender": facts.gender,
        "birthDate": born,
        "managingOrganization": reference(practice.id),
    }


def practitioner(person: PersonFacts) -> Json:
    """Return a professional or whoever else works for the practice: FHIR counts the front desk among practitioners, too."""
    return {
        "resourceType": "Practitioner",
        "id": str(person.id),
        "identifier": [identifier(person.id)],
        "name": [{"text": person.full_name, "prefix": [person.title]}],
        "qualification": [{"code": {"text": person.qualifications}}],
    }


def organization(practice: PracticeFacts) -> Json:
    return {
        "resourceType": "Organization",
        "id": str(practice.id),
        "identifier": [identifier(practice.id)],
        "name": practice.name,
        "telecom": _telecom(practice.phone, None),
    }


def encounter(held: ConsultationFacts, parties: Parties, professionals: Iterable[UUID]) -> Json:
    """Return the meeting; one that never began keeps the time for which it was planned."""
    begun = held.started_at or held.scheduled_at
    ended = held.ended_at if held.ended_at and held.ended_at >= begun else None
    return {
        "resourceType": "Encounter",
        "id": str(held.id),
        "identifier": [identifier(held.id)],
        "status": ENCOUNTER[held.state],
        "class": coded(f"{HL7}v3-ActCode", "VR", "virtual"),
        "subject": reference(parties.patient.id),
        "participant": [{"individual": reference(person_id)} for person_id in professionals],
        "period": {"start": instant(begun), "end": instant(ended)},
        "serviceProvider": reference(parties.practice.id),
    }


def _telecom(phone: str | None, email: str | None) -> list[Json]:
    return [{"system": system, "value": value} for system, value in (("phone", phone), ("email", email)) if value]
