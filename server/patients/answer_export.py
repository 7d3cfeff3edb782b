"""Answers as they leave the house: as plain text for people, and as a FHIR R4 QuestionnaireResponse for programs. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from server.core.marking import _
from server.patients.answer_words import BMI, NOT_ANSWERED, bmi_words, lines_of
from server.patients.answering import YES, Answer
from server.patients.measures import Measure
from server.patients.questions import AnswerKind, Question
from server.web.i18n import Language

UCUM = "http://unitsofmeasure.org"
UNITS = {AnswerKind.HEIGHT: "m", AnswerKind.WEIGHT: "kg"}
HEAD = _("Answers before the consultation")

Json = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """A set of answers with everything that says whose it is; `questionnaire` is the questionnaire's id, `version` its number."""

    id: UUID
    patient_id: UUID
    patient_name: str
    practice_name: str
    questionnaire_id: UUID
    version: int
    sent_at: datetime
    questions: Sequence[Question]
    answers: Mapping[str, Answer]


def text_of(filled: Filled, language: Language, sent_words: str) -> bytes:
    """Return UTF-8: who and when, then each question with its answer indented below it, so that no answer can pose as a question."""
    blocks = ["\n".join((language.text(HEAD), filled.patient_name, filled.practice_name, sent_words))]
    bmi = bmi_words(language, filled.questions, filled.answers)
    lines = [(line.question, line.answer or language.text(NOT_ANSWERED)) for line in lines_of(language, filled.questions, filled.answers)]
    for question, answer in [*lines, *([(language.text(BMI), bmi)] if bmi else [])]:
        blocks.append("\n".join([" ".join(question.split()), *(f"    {part}" for part in answer.splitlines())]))
    return ("\n\n".join(blocks) + "\n").encode()


def fhir_of(filled: Filled) -> bytes:
    """Return a QuestionnaireResponse; a question that was left out has an item without an answer."""
    made = {
        "resourceType": "QuestionnaireResponse",
        "id": str(filled.id),
        "questionnaire": f"urn:uuid:{filled.questionnaire_id}|{filled.version}",
        "status": "completed",
        "subject": {"reference": f"urn:uuid:{filled.patient_id}", "display": filled.patient_name},
        "authored": filled.sent_at.isoformat(timespec="seconds"),
        "item": [_item(one, filled.answers.get(one.id)) for one in filled.questions],
    }
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def _item(question: Question, answer: Answer | None) -> Json:
    item: Json = {"linkId": question.id, "text": question.text}
    return item if answer is None else {**item, "answer": list(_values(question, answer))}


def _values(question: Question, answer: Answer) -> Iterator[Json]:
    if isinstance(answer, tuple):
        yield from ({"valueString": one} for one in answer)
    elif isinstance(answer, Measure):
        unit = UNITS[question.kind]
        yield {"valueQuantity": {"value": _number(answer.si), "unit": unit, "system": UCUM, "code": unit}}
    elif question.kind is AnswerKind.NUMBER:
        yield _with_unit(_number(Decimal(answer)), question.unit)
    elif question.kind is AnswerKind.DATE:
        yield {"valueDate": answer}
    elif question.kind is AnswerKind.CONSENT:
        yield {"valueBoolean": answer == YES}
    else:
        yield {"valueString": answer}


def _with_unit(number: float, unit: str) -> Json:
    return {"valueQuantity": {"value": number, "unit": unit}} if unit else {"valueDecimal": number}


def _number(value: Decimal) -> float:
    """Four places of what people measure are far from where a double rounds."""
    return float(value)
