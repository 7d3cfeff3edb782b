"""A note as Compositions of FHIR R4, with the Provenance of every text and signature and an AuditEvent of every access.

The first Composition is the note as it holds now: the last amendment, or the original, followed by the addenda. Every text that an
amendment replaced comes as a Composition of its own, so that what was signed stays readable under the signatures that it got.
"""

from collections.abc import Iterator
from uuid import UUID, uuid5

from server.notes.export.dossier import Act, Dossier, NoteEvent, NoteStatus, Part, PartKind, Signature, WrittenNote
from server.notes.export.fhir_codes import (
    ATTESTS,
    AUDITED,
    CONFIDENTIALITY,
    DICOM,
    HL7,
    LOINC,
    OVERRIDE,
    SECTION_CODES,
    SHA_256,
    SIGNATURE_TYPES,
    SIGNATURES,
    SIGNING,
    STATUS,
    TYPES,
    WRITING,
)
from server.notes.export.fhir_narrative import narrative_lines, narrative_of, narrative_table
from server.notes.export.fhir_parties import Json, coded, identifier, instant, reference
from server.notes.export.paper_words import ACCESSES, CHANGED, MARKS, PARTS, SECTION_TITLES, STATES, TITLES, Words
from server.notes.limits import SECTIONS
from server.notes.prose import Prose

PARTICIPANT = f"{HL7}provenance-participant-type"


def note_resources(dossier: Dossier, note: WrittenNote, words: Words) -> Iterator[Json]:
    """Yield what tells of one note; its Composition comes first."""
    yield _composition(dossier, note, note.current, words)
    for part in _replaced(note):
        yield _composition(dossier, note, part, words)
    for part in note.parts:
        yield _writing(dossier, note, part)
        yield from (_signing(note, part, number, signature) for number, signature in enumerate(part.signatures))
    yield from (_access(dossier, note, number, event) for number, event in enumerate(note.events))


def composition_id(note: WrittenNote, part: Part) -> UUID:
    """Return the id of the Composition in which a part stands; the note's own id is that of all its versions."""
    holds = note.current if part.kind is PartKind.ADDENDUM else part
    return uuid5(note.id, f"composition {holds.version}")


def _replaced(note: WrittenNote) -> list[Part]:
    return [part for part in note.parts if part.kind is not PartKind.ADDENDUM and part is not note.current]


def _added(note: WrittenNote) -> list[Part]:
    return [part for part in note.parts if part.kind is PartKind.ADDENDUM]


def _composition(dossier: Dossier, note: WrittenNote, part: Part, words: Words) -> Json:
    now = part is note.current
    shown = [part, *_added(note)] if now else [part]
    state = note.state if now else _replaced_state(part)
    sections = [*_sections(part.prose, words), *(_addendum(dossier, one, words) for one in shown[1:])]
    access = _accesses(dossier, note, words) if now and note.events else None
    return {
        "resourceType": "Composition",
        "id": str(composition_id(note, part)),
        "language": dossier.practice.language,
        "text": narrative_lines(_summary(dossier, note, shown, words.text(STATES[state]), words)),
        "identifier": identifier(note.id),
        "status": STATUS[state],
        "type": {"coding": [coded(LOINC, *TYPES[note.kind])]},
        "subject": reference(dossier.patient.id),
        "encounter": reference(note.consultation.id),
        "date": instant(max(one.written_at for one in shown)),
        "author": _authors(dossier, shown),
        "title": words.text(TITLES[note.kind]),
        "confidentiality": CONFIDENTIALITY[note.kind],
        "attester": [_attester(signature) for one in shown for signature in one.signatures],
        "custodian": reference(dossier.practice.id),
        "relatesTo": _relations(note, part),
        "section": [*sections, access],
    }


def _replaced_state(part: Part) -> NoteStatus:
    if part.kind is PartKind.AMENDMENT:
        return NoteStatus.AMENDED
    return NoteStatus.DRAFT if part.left and not part.signatures else NoteStatus.SIGNED


def _summary(dossier: Dossier, note: WrittenNote, shown: list[Part], state: str, words: Words) -> Iterator[str]:
    """Tell in sentences what stands in the fields, because a reader of documents shows the sentences only."""
    yield words.text(TITLES[note.kind])
    yield dossier.patient.name
    yield state
    for part in shown:
        if part.kind is not PartKind.ORIGINAL:
            yield ". ".join(filter(None, (words.text(PARTS[part.kind], date=words.day(part.written_at)), words.people(part), part.reason)))
        if not part.intact:
            yield words.text(CHANGED)
        if part.left:
            yield words.left(part.left)
        for one in part.signatures:
            yield f"{dossier.name_of(one.person_id)}: {words.text(MARKS[one.what])}, {words.moment(one.at)}"


def _authors(dossier: Dossier, parts: list[Part]) -> list[Json]:
    found = dict.fromkeys(author for part in parts for author in part.author_ids)
    return [reference(author) for author in found] or [reference(dossier.practice.id)]


def _sections(prose: Prose, words: Words) -> list[Json]:
    """Return the sections in which something is written; R4 has no way to say of a section that it is there and empty."""
    written = [name for name in SECTIONS if not Prose({name: prose.sections.get(name, ())}).empty]
    return [
        {
            "title": words.text(SECTION_TITLES[name]),
            "code": {"coding": [coded(LOINC, *SECTION_CODES[name])]},
            "text": narrative_of(prose.sections[name]),
        }
        for name in written
    ]


def _addendum(dossier: Dossier, part: Part, words: Words) -> Json | None:
    sections = _sections(part.prose, words)
    if not sections:
        return None
    return {
        "title": words.text(PARTS[part.kind], date=words.day(part.written_at)),
        "author": _authors(dossier, [part]),
        "section": sections,
    }


def _accesses(dossier: Dossier, note: WrittenNote, words: Words) -> Json:
    rows = ((dossier.name_of(event.person_id), words.act(event), words.moment(event.at)) for event in note.events)
    return {
        "title": words.text(ACCESSES),
        "text": narrative_table(rows),
        "entry": [reference(_event_id(note, number)) for number in range(len(note.events))],
    }


def _attester(signature: Signature) -> Json:
    return {"mode": ATTESTS[signature.what], "time": instant(signature.at), "party": reference(signature.person_id)}


def _relations(note: WrittenNote, part: Part) -> list[Json]:
    """An amendment replaces the text before it, which is in the bundle, too."""
    texts = [one for one in note.parts if one.kind is not PartKind.ADDENDUM]
    before = texts[: texts.index(part)][-1:]
    return [{"code": "replaces", "targetReference": reference(composition_id(note, one))} for one in before]


def _writing(dossier: Dossier, note: WrittenNote, part: Part) -> Json:
    agents = _authors(dossier, [part])
    return {
        "resourceType": "Provenance",
        "id": str(uuid5(note.id, f"written {part.version}")),
        "target": [reference(composition_id(note, part))],
        "recorded": instant(part.written_at),
        "activity": {"coding": [coded(*WRITING[part.kind])]},
        "reason": [{"text": part.reason}],
        "agent": [_agent("author", "Author", agent) for agent in agents],
        "entity": _hashes(part),
    }


def _signing(note: WrittenNote, part: Part, number: int, signature: Signature) -> Json:
    """A signature here is a person's word under their login, over the text with that hash; no key of theirs is in it."""
    who = reference(signature.person_id)
    return {
        "resourceType": "Provenance",
        "id": str(uuid5(note.id, f"signed {part.version} {number}")),
        "target": [reference(composition_id(note, part))],
        "recorded": instant(signature.at),
        "activity": {"coding": [coded(*SIGNING[signature.what])]} if signature.what in SIGNING else None,
        "agent": [_agent("attester", "Attester", who)],
        "entity": _hashes(part),
        "signature": [
            {"type": [coded(SIGNATURES, *SIGNATURE_TYPES[signature.what])], "when": instant(signature.at), "who": who},
        ],
    }


def _agent(code: str, display: str, who: Json) -> Json:
    return {"type": {"coding": [coded(PARTICIPANT, code, display)]}, "who": who}


def _hashes(part: Part) -> list[Json]:
    found = {"SHA-256 of the text": part.content_sha256, "SHA-256 of the journal": part.head_hash}
    return [
        {"role": "source", "what": {"identifier": {"type": {"text": name}, "system": SHA_256, "value": value.hex()}}}
        for name, value in found.items()
    ]


def _event_id(note: WrittenNote, number: int) -> UUID:
    return uuid5(note.id, f"event {number}")


def _access(dossier: Dossier, note: WrittenNote, number: int, event: NoteEvent) -> Json:
    kind, display, action = AUDITED[event.what]
    emergency = event.what is Act.EMERGENCY
    purpose = {"coding": [coded(f"{HL7}v3-ActReason", "BTG", "break the glass")] if emergency else [], "text": event.reason}
    return {
        "resourceType": "AuditEvent",
        "id": str(_event_id(note, number)),
        "type": coded(DICOM, kind, display),
        "subtype": [coded(DICOM, *OVERRIDE)] if emergency else [],
        "action": action,
        "recorded": instant(event.at),
        "outcome": "0",
        "purposeOfEvent": [purpose],
        "agent": [{"who": reference(event.person_id), "requestor": True}],
        "source": {"observer": reference(dossier.practice.id)},
        "entity": [{"what": reference(composition_id(note, note.current))}],
    }
