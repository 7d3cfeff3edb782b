"""The copy of one's data, opened: everything that somebody may have is in it, whatever the database."""

import hashlib
import io
import json
from uuid import UUID

import pypdf
import pytest
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import update
from starlette.applications import Starlette

from server.core.house import House
from server.notes.export.fhir_faults import faults
from server.patients.model import Patient
from server.patients.wording import TEAM_NOTES
from server.privacy.policy_rows import PolicyAcceptance, PolicyVersion
from server.settings import Settings
from tests.cast import ALICE, BOB, CLINIC, DANA, Meeting
from tests.conftest import SignIn, StillClock
from tests.http.asking import EVERY_ANSWER, EVERY_KIND, book_with_questions, publish_questionnaire
from tests.http.copying import copy_of
from tests.http.filing import pdf, picture
from tests.http.recording import RECORD
from tests.http.releasing import Text, release

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1")]

MINE = f"/my/{DANA.patient_id}"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"payments": "sandbox"})


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


def resources(bundle: dict[str, object], kind: str) -> list[dict[str, object]]:
    found = [entry["resource"] for entry in bundle["entry"]]  # type: ignore[attr-defined, index]
    return [one for one in found if one["resourceType"] == kind]


async def test_a_copy_holds_everything_that_is_theirs_and_its_manifest_is_true(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    alice, dana = await sign_in(ALICE), await sign_in(DANA)
    who = {"born_on": "1980-02-29", "gender": "female", "nhs_number": "943 476 5919", "title": "Ms", "birth_name": "Dale", "seen": ""}
    assert (await dana.post(f"{MINE}/background/particulars", data=who)).status_code == 303
    for kind, text in (("allergy", "Penicillin: rash"), ("medication", "Ramipril 5 mg")):
        line = {"kind": kind, "text": text, "source": "patient"}
        assert (await alice.post(f"{RECORD}/background", data=line)).status_code == 303
    sent = {"letter from Gale.pdf": pdf(), "knee.jpg": picture()}
    for name, content in sent.items():
        assert (await dana.post(f"{MINE}/files", files={"file": (name, content, "application/octet-stream")})).status_code == 303
    await release(house, meeting, Text("Rest your knee for a week."))
    await alice.post(f"/api/consultations/{meeting.consultation_id}/notes", json={})

    files = await copy_of(dana)
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["missing"] == []
    assert {one["file"]: (one["bytes"], one["sha256"]) for one in manifest["files"]} == {
        name: (len(raw), hashlib.sha256(raw).hexdigest()) for name, raw in files.items()
    }
    documents = {name: raw for name, raw in files.items() if name.startswith("practice-1/documents/")}
    assert sorted(name.rpartition("-")[2] for name in documents) == ["Gale.pdf", "knee.jpg"]
    assert pdf() in documents.values()
    record = json.loads(files["data/patients.record.json"])
    assert [row["name"] for row in record["patient"]] == [DANA.name]
    assert "schemas/patients.record.schema.json" in files

    bundle = json.loads(files["practice-1/record.fhir.json"])
    assert faults(bundle) == []
    Bundle.model_validate(bundle)
    (patient,) = resources(bundle, "Patient")
    assert (patient["birthDate"], patient["gender"], patient["identifier"][-1]["value"]) == ("1980-02-29", "female", "9434765919")  # type: ignore[index]
    assert patient["name"] == [{"text": DANA.name, "prefix": ["Ms"]}, {"use": "maiden", "text": "Dale"}]
    assert [one["code"] for one in resources(bundle, "AllergyIntolerance")] == [{"text": "Penicillin: rash"}]
    assert [one["medicationCodeableConcept"] for one in resources(bundle, "MedicationStatement")] == [{"text": "Ramipril 5 mg"}]
    assert [one["id"] for one in resources(bundle, "Encounter")] == [str(meeting.consultation_id)]
    paths = [one["content"][0]["attachment"]["url"] for one in resources(bundle, "DocumentReference")]  # type: ignore[index]
    assert set(paths) == documents.keys()
    assert "Rest your knee for a week." in json.dumps(resources(bundle, "Composition"))
    assert len(resources(bundle, "Consent")) == 1

    words = words_of(files["my-data.pdf"])
    told = ("Contents", "Penicillin: rash", "Rest your knee for a week.", "The professional decides whether you may have them", "Page 1 of")
    assert [text for text in told if text not in words] == []
    assert "has not released to you" in files["README.txt"].decode()


async def test_a_copy_holds_appointments_answers_and_receipts_of_every_record(
    house: House, app: Starlette, visit: str, sign_in: SignIn
) -> None:
    """Two more records of dana, which her account finds later: one with a receipt, one with answers of every kind."""
    questionnaire = await publish_questionnaire(house, EVERY_KIND)
    (answerer,) = await book_with_questions(app, house, questionnaire, questions=EVERY_KIND, name="Second opinion", owner=BOB)
    await answerer.answer_and_send(EVERY_ANSWER)
    async with house.database.write() as tx:
        await tx.execute(update(Patient).where(Patient.person_id.is_(None)).values(person_id=DANA.person_id))
    files = await copy_of(await sign_in(DANA))
    bundles = [json.loads(raw) for name, raw in files.items() if name.endswith("record.fhir.json")]
    assert len(bundles) == 3
    for bundle in bundles:
        assert faults(bundle) == []
        Bundle.model_validate(bundle)
    booked = [one for bundle in bundles for one in resources(bundle, "Appointment")]
    assert sorted(str(one["description"]) for one in booked) == ["=Video consultation", "Second opinion"]
    assert {one["status"] for one in booked} == {"booked"}
    (answers,) = [one for bundle in bundles for one in resources(bundle, "QuestionnaireResponse")]
    assert len(answers["item"]) == len(EVERY_KIND)  # type: ignore[arg-type]
    (bill,) = [name for name in files if "/bills/" in name]
    assert "Receipt SANDBOX-000001" in words_of(files[bill])
    words = words_of(files["my-data.pdf"])
    assert visit
    assert [text for text in ("Booked (Second opinion, Nurse Bob Brown)", "Baker", "SANDBOX-000001") if text not in words] == []
    await answerer.client.aclose()


async def test_what_somebody_agreed_to_beside_their_care_stands_there_in_words(house: House, clock: StillClock, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        await tx.execute(update(Patient).where(Patient.id == DANA.patient_id).values(email=DANA.email, mobile=DANA.mobile))
    dana = await sign_in(DANA)
    assert (await dana.post(f"{MINE}/news", data={"email": "yes", "sms": "yes"})).status_code == 303
    assert (await dana.post(f"{MINE}/news", data={"stop": "sms"})).status_code == 303
    async with house.database.write() as tx:
        version = PolicyVersion(
            id=UUID(int=7), practice_id=CLINIC, owner_id=CLINIC, policy="terms", number=3, text="Be kind.", changes="", bases="",
            language="en", effective_at=clock.now(), published_at=clock.now(),
        )  # fmt: skip
        tx.add(version)
        await tx.flush()
        tx.add(PolicyAcceptance(version_id=version.id, person_id=DANA.person_id, accepted_at=clock.now()))
    files = await copy_of(dana)
    bundle = json.loads(files["practice-1/record.fhir.json"])
    assert faults(bundle) == []
    said = {one["category"][0]["text"]: (one["status"], one["scope"]["coding"][0]["code"]) for one in resources(bundle, "Consent")}  # type: ignore[index]
    assert said == {
        TEAM_NOTES.sentence: ("active", "treatment"),
        "I would like news of this practice by e-mail.": ("active", "patient-privacy"),
        "I would like news of this practice by text message.": ("inactive", "patient-privacy"),
        "The terms of the practice, version 3.": ("active", "patient-privacy"),
    }
    words = words_of(files["my-data.pdf"])
    assert [text for text in said if text not in words] == []


def words_of(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(content)).pages)
