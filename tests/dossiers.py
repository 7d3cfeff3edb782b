"""Dossiers for the tests of exports: dana's consultation with dr_alice and nurse_bob, in every state that a note can have."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from server.consultation.model import ConsultationState
from server.notes.export.dossier import (
    Act,
    ConsultationFacts,
    Dossier,
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
from server.notes.prose import Block, Bullets, Paragraph, Prose, Span, fingerprint
from tests.cast import CLINIC, PHONE, fixed_id

HELD = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
EXPORTED = datetime(2026, 11, 28, 16, 5, tzinfo=UTC)
NOTE, DANA, ALICE, BOB = (fixed_id("export", name) for name in ("note", "dana", "alice", "bob"))

PRACTICE = PracticeFacts(CLINIC, "Harbour Street Clinic", PHONE, "en-GB", "Europe/London")
PATIENT = PatientFacts(DANA, "Dana Reed", date(1984, 3, 9), "female", "+44 7700 900123", "dana@example.org")
PEOPLE = (
    PersonFacts(ALICE, "Dr", "Alice Moreau", "MBBS, MRCGP"),
    PersonFacts(BOB, "", "Bob Lindqvist", "RN"),
)
CONSULTATION = ConsultationFacts(
    fixed_id("export", "consultation"), ConsultationState.ENDED, HELD, HELD + timedelta(minutes=2), HELD + timedelta(minutes=24)
)


def words(text: str, *marks: str) -> Span:
    return Span(text, frozenset(marks), 1, 0)


def paragraph(*spans: Span | str) -> Paragraph:
    return Paragraph(tuple(words(span) if isinstance(span, str) else span for span in spans))


def bullets(*items: str | tuple[Block, ...]) -> Bullets:
    return Bullets(tuple((paragraph(item),) if isinstance(item, str) else item for item in items))


def prose(**sections: tuple[Block, ...]) -> Prose:
    return Prose(sections)


SOAP = prose(
    subjective=(
        paragraph("Cough for ", words("twelve days", "bold"), ", worse at night. No blood, no weight loss. Sleeps on two pillows."),
        paragraph("Takes ", words("ramipril", "italic"), " 5 mg since September; says that she has not missed a dose."),
    ),
    objective=(
        paragraph("On video: speaks in full sentences, no use of accessory muscles. Home readings of the last three days:"),
        bullets(
            "temperature 36.8 °C, 37.1 °C, 36.9 °C",
            "blood pressure 128/82 mmHg",
            (paragraph("pulse oximeter:"), bullets("97 % at rest", "96 % after the stairs")),
        ),
    ),
    assessment=(paragraph("Dry cough, most likely caused by the ACE inhibitor. Nothing points to pneumonia or heart failure at present."),),
    plan=(
        bullets(
            "Stop ramipril; start losartan 50 mg once a day.",
            "Blood test for potassium and creatinine in two weeks.",
            "Call back at once with fever, breathlessness or swelling of the face.",
        ),
        paragraph(words("Seen together with Nurse Lindqvist, who will phone on Friday.", "bold", "italic")),
    ),
)


def part(kind: PartKind = PartKind.ORIGINAL, version: int = 1, text: Prose = SOAP, **changes: Any) -> Part:
    written_at = HELD + timedelta(hours=version)
    made = Part(kind, version, text, written_at, (ALICE, BOB), bytes([version]) * 32, fingerprint(text))
    return replace(made, **changes)


def signatures(version: int = 1) -> tuple[Signature, ...]:
    at = HELD + timedelta(hours=version)
    return (
        Signature(ALICE, at + timedelta(minutes=1), Mark.SIGNED),
        Signature(BOB, at + timedelta(minutes=9), Mark.SIGNED),
        Signature(ALICE, at + timedelta(minutes=10), Mark.LOCKED),
    )


SIGNED_TEXT = part(signatures=signatures())
AMENDED_TEXT = part(
    PartKind.AMENDMENT,
    2,
    prose(**{**SOAP.sections, "assessment": (paragraph("Dry cough, caused by the ACE inhibitor."),)}),
    author_ids=(ALICE,),
    reason="The cough went away four days after ramipril was stopped.",
    signatures=(Signature(ALICE, HELD + timedelta(days=4), Mark.SIGNED),),
    written_at=HELD + timedelta(days=4, minutes=-5),
)
ADDED_TEXT = part(
    PartKind.ADDENDUM,
    3,
    prose(plan=(paragraph("Phoned on Friday: well, no more cough. Potassium 4.4 mmol/l."),)),
    author_ids=(BOB,),
    signatures=(Signature(BOB, HELD + timedelta(days=5, hours=-1), Mark.SIGNED),),
    written_at=HELD + timedelta(days=5, hours=-2),
)
EVENTS = (
    NoteEvent(ALICE, HELD, Act.CREATED),
    NoteEvent(BOB, HELD + timedelta(days=1), Act.EMERGENCY, "Patient phoned with breathlessness, Dr Moreau not reachable"),
)


def note(state: NoteStatus, *parts: Part, kind: NoteKind = NoteKind.SHARED, **changes: Any) -> WrittenNote:
    return replace(WrittenNote(NOTE, kind, state, CONSULTATION, parts), **changes)


def dossier(*notes: WrittenNote, **changes: Any) -> Dossier:
    return replace(Dossier(PRACTICE, PATIENT, PEOPLE, notes, EXPORTED, ALICE), **changes)


RELEASED_TEXT = part(
    signatures=(Signature(ALICE, HELD + timedelta(minutes=40), Mark.SIGNED), Signature(ALICE, HELD + timedelta(minutes=41), Mark.RELEASED)),
    text=prose(plan=(paragraph("Please stop ramipril, and take losartan once a day instead."),)),
)
NOTES: Mapping[str, WrittenNote] = {
    "draft": note(NoteStatus.DRAFT, part()),
    "signed": note(NoteStatus.SIGNED, SIGNED_TEXT, events=EVENTS),
    "amended": note(NoteStatus.AMENDED, SIGNED_TEXT, AMENDED_TEXT, ADDED_TEXT, events=EVENTS),
    "released": note(NoteStatus.RELEASED, RELEASED_TEXT, kind=NoteKind.SUMMARY, id=fixed_id("export", "summary")),
}


def numbered(count: int) -> tuple[WrittenNote, ...]:
    """Return so many signed notes, each of its own consultation, one a week."""
    return tuple(_of_week(week, fixed_id("export", "note", str(week))) for week in range(count))


def _of_week(week: int, note_id: UUID) -> WrittenNote:
    at = HELD + timedelta(weeks=week)
    held = replace(CONSULTATION, id=fixed_id("export", "consultation", str(week)), scheduled_at=at, started_at=at, ended_at=at)
    return note(NoteStatus.SIGNED, SIGNED_TEXT, id=note_id, consultation=held)
