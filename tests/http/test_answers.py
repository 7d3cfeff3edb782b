"""Who reads what a patient answered: the booked professionals beside the note and in the record, the patient, and nobody else."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from server.booking.model import Appointment, Needs
from server.consultation.model import Consultation
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.patients.questions import USUAL, AnswerKind, Question
from tests.booking import hours
from tests.cast import ALICE, BOB, CHARLIE, DANA, NORTH, OLGA, SAM, Cast
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.asking import EVERY_ANSWER, EVERY_KIND, USUAL_ANSWERS, Answerer, book_with_questions, publish_questionnaire
from tests.http.booking import consultation_at
from tests.http.recording import entries

pytestmark = [pytest.mark.anyio, pytest.mark.row("B5")]


@pytest.fixture
async def answered(app: Starlette, house: House, cast: Cast) -> AsyncIterator[Answerer]:
    """erin, who has booked alice and sent her answers; the consultation is given to alice's team."""
    (answerer,) = await book_with_questions(app, house, await publish_questionnaire(house))
    await answerer.answer_and_send()
    async with house.database.write() as tx:
        of_appointment = Consultation.appointment_id == answerer.appointment_id
        await tx.execute(update(Consultation).where(of_appointment).values(team_id=NORTH))
    yield answerer
    await answerer.client.aclose()


async def note_of(client: httpx2.AsyncClient, house: House, answered: Answerer, kind: str = "shared") -> str:
    consultation = await consultation_at(house, answered.appointment_id)
    listed = (await client.post(f"/api/consultations/{consultation.id}/notes", json={})).json()["notes"]
    return next(str(one["id"]) for one in listed if one["kind"] == kind)


async def looks(house: House) -> list[tuple[UUID | None, str]]:
    async with house.database.read() as tx:
        entries = select(AuditEntry).where(AuditEntry.act == Act.LOOKED, AuditEntry.thing == "answers")
        return [(one.person_id, one.thing) for one in await tx.scalars(entries.order_by(AuditEntry.number))]


def words(nodes: list[dict[str, Any]]) -> list[str]:
    """Return each paragraph of the editor's nodes."""
    found: list[str] = []
    for node in nodes:
        inside = node.get("content", [])
        if node["type"] == "paragraph":
            found.append("".join(one["text"] for one in inside))
        else:
            found += words(inside)
    return found


@pytest.mark.row("N7")
async def test_beside_the_note_stand_the_answers_and_what_follows_from_them(answered: Answerer, house: House, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    note_id = await note_of(alice, house, answered)
    assert (await alice.get(f"/api/notes/{note_id}/texts")).json()["answers"] is True
    assert await looks(house) == []
    sent = (await alice.get(f"/api/notes/{note_id}/answers")).json()["sent"]
    assert [line["answer"] for line in sent["lines"]] == ["170 cm (5 ft 7 in)", "70 kg (11 st 0 lb)", "My knee, for two weeks"]
    assert sent["bmi"] == "24.2 kg/m²"
    assert words(sent["nodes"]) == [
        "From the patient's answers of 2 March 2026, 10:00:",
        "How tall are you? 170 cm (5 ft 7 in)",
        "How much do you weigh? 70 kg (11 st 0 lb)",
        "What troubles you? My knee, for two weeks",
        "Body mass index: 24.2 kg/m²",
    ]
    assert await looks(house) == [(ALICE.person_id, "answers")]


async def test_of_several_sets_the_last_one_counts(answered: Answerer, house: House, sign_in: SignIn, clock: StillClock) -> None:
    clock.advance(60)
    await answered.do("change")
    await answered.fill(3, {"text": "My hip\nand my knee"}, to="check")
    alice = await sign_in(ALICE)
    note_id = await note_of(alice, house, answered)
    path = f"/api/notes/{note_id}/answers"
    assert (await alice.get(path)).json()["sent"]["lines"][2]["answer"] == "My knee, for two weeks"
    await answered.send()
    sent = (await alice.get(path)).json()["sent"]
    assert sent["lines"][2]["answer"] == "My hip\nand my knee"
    assert words(sent["nodes"])[3:5] == ["What troubles you? My hip", "and my knee"]


@pytest.mark.row("V1")
async def test_bad_28_a_colleague_of_the_team_who_is_not_booked_reads_none(answered: Answerer, house: House, sign_in: SignIn) -> None:
    """bob may go to the desk, and sees nothing of the answers: neither there, nor in the record."""
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    await note_of(alice, house, answered)
    note_id = await note_of(bob, house, answered, "jottings")
    assert (await bob.get(f"/api/notes/{note_id}/answers")).json() == {"sent": None}
    assert (await bob.get(f"/api/notes/{note_id}/texts")).json()["answers"] is False
    patient_id = (await consultation_at(house, answered.appointment_id)).patient_id
    record = await bob.get(f"/patients/{patient_id}")
    assert record.status_code == 200
    assert "Answers before" not in record.text
    assert (await bob.get(f"/patients/{patient_id}/answers/{answered.appointment_id}")).status_code == 404
    assert await looks(house) == []


@pytest.mark.row("V1")
async def test_the_record_leads_to_the_answers_and_each_opening_is_written_down(answered: Answerer, house: House, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    patient_id = (await consultation_at(house, answered.appointment_id)).patient_id
    path = f"/patients/{patient_id}/answers/{answered.appointment_id}"
    assert path in (await alice.get(f"/patients/{patient_id}")).text
    page = await alice.get(path)
    assert "My knee, for two weeks" in page.text
    assert "24.2 kg/m²" in page.text
    assert await looks(house) == [(ALICE.person_id, "answers")]
    for outsider in (CHARLIE, OLGA, SAM, DANA):
        answer = await (await sign_in(outsider)).get(path)
        assert answer.status_code == 404
        assert "knee" not in answer.text


@pytest.mark.row("V1")
async def test_an_emergency_opens_no_answers(answered: Answerer, house: House, sign_in: SignIn) -> None:
    alice, charlie = await sign_in(ALICE), await sign_in(CHARLIE)
    note_id = await note_of(alice, house, answered)
    patient_id = (await consultation_at(house, answered.appointment_id)).patient_id
    form = {"name": "Erin", "patient": str(patient_id), "reason": "Collapsed in the corridor", "now": "yes"}
    assert (await charlie.post("/emergency/open", data=form)).status_code == 303
    record = await charlie.get(f"/patients/{patient_id}")
    assert "You opened this record in an emergency" in record.text
    assert "Answers before" not in record.text
    assert (await charlie.get(f"/api/notes/{note_id}/answers")).json() == {"sent": None}
    assert (await charlie.get(f"/patients/{patient_id}/answers/{answered.appointment_id}")).status_code == 404


async def as_danas(house: House, *answerers: Answerer) -> None:
    """Let these appointments be in the record that dana's account reads."""
    async with house.database.write() as tx:
        ids = [one.appointment_id for one in answerers]
        await tx.execute(update(Appointment).where(Appointment.id.in_(ids)).values(patient_id=DANA.patient_id))
        await tx.execute(update(Consultation).where(Consultation.appointment_id.in_(ids)).values(patient_id=DANA.patient_id))


async def two_of_dana(app: Starlette, house: House) -> tuple[Answerer, Answerer]:
    """Return two appointments of dana's; what was asked before the first one is answered."""
    first, second = await book_with_questions(app, house, await publish_questionnaire(house), times=2)
    await as_danas(house, first, second)
    await first.answer_and_send()
    return first, second


async def signed_in_at(app: Starlette, sign_in: SignIn, of: Answerer) -> Answerer:
    """Return dana's browser, in which she is signed in and has opened the visit from her own page."""
    client = await sign_in(DANA)
    client.cookies.set("visit", of.client.cookies["visit"], path=of.visit)
    return Answerer(client, of.visit, of.appointment_id, of.questions)


async def test_the_link_alone_opens_no_earlier_answers(app: Starlette, house: House, cast: Cast) -> None:
    _first, second = await two_of_dana(app, house)
    page = (await second.get()).text
    assert "knee" not in page
    assert "Sign in to use your earlier answers" in page
    assert await second.do("agree") == "/1"
    assert "170" not in (await second.get("/1")).text.split('name="cm"')[1].split(">")[0]


async def test_whoever_is_signed_in_says_that_all_is_still_right(app: Starlette, house: House, cast: Cast, sign_in: SignIn) -> None:
    _first, second = await two_of_dana(app, house)
    dana = await signed_in_at(app, sign_in, second)
    page = (await dana.get()).text
    assert "Still right?" in page
    assert "My knee, for two weeks" in page
    assert await dana.do("agree") == "?sent"
    assert "Thank you." in (await dana.get("?sent")).text


async def test_or_changes_something_first(app: Starlette, house: House, cast: Cast, sign_in: SignIn) -> None:
    _first, second = await two_of_dana(app, house)
    dana = await signed_in_at(app, sign_in, second)
    assert await dana.do("review") == "/check"
    await dana.fill(2, {"kg": "68"}, to="check")
    assert "68 kg" in (await dana.get("/check")).text
    assert (await dana.send()).headers["location"] == f"{dana.base}?sent"


async def test_somebody_elses_account_opens_no_earlier_answers(app: Starlette, house: House, cast: Cast, sign_in: SignIn) -> None:
    _first, second = await two_of_dana(app, house)
    alice = await sign_in(ALICE)
    alice.cookies.set("visit", second.client.cookies["visit"], path=second.visit)
    assert "knee" not in (await alice.get(second.base)).text


async def test_the_patient_reads_the_answers_and_who_opened_them(app: Starlette, house: House, cast: Cast, sign_in: SignIn) -> None:
    first, _second = await two_of_dana(app, house)
    alice, dana = await sign_in(ALICE), await sign_in(DANA)
    await alice.get(f"/patients/{DANA.patient_id}/answers/{first.appointment_id}")
    mine = (await dana.get("/my")).text
    assert "My knee, for two weeks" in mine
    assert "Questions before it" in mine
    assert "Looked at your answers to the questions" in (await dana.get(f"/my/{DANA.patient_id}/looks")).text
    consultation = await consultation_at(house, first.appointment_id)
    way = await dana.get(f"/my/{DANA.patient_id}/consultations/{consultation.id}/questions")
    assert way.headers["location"] == first.base


async def test_a_draft_stays_with_its_version_and_new_questions_are_asked_anew(
    app: Starlette, house: House, cast: Cast, sign_in: SignIn
) -> None:
    first, second = await two_of_dana(app, house)
    alice = await sign_in(ALICE)
    (path,) = {
        one for one in (await alice.get("/questionnaires")).text.split('"') if one.startswith("/questionnaires/") and one.count("/") == 2
    }
    await first.do("change")
    form = {"kind": "consent", "text": "I agree that a student listens.", "required": "yes", "edits": "1"}
    assert (await alice.post(f"{path}/questions/new", data=form)).status_code == 303
    assert (await alice.post(path, data={"do": "publish", "edits": "2"})).status_code == 303
    assert "student" not in (await first.get("/check")).text
    assert (await first.send()).headers["location"] == f"{first.base}?sent"
    dana = await signed_in_at(app, sign_in, second)
    assert await dana.do("agree") == "/4"
    assert "student" in (await dana.get("/4")).text


async def test_a_consent_is_never_taken_over(app: Starlette, house: House, cast: Cast, sign_in: SignIn) -> None:
    questions = (*USUAL, Question("yes", AnswerKind.CONSENT, "I agree that a student listens."))
    questionnaire_id = await publish_questionnaire(house, questions)
    first, second = await book_with_questions(app, house, questionnaire_id, times=2, questions=questions)
    await as_danas(house, first, second)
    await first.answer_and_send((*USUAL_ANSWERS, {"agree": "yes"}))
    dana = await signed_in_at(app, sign_in, second)
    assert await dana.do("agree") == "/4"
    assert (await dana.fill(4, {})).status_code == 422
    assert (await dana.fill(4, {"agree": "yes"})).headers["location"] == f"{dana.base}/check"


async def test_without_a_login_nothing_but_the_visit_opens(app: Starlette, answered: Answerer, house: House) -> None:
    patient_id = (await consultation_at(house, answered.appointment_id)).patient_id
    async with browser_of(app, {"visit": answered.client.cookies["visit"]}) as by_link:
        answer = await by_link.get(f"/patients/{patient_id}/answers/{answered.appointment_id}")
    assert answer.headers["location"].startswith("/sign-in")


async def test_everybody_who_is_booked_in_a_team_reads_them(app: Starlette, house: House, cast: Cast, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        tx.add_all(hours(BOB, ends_min=12 * 60))
    team = {"professional_id": None, "team_id": NORTH, "needs": Needs.ALL}
    (erin,) = await book_with_questions(app, house, await publish_questionnaire(house), **team)
    page = (await erin.get()).text
    assert "Dr Alice Ahmed" in page
    assert "Bob" in page
    await erin.answer_and_send()
    patient_id = (await consultation_at(house, erin.appointment_id)).patient_id
    for member in (ALICE, BOB):
        client = await sign_in(member)
        answer = await client.get(f"/patients/{patient_id}/answers/{erin.appointment_id}")
        assert "My knee, for two weeks" in answer.text
    assert await looks(house) == [(ALICE.person_id, "answers"), (BOB.person_id, "answers")]


async def test_a_copy_can_be_taken_out_and_is_written_down(app: Starlette, house: House, cast: Cast, sign_in: SignIn) -> None:
    from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

    questionnaire_id = await publish_questionnaire(house, EVERY_KIND)
    (erin,) = await book_with_questions(app, house, questionnaire_id, questions=EVERY_KIND)
    await erin.answer_and_send(EVERY_ANSWER)
    alice, charlie = await sign_in(ALICE), await sign_in(CHARLIE)
    patient_id = (await consultation_at(house, erin.appointment_id)).patient_id
    path = f"/patients/{patient_id}/answers/{erin.appointment_id}/export"
    text = await alice.get(path, params={"form": "text"})
    assert text.headers["content-disposition"].startswith('attachment; filename="answers-2026-03-02-')
    assert "What troubles you?\n    It hurts\n    when I walk\n" in text.text
    assert "Body mass index\n    24.7 kg/m²\n" in text.text
    answer = await alice.get(path, params={"form": "fhir"})
    assert answer.headers["content-type"] == "application/fhir+json"
    made = QuestionnaireResponse.model_validate_json(answer.text)
    values = {item.linkId: item.answer[0] for item in made.item}
    assert (values["gg"].valueQuantity.value, values["gg"].valueQuantity.code) == (Decimal("1.7018"), "m")
    assert values["ii"].valueBoolean is True
    assert made.questionnaire == f"urn:uuid:{questionnaire_id}|1"
    assert (await alice.get(path, params={"form": "pdf"})).status_code == 422
    assert (await charlie.get(path, params={"form": "text"})).status_code == 404
    assert [entry.thing for entry in await entries(house, Act.EXPORTED)] == ["answers", "answers"]
