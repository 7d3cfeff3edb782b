"""What is exported: facts that fit together, the same words in every form, and names of files that tell nothing."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.notes.export import weight
from server.notes.export.dossier import Mark, NoteEvent, NoteKind, NoteStatus, PartKind, Signature
from server.notes.export.file_names import Exported, Form, file_name
from server.notes.export.paper import lay_out
from server.notes.export.paper_text import make_text
from server.web.i18n import Languages
from tests.cast import PHONE, fixed_id
from tests.dossiers import (
    ADDED_TEXT,
    AMENDED_TEXT,
    CONSULTATION,
    DANA,
    EVENTS,
    NOTES,
    PATIENT,
    PEOPLE,
    PRACTICE,
    SIGNED_TEXT,
    SOAP,
    bullets,
    dossier,
    note,
    paragraph,
    part,
    prose,
    words,
)

pytestmark = pytest.mark.row("N9")

ENGLISH = Languages([]).choose(None, "")
STRANGER = fixed_id("export", "stranger")
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def text_of(*notes: str, whole: bool = False) -> str:
    return make_text(dossier(*(NOTES[name] for name in notes)), ENGLISH, whole=whole).decode()


@pytest.mark.parametrize("parts", [(), (AMENDED_TEXT,), (SIGNED_TEXT, SIGNED_TEXT), (AMENDED_TEXT, SIGNED_TEXT)])
def test_a_note_has_one_text_and_it_comes_first(parts: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="one text"):
        replace(NOTES["signed"], parts=parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        replace(NOTES["signed"], events=(NoteEvent(STRANGER, NOW, EVENTS[0].what),)),
        note(NoteStatus.SIGNED, part(author_ids=(STRANGER,))),
        note(NoteStatus.SIGNED, part(signatures=(Signature(STRANGER, NOW, Mark.SIGNED),))),
    ],
)
def test_nobody_acts_without_a_name(changed: object) -> None:
    with pytest.raises(ValueError, match="not named"):
        dossier(changed)  # type: ignore[arg-type]


def test_the_patient_may_act_and_an_unknown_exporter_may_not() -> None:
    assert dossier(NOTES["signed"], exported_by=DANA).name_of(DANA) == PATIENT.name
    with pytest.raises(ValueError, match="not named"):
        dossier(NOTES["signed"], exported_by=STRANGER)
    with pytest.raises(ValueError, match="nothing"):
        dossier()


def test_the_text_that_holds_is_the_last_amendment() -> None:
    amended = note(NoteStatus.AMENDED, SIGNED_TEXT, AMENDED_TEXT, ADDED_TEXT)
    assert amended.current is AMENDED_TEXT
    assert amended.last is ADDED_TEXT
    assert note(NoteStatus.SIGNED, SIGNED_TEXT).current is SIGNED_TEXT


def test_a_text_knows_whether_it_is_the_one_that_was_fixed() -> None:
    assert SIGNED_TEXT.intact
    assert not replace(SIGNED_TEXT, prose=prose(plan=(paragraph("Something else."),))).intact


def test_plain_text_tells_everything_in_order() -> None:
    shown = text_of("amended")
    places = [
        "Consultation note\nHarbour Street Clinic, +44 20 7946 0018\nExported 28 November 2026, 16:05 (London time) by Dr Alice Moreau\n",
        "Patient: Dana Reed\n", "Signed, then amended\n", "Subjective\nCough for twelve days, worse", "  - 97 % at rest\n",
        "Signatures\nDr Alice Moreau: Signed, 23 November 2026, 11:31 (London time)\n",
        f"SHA-256 of the text: {SIGNED_TEXT.content_sha256.hex()}\nSHA-256 of the journal: {SIGNED_TEXT.head_hash.hex()}\n",
        "Amendment of 27 November 2026\nWritten: 27 November 2026, 10:25 (London time)\nWritten by: Dr Alice Moreau\nReason: The cough",
        "Assessment\nDry cough, caused by the ACE inhibitor.\n", "Addendum of 28 November 2026\n", "Potassium 4.4",
        "Who had access\nDr Alice Moreau: Began the note,",
    ]  # fmt: skip
    at = 0
    for place in places:
        assert place in shown[at:], place
        at = shown.index(place, at)


def test_plain_text_says_what_is_not_signed_not_written_and_not_intact() -> None:
    assert "\nDraft \N{EN DASH} not signed\n" in text_of("draft")
    assert "\nNobody has signed this text.\n" in text_of("draft")
    assert "Nobody" not in text_of("signed")
    empty = make_text(dossier(note(NoteStatus.DRAFT, part(text=prose(plan=(paragraph(" "),))))), ENGLISH, whole=False).decode()
    assert "\nNothing is written here.\n" in empty
    assert "\nPlan\n" not in empty
    changed = make_text(dossier(note(NoteStatus.SIGNED, replace(SIGNED_TEXT, content_sha256=bytes(32)))), ENGLISH, whole=False)
    assert b"no longer fits its fingerprint" in changed
    assert "fingerprint" not in text_of("signed")


def test_what_nobody_knows_has_no_line() -> None:
    held = replace(CONSULTATION, started_at=None, ended_at=None)
    unknown = replace(PATIENT, birth_date=None, gender=None, phone=None, email=None)
    bare = note(NoteStatus.DRAFT, part(author_ids=()), replace(ADDED_TEXT, author_ids=(), reason=None), consultation=held)
    made = make_text(dossier(bare, patient=unknown, practice=replace(PRACTICE, phone=None)), ENGLISH, whole=False).decode()
    assert "Planned for:" in made
    labels = ("Date of birth", "Gender", "Contact", "Started", "Ended", "Written by", "Reason")
    assert [label for label in labels if f"\n{label}:" in made] == []
    assert "None" not in made


def test_plain_text_of_a_record_has_every_note_under_its_heading() -> None:
    shown = text_of("draft", "signed", "released", whole=True)
    assert shown.startswith("Clinical record\n")
    assert shown.count("=\nConsultation note, 23 November 2026\n") == 2
    assert shown.count("=\nSummary for the patient, 23 November 2026\n") == 1


OURS = re.compile(r"⟦[^⟦⟧]*⟧")
LINES = some.text(alphabet="Signatures: \n\r\t\x0b\x85\u2028ab", min_size=1, max_size=40)


@given(LINES)
def test_nobody_can_write_a_signature_into_plain_text(line: str) -> None:
    forged = f"x\n\n{line}\n\nSignatures\nDr Alice Moreau: Signed"
    made = make_text(
        dossier(
            note(NoteStatus.DRAFT, part(text=prose(plan=(paragraph(forged), bullets(forged))), reason=forged)),
            patient=replace(PATIENT, name=forged),
            practice=replace(PRACTICE, name=forged),
        ),
        ENGLISH,
        whole=False,
    ).decode()
    assert "\n\nSignatures\n" not in made
    assert "\nSignatures\n" not in made


def test_every_word_that_is_ours_is_translated(languages: Languages) -> None:
    silent = [
        note(NoteStatus(state), *given_note.parts, kind=kind, events=EVENTS) for kind in NoteKind for state, given_note in NOTES.items()
    ]
    made = make_text(dossier(*silent), languages.choose("en-XA", ""), whole=True).decode()
    rest = re.sub(r"[0-9a-f-]{36,64}", "", made).replace("March 9, 1984", "")  # Babel says it in the language of the catalogue
    for said in _their_words():
        rest = rest.replace(said, "")
    while OURS.search(rest):
        rest = OURS.sub("", rest)
    assert re.findall(r"\w{3,}.*", rest) == []


def _their_words() -> list[str]:
    """Return what the dossiers hold besides our words, the longest first."""
    texts = (SOAP, AMENDED_TEXT.prose, ADDED_TEXT.prose, NOTES["released"].parts[0].prose)
    spans = re.findall(r"text='([^']*)'", repr([text.sections for text in texts]))
    people = [text for person in PEOPLE for text in (person.full_name, person.qualifications)]
    facts = [PRACTICE.name, PATIENT.name, str(PATIENT.email), "+44 7700 900123", PHONE, str(AMENDED_TEXT.reason), str(EVENTS[1].reason)]
    return sorted({span.strip() for span in spans} | {*people, *facts} - {""}, key=len, reverse=True)


def test_paper_keeps_apart_what_somebody_wrote_and_what_we_say() -> None:
    paper = lay_out(dossier(NOTES["amended"]), ENGLISH, whole=False)
    first, amendment, addendum = paper.notes[0].parts
    assert (first.title, amendment.title, addendum.title) == ("", "Amendment of 27 November 2026", "Addendum of 28 November 2026")
    assert [passage.name for passage in addendum.passages] == ["plan"]
    assert paper.author == "Dr Alice Moreau, Bob Lindqvist"


def test_a_paper_that_nobody_wrote_is_the_practices() -> None:
    paper = lay_out(dossier(note(NoteStatus.DRAFT, part(text=prose(), author_ids=()))), ENGLISH, whole=False)
    assert paper.author == PRACTICE.name


@given(some.uuids(), some.dates(min_value=date(1000, 1, 1)), some.sampled_from(Exported), some.sampled_from(Form))
def test_file_names_are_harmless(thing_id: UUID, day: date, what: Exported, form: Form) -> None:
    assert re.fullmatch(r"(note|record)-\d{4}-\d\d-\d\d-[0-9a-f]{8}\.(pdf|json|txt)", file_name(what, thing_id, day, form))


def test_file_names_tell_form_and_day() -> None:
    assert file_name(Exported.NOTE, UUID(int=1 << 120), date(2026, 11, 23), Form.PDF) == "note-2026-11-23-01000000.pdf"
    assert [form.media_type for form in Form] == ["application/pdf", "application/fhir+json", "text/plain; charset=utf-8"]


def test_a_list_weighs_what_is_in_it() -> None:
    def weighs(*blocks: object) -> int:
        return weight.weight(dossier(note(NoteStatus.DRAFT, part(text=prose(plan=blocks)))))  # type: ignore[arg-type]

    assert weighs(paragraph("abc")) - weighs() == weight.PARAGRAPH + weight.SPAN + 3
    assert (
        weighs(bullets("abc", (paragraph(words("d"), words("e")), bullets("f")))) - weighs() == 3 * weight.PARAGRAPH + 4 * weight.SPAN + 6
    )
    assert PartKind.ORIGINAL is SIGNED_TEXT.kind
