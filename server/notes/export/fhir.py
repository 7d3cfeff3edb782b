"""FHIR R4 document bundles of a note and of a whole record."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID, uuid5

from server.notes.export.dossier import Dossier, WrittenNote
from server.notes.export.fhir_codes import LOINC, RECORD_TYPE
from server.notes.export.fhir_faults import InvalidBundle, faults
from server.notes.export.fhir_narrative import narrative_lines
from server.notes.export.fhir_notes import PARTICIPANT, composition_id, note_resources
from server.notes.export.fhir_parties import (
    Json,
    coded,
    encounter,
    identifier,
    instant,
    organization,
    patient,
    practitioner,
    reference,
    urn,
)
from server.notes.export.paper_words import RECORD, Words
from server.notes.export.weight import check_weight
from server.notes.prose import shown
from server.web.i18n import Language


def make_fhir(dossier: Dossier, language: Language, bundle_id: UUID, *, whole: bool) -> bytes:
    """Return the bundle as JSON. Raises `TooBig`, and `InvalidBundle` for one that is not R4: our fault, and it must not leave the house.

    The models that check it are slow to load, and the checks cost CPU: call it in a thread.
    """
    check_weight(dossier)
    return checked(bundle(dossier, language, bundle_id, whole=whole))


def checked(made: Json) -> bytes:
    """Return a bundle as JSON; raises `InvalidBundle`."""
    found = [*faults(made), *_rejected(made)]
    if found:
        raise InvalidBundle(found)
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def bundle(dossier: Dossier, language: Language, bundle_id: UUID, *, whole: bool) -> Json:
    """Return the document of the one note, or with `whole` of the record, in which the notes' own Compositions follow."""
    words = Words(dossier, language)
    notes = list(chain.from_iterable(note_resources(dossier, note, words) for note in dossier.notes))
    told = [*([_record(dossier, notes, bundle_id, words)] if whole else []), *notes]
    told.append(_export(dossier, UUID(told[0]["id"]), bundle_id))
    named = {found["reference"] for found in _dicts(told) if "reference" in found}
    resources = [*told, *(party for party in _parties(dossier) if urn(UUID(party["id"])) in named)]
    return document(bundle_id, dossier.exported_at, resources)


def document(bundle_id: UUID, made_at: datetime, resources: Iterable[Json]) -> Json:
    """Return a bundle of type `document`; the first of the resources is its Composition."""
    return {
        "resourceType": "Bundle",
        "id": str(bundle_id),
        "identifier": identifier(bundle_id),
        "type": "document",
        "timestamp": instant(made_at),
        "entry": [{"fullUrl": urn(UUID(resource["id"])), "resource": tidy(resource)} for resource in resources],
    }


def tidy(value: Any) -> Any:
    """Return it without empty elements and without letters that R4 forbids in a string."""
    if isinstance(value, dict):
        kept = {name: tidy(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in (None, "", [], {})}
    if isinstance(value, list):
        return [inner for inner in map(tidy, value) if inner not in (None, "", [], {})]
    return shown(value) if isinstance(value, str) else value


def _parties(dossier: Dossier) -> Iterator[Json]:
    yield patient(dossier.patient, dossier.practice)
    yield organization(dossier.practice)
    yield from map(practitioner, dossier.people)
    met: dict[UUID, list[WrittenNote]] = {}
    for note in dossier.notes:
        met.setdefault(note.consultation.id, []).append(note)
    for notes in met.values():
        wrote = dict.fromkeys(author for note in notes for part in note.parts for author in part.author_ids)
        wrote.pop(dossier.patient.id, None)
        yield encounter(notes[0].consultation, dossier, wrote)


def _record(dossier: Dossier, notes: Iterable[Json], bundle_id: UUID, words: Words) -> Json:
    """Return the Composition of the record; each note's sections stand in it, too, because readers of documents show no others."""
    compositions = {resource["id"]: resource for resource in notes if resource["resourceType"] == "Composition"}
    title = words.text(RECORD)
    return {
        "resourceType": "Composition",
        "id": str(uuid5(bundle_id, "record")),
        "language": dossier.practice.language,
        "text": narrative_lines((title, dossier.patient.name)),
        "status": "final",
        "type": {"coding": [coded(LOINC, *RECORD_TYPE)]},
        "subject": reference(dossier.patient.id),
        "date": instant(dossier.exported_at),
        "author": [reference(dossier.practice.id)],
        "title": title,
        "confidentiality": "R" if any(resource["confidentiality"] == "R" for resource in compositions.values()) else "N",
        "custodian": reference(dossier.practice.id),
        "section": [_chapter(compositions[str(composition_id(note, note.current))], note, words) for note in dossier.notes],
    }


def _chapter(composition: Json, note: WrittenNote, words: Words) -> Json:
    return {
        "title": words.heading(note),
        "text": composition["text"],
        "entry": [reference(UUID(composition["id"]))],
        "section": composition["section"],
    }


def _export(dossier: Dossier, target: UUID, bundle_id: UUID) -> Json:
    performer = {"coding": [coded(PARTICIPANT, "performer", "Performer")]}
    return {
        "resourceType": "Provenance",
        "id": str(uuid5(bundle_id, "export")),
        "target": [reference(target)],
        "recorded": instant(dossier.exported_at),
        "activity": {"text": "Export"},  # R4 lists no code for it
        "agent": [{"type": performer, "who": reference(dossier.exported_by)}],
    }


def _dicts(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _dicts(inner)


def _rejected(made: Json) -> list[str]:
    """Return where the models of R4B say no; what they say may hold the text itself, so it stays out."""
    from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415 - slow to import, and needed only once somebody exports
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        Bundle.model_validate(made)
    except ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors()]
    return []
