"""Answers as they leave the house: nothing that somebody wrote can pose as another question, and every kind has its FHIR value."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from server.patients.answer_export import Filled, fhir_of, text_of
from server.patients.answering import answers_of
from server.patients.questions import AnswerKind, Question
from server.web.i18n import ENGLISH

pytestmark = pytest.mark.row("B5")

QUESTIONS = (
    Question("a", AnswerKind.LONG_TEXT, "What troubles\nyou?"),
    Question("b", AnswerKind.NUMBER, "How many?"),
    Question("c", AnswerKind.NUMBER, "How long?", unit="hours"),
    Question("d", AnswerKind.SEVERAL, "Where?", options=("Head", "Back")),
    Question("e", AnswerKind.DATE, "Since?"),
    Question("f", AnswerKind.WEIGHT, "Weight?"),
    Question("g", AnswerKind.CONSENT, "I agree.", required=False),
)
DRAFT = {
    "a": {"text": "My knee\nWeight?\n    900 kg"}, "b": {"number": "3"}, "c": {"number": "7.5"}, "d": {"o0": "1", "o1": "1"},
    "e": {"day": "1", "month": "2", "year": "2026"}, "f": {"kg": "70.25"},
}  # fmt: skip
FILLED = Filled(
    id=UUID(int=1), patient_id=UUID(int=2), patient_name="Dana Diaz", practice_name="Harbour Clinic",
    questionnaire_id=UUID(int=3), version=2, sent_at=datetime(2026, 3, 2, 10, tzinfo=UTC),
    questions=QUESTIONS, answers=answers_of(QUESTIONS, DRAFT),
)  # fmt: skip


def test_no_answer_poses_as_a_question() -> None:
    text = text_of(FILLED, ENGLISH, "Sent today").decode()
    flush = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert flush[:4] == ["Answers before the consultation", "Dana Diaz", "Harbour Clinic", "Sent today"]
    assert flush[4:] == ["What troubles you?", "How many?", "How long?", "Where?", "Since?", "Weight?", "I agree."]
    assert text.endswith("I agree.\n    Not answered\n")


def test_every_kind_has_its_value() -> None:
    raw = fhir_of(FILLED)
    QuestionnaireResponse.model_validate_json(raw)
    values: dict[str, Any] = {item["linkId"]: item.get("answer") for item in json.loads(raw)["item"]}
    assert values == {
        "a": [{"valueString": "My knee\nWeight?\n    900 kg"}],
        "b": [{"valueDecimal": 3.0}],
        "c": [{"valueQuantity": {"value": 7.5, "unit": "hours"}}],
        "d": [{"valueString": "Head"}, {"valueString": "Back"}],
        "e": [{"valueDate": "2026-02-01"}],
        "f": [{"valueQuantity": {"value": 70.25, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}],
        "g": None,
    }
    agreed = answers_of(QUESTIONS, {**DRAFT, "g": {"agree": "yes"}})
    assert json.loads(fhir_of(replace(FILLED, answers=agreed)))["item"][6]["answer"] == [{"valueBoolean": True}]
