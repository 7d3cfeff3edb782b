"""FHIR documents of notes: valid R4 in every state, and telling the same as the note."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from server.consultation.model import ConsultationState
from server.errors import TooBig
from server.notes.export import weight
from server.notes.export.dossier import Dossier, NoteKind, NoteStatus, PersonFacts
from server.notes.export.fhir import bundle, make_fhir
from server.notes.export.fhir_faults import faults
from server.web.i18n import Languages
from tests.cast import fixed_id
from tests.dossiers import (
    ADDED_TEXT,
    ALICE,
    AMENDED_TEXT,
    BOB,
    CONSULTATION,
    DANA,
    HELD,
    NOTE,
    NOTES,
    PATIENT,
    PEOPLE,
    PRACTICE,
    SIGNED_TEXT,
    dossier,
    note,
    paragraph,
    part,
    prose,
    words,
)  # fmt: skip

pytestmark = pytest.mark.row("N9")

ENGLISH = Languages([]).choose(None, "")
BUNDLE = fixed_id("export", "bundle")
Json = dict[str, Any]


def made(given: Dossier, *, whole: bool = False) -> Json:
    found: Json = json.loads(make_fhir(given, ENGLISH, BUNDLE, whole=whole))
    return found


def of_kind(document: Json, kind: str) -> list[Json]:
    return [entry["resource"] for entry in document["entry"] if entry["resource"]["resourceType"] == kind]


def urn(found: Any) -> Json:
    return {"reference": f"urn:uuid:{found}"}


@pytest.mark.parametrize(
    ("state", "status"), [("draft", "preliminary"), ("signed", "final"), ("amended", "amended"), ("released", "final")]
)
def test_every_state_is_valid_and_has_its_status(state: str, status: str) -> None:
    document = made(dossier(NOTES[state]))
    assert (document["type"], document["timestamp"]) == ("document", "2026-11-28T16:05:00.000Z")
    assert document["identifier"] == {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{BUNDLE}"}
    assert document["entry"][0]["resource"]["resourceType"] == "Composition"
    assert document["entry"][0]["resource"]["status"] == status


@pytest.mark.parametrize("state", NOTES)
def test_the_models_lose_nothing_of_it(state: str) -> None:
    document = made(dossier(NOTES[state]))
    back = json.loads(Bundle.model_validate(document).model_dump_json())
    assert back == json.loads(json.dumps(document).replace(".000Z", "Z"))


def test_sections_carry_their_codes_and_text() -> None:
    sections = made(dossier(NOTES["signed"]))["entry"][0]["resource"]["section"]
    assert [(one["title"], one.get("code", {"coding": [{}]})["coding"][0].get("code")) for one in sections] == [
        ("Subjective", "61150-9"), ("Objective", "61149-1"), ("Assessment", "51848-0"), ("Plan", "18776-5"), ("Who had access", None),
    ]  # fmt: skip
    assert "<p>Cough for <b>twelve days</b>, worse" in sections[0]["text"]["div"]
    assert "<li><p>pulse oximeter:</p><ul><li><p>97 % at rest</p></li>" in sections[1]["text"]["div"]
    assert "<b><i>Seen together" in sections[3]["text"]["div"]


@pytest.mark.parametrize(("kind", "code"), [(NoteKind.SHARED, "11488-4"), (NoteKind.JOTTINGS, "34109-9"), (NoteKind.SUMMARY, "34133-9")])
def test_each_kind_has_its_type_and_only_jottings_are_restricted(kind: NoteKind, code: str) -> None:
    head = made(dossier(note(NoteStatus.SIGNED, SIGNED_TEXT, kind=kind)))["entry"][0]["resource"]
    assert head["type"]["coding"][0]["code"] == code
    assert head["confidentiality"] == ("R" if kind is NoteKind.JOTTINGS else "N")


def test_signatures_are_attested_and_their_hash_is_told() -> None:
    document = made(dossier(NOTES["signed"]))
    head = document["entry"][0]["resource"]
    assert [(one["mode"], one["party"]) for one in head["attester"]] == [
        ("professional", urn(ALICE)), ("professional", urn(BOB)), ("legal", urn(ALICE)),
    ]  # fmt: skip
    signed = [one for one in of_kind(document, "Provenance") if "signature" in one]
    assert len(signed) == 3
    for one in signed:
        assert one["target"] == [urn(head["id"])]
        assert one["entity"][0]["what"]["identifier"]["value"] == SIGNED_TEXT.content_sha256.hex()
        assert one["entity"][1]["what"]["identifier"]["value"] == SIGNED_TEXT.head_hash.hex()
    assert signed[2]["signature"][0]["when"] == "2026-11-23T11:40:00.000Z"
    assert of_kind(made(dossier(NOTES["draft"])), "Provenance")[0]["agent"][0]["who"] == urn(ALICE)


def test_an_amendment_replaces_a_text_that_stays_readable() -> None:
    document = made(dossier(NOTES["amended"]))
    now, before = of_kind(document, "Composition")
    assert now["identifier"] == before["identifier"] == {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{NOTE}"}
    assert now["relatesTo"] == [{"code": "replaces", "targetReference": urn(before["id"])}]
    assert "relatesTo" not in before
    assert before["status"] == "final"
    assert "most likely caused" in before["section"][2]["text"]["div"]
    assert "Dry cough, caused by" in now["section"][2]["text"]["div"]
    assert [one["time"] for one in before["attester"]] == [f"2026-11-23T11:{minute}:00.000Z" for minute in (31, 39, 40)]
    assert now["section"][4]["title"] == "Addendum of 28 November 2026"
    assert now["section"][4]["author"] == [urn(BOB)]
    assert now["date"] == "2026-11-28T08:30:00.000Z"
    reasons = [one["reason"] for one in of_kind(document, "Provenance") if "reason" in one]
    assert reasons == [[{"text": AMENDED_TEXT.reason}]]


def test_a_text_that_does_not_fit_its_fingerprint_says_so() -> None:
    document = made(dossier(note(NoteStatus.SIGNED, replace(SIGNED_TEXT, content_sha256=bytes(32)))))
    assert "no longer fits its fingerprint" in document["entry"][0]["resource"]["text"]["div"]
    assert "fingerprint" not in json.dumps(made(dossier(NOTES["signed"])))


def test_a_second_amendment_replaces_the_first() -> None:
    again = replace(AMENDED_TEXT, version=3)
    now, first, second = of_kind(made(dossier(note(NoteStatus.AMENDED, SIGNED_TEXT, AMENDED_TEXT, again))), "Composition")
    assert now["relatesTo"] == [{"code": "replaces", "targetReference": urn(second["id"])}]
    assert second["relatesTo"] == [{"code": "replaces", "targetReference": urn(first["id"])}]
    assert (first["status"], second["status"]) == ("final", "amended")


def test_an_addendum_alone_leaves_the_text_as_it_was() -> None:
    (now,) = of_kind(made(dossier(note(NoteStatus.AMENDED, SIGNED_TEXT, ADDED_TEXT))), "Composition")
    assert "relatesTo" not in now
    assert [section["title"] for section in now["section"]][-1] == "Addendum of 28 November 2026"
    assert len(now["attester"]) == 4


def test_an_addendum_without_words_has_no_section() -> None:
    document = made(dossier(note(NoteStatus.AMENDED, SIGNED_TEXT, replace(ADDED_TEXT, prose=prose()))))
    assert [section["title"] for section in document["entry"][0]["resource"]["section"]][-1] == "Plan"


def test_the_meeting_is_virtual() -> None:
    (met,) = of_kind(made(dossier(NOTES["signed"])), "Encounter")
    assert met["class"]["code"] == "VR"
    assert met["status"] == "finished"
    assert met["period"] == {"start": "2026-11-23T10:32:00.000Z", "end": "2026-11-23T10:54:00.000Z"}
    assert met["participant"] == [{"individual": urn(ALICE)}, {"individual": urn(BOB)}]


@pytest.mark.parametrize("state", ConsultationState)
def test_a_meeting_of_any_state_is_valid(state: ConsultationState) -> None:
    held = replace(CONSULTATION, state=state, started_at=None, ended_at=HELD - timedelta(minutes=5))
    (met,) = of_kind(made(dossier(note(NoteStatus.DRAFT, part(), consultation=held))), "Encounter")
    assert met["period"] == {"start": "2026-11-23T10:30:00.000Z"}


def test_accesses_are_audited_and_emergencies_stand_out() -> None:
    document = made(dossier(NOTES["signed"]))
    began, emergency = of_kind(document, "AuditEvent")
    assert (began["action"], emergency["action"]) == ("C", "R")
    assert emergency["agent"] == [{"who": urn(BOB), "requestor": True}]
    assert emergency["subtype"][0]["code"] == "110127"
    assert emergency["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"
    assert emergency["purposeOfEvent"][0]["text"].startswith("Patient phoned")
    assert "subtype" not in began


def test_the_record_holds_every_note_once_and_reads_by_itself() -> None:
    summary, amended = NOTES["released"], NOTES["amended"]
    document = made(dossier(summary, amended), whole=True)
    record = document["entry"][0]["resource"]
    assert record["type"]["coding"][0]["code"] == "11503-0"
    assert [section["title"] for section in record["section"]] == [
        "Summary for the patient, 23 November 2026", "Consultation note, 23 November 2026",
    ]  # fmt: skip
    compositions = {one["id"] for one in of_kind(document, "Composition")}
    assert all(section["entry"][0]["reference"].removeprefix("urn:uuid:") in compositions for section in record["section"])
    assert "Please stop ramipril" in json.dumps(record)
    assert len(of_kind(document, "Encounter")) == 1
    assert len(compositions) == 4


def test_only_who_is_named_is_told() -> None:
    stranger = PersonFacts(fixed_id("export", "charlie"), "Dr", "Charlie Okafor", "MD")
    document = made(dossier(NOTES["signed"], people=(*PEOPLE, stranger)))
    assert {one["name"][0]["text"] for one in of_kind(document, "Practitioner")} == {"Dr Alice Moreau", "Bob Lindqvist"}


def test_the_patient_may_export_and_little_may_be_known() -> None:
    document = made(
        dossier(
            note(NoteStatus.DRAFT, part(text=prose(), author_ids=())),
            patient=replace(PATIENT, birth_date=None, gender=None, phone=None, email=None),
            practice=replace(PRACTICE, phone=None),
            exported_by=DANA,
        )
    )
    (patient,) = of_kind(document, "Patient")
    assert not {"birthDate", "gender", "telecom"} & patient.keys()
    assert document["entry"][0]["resource"]["author"] == [urn(PRACTICE.id)]
    assert "section" not in document["entry"][0]["resource"]
    assert not of_kind(document, "Practitioner")


def test_what_people_wrote_is_escaped_and_never_breaks_the_document() -> None:
    evil = "<script>alert(1)</script> & ]]> \x00\x0b\ufffe \"q\" 'a'"
    given = dossier(
        note(NoteStatus.AMENDED, part(text=prose(plan=(paragraph(words(evil, "bold")),))), replace(ADDED_TEXT, reason=evil)),
        patient=replace(PATIENT, name=evil, email=evil),
        practice=replace(PRACTICE, name=evil),
    )
    document = made(given)
    assert "<script>" not in json.dumps([entry["resource"].get("text") for entry in document["entry"]])
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; ]]&gt; \ufffd\ufffd\ufffd"
        in document["entry"][0]["resource"]["section"][0]["text"]["div"]
    )


def test_words_that_several_people_wrote_stay_whole() -> None:
    document = made(dossier(note(NoteStatus.DRAFT, part(text=prose(plan=(paragraph(words("a", "bold"), words("b", "bold"), "c"),))))))
    assert "<p><b>ab</b>c</p>" in document["entry"][0]["resource"]["section"][0]["text"]["div"]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        made(dossier(NOTES["signed"], exported_at=datetime(2026, 11, 28, 16, 5)))  # noqa: DTZ001 - that is the point


def test_titles_are_written_in_the_language_of_the_practice(languages: Languages) -> None:
    given = dossier(NOTES["amended"], practice=replace(PRACTICE, language="en-XA"))
    document = bundle(given, languages.choose("en-XA", ""), BUNDLE, whole=True)
    titles = [section["title"] for section in document["entry"][0]["resource"]["section"][0]["section"]]
    assert all(title.startswith("⟦") for title in titles)
    assert document["entry"][0]["resource"]["language"] == "en-XA"
    assert faults(document) == []


def test_the_same_dossier_gives_the_same_document() -> None:
    assert made(dossier(NOTES["amended"])) == made(dossier(NOTES["amended"]))


def test_a_record_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight, "MAX_WEIGHT", 100)
    with pytest.raises(TooBig):
        made(dossier(NOTES["signed"]))
