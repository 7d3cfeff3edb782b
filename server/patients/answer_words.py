"""Answers as people read them: each question with its answer, measures in both systems, and what follows from height and weight."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from babel.dates import format_date
from babel.numbers import format_decimal

from server.core.marking import _
from server.patients.answering import Answer
from server.patients.measures import Measure, body_mass_index, centimetres, feet_inches, rounded, stones_pounds
from server.patients.questions import AnswerKind, Question
from server.web.i18n import Language

WHOLE, TENTH = Decimal(1), Decimal("0.1")
AGREED = _("Agreed")
NOT_ANSWERED = _("Not answered")
HEIGHT = _("{cm} cm ({ft} ft {inch} in)")
WEIGHT = _("{kg} kg ({st} st {lb} lb)")
BMI = _("Body mass index")


class Line(NamedTuple):
    """A question with its answer; `answer` is None where there is none. `id` is the question's."""

    id: str
    question: str
    answer: str | None


def lines_of(language: Language, questions: Sequence[Question], answers: Mapping[str, Answer]) -> list[Line]:
    """Return every question in its order."""
    return [Line(one.id, one.text, words_of(language, one, answers[one.id]) if one.id in answers else None) for one in questions]


def words_of(language: Language, question: Question, answer: Answer) -> str:
    if isinstance(answer, Measure):
        return height_words(language, answer.si) if question.kind is AnswerKind.HEIGHT else weight_words(language, answer.si)
    if isinstance(answer, tuple):
        return "\n".join(answer)
    if question.kind is AnswerKind.CONSENT:
        return language.text(AGREED)
    if question.kind is AnswerKind.DATE:
        return format_date(date.fromisoformat(answer), "long", locale=language.locale)
    if question.kind is AnswerKind.NUMBER:
        return f"{_number(language, Decimal(answer))} {question.unit}".strip()
    return answer


def height_words(language: Language, metres: Decimal) -> str:
    """Return `170 cm (5 ft 7 in)`."""
    feet, inches = feet_inches(metres)
    cm = _number(language, rounded(centimetres(metres), TENTH))
    return language.text(HEIGHT, cm=cm, ft=_number(language, feet), inch=_number(language, inches))


def weight_words(language: Language, kilograms: Decimal) -> str:
    """Return `70 kg (11 st 0 lb)`."""
    stones, pounds = stones_pounds(kilograms)
    kg = _number(language, rounded(kilograms, TENTH))
    return language.text(WEIGHT, kg=kg, st=_number(language, stones), lb=_number(language, pounds))


def bmi_of(questions: Sequence[Question], answers: Mapping[str, Answer]) -> Decimal | None:
    """Return the body mass index of the first height and the first weight that were answered; None without one of them."""
    height = next(_measures(AnswerKind.HEIGHT, questions, answers), None)
    weight = next(_measures(AnswerKind.WEIGHT, questions, answers), None)
    return None if height is None or weight is None else body_mass_index(height, weight)


def bmi_words(language: Language, questions: Sequence[Question], answers: Mapping[str, Answer]) -> str | None:
    bmi = bmi_of(questions, answers)
    return None if bmi is None else f"{_number(language, bmi)} kg/m²"


def _measures(kind: AnswerKind, questions: Sequence[Question], answers: Mapping[str, Answer]) -> Iterator[Decimal]:
    found = (answers.get(one.id) for one in questions if one.kind is kind)
    return (one.si for one in found if isinstance(one, Measure))


def _number(language: Language, number: Decimal) -> str:
    return format_decimal(number, locale=language.locale, decimal_quantization=False)
