"""What somebody writes into the fields of a question, and the answer that it comes to, both ways. Pure.

A draft keeps the fields as they were written, so that nothing is lost that cannot be an answer yet. What is sent are answers.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from server.core.marking import _
from server.errors import Invalid
from server.patients.measures import (
    INCHES_PER_FOOT,
    POUNDS_PER_STONE,
    Measure,
    System,
    centimetres,
    feet_inches,
    kilograms_of,
    kilograms_of_stones,
    metres_of,
    metres_of_feet,
    plain,
    rounded,
    stones_pounds,
)
from server.patients.questions import NUMBER, AnswerKind, Question

LONGEST_LINE = 200  # letters of a short text; refused
LONGEST_TEXT = 4000  # of a long one; the same. A draft keeps no longer field than that
LEAST_M, MOST_M = Decimal("0.3"), Decimal("2.8")
LEAST_KG, MOST_KG = Decimal("0.3"), Decimal(650)
FIRST_YEAR, LAST_YEAR = 1880, 2200
TENTH = Decimal("0.1")
YES = "yes"

MISSING = _("Please answer this question.")
LONG_LINE = _("Please write up to 200 letters.")
LONG_TEXT = _("Please write up to 4,000 letters. Nothing of what you wrote is lost: please shorten it here.")
NOT_A_NUMBER = _("Please write a number, for example 12 or 12.5.")
OUT_OF_RANGE = _("This number is too small or too big. Please check it.")
NOT_A_DAY = _("There is no such day. Please write day, month and year as numbers, the year with four digits.")
NOT_A_CHOICE = _("Please choose one of the answers of the list.")
BAD_HEIGHT = _("Please write your height in centimetres, for example 170, or in feet and inches, for example 5 and 7.")
BAD_WEIGHT = _("Please write your weight in kilograms, for example 70, or in stones and pounds, for example 11 and 0.")
BOTH_HEIGHTS = _("Please write your height in one way only: in centimetres, or in feet and inches.")
BOTH_WEIGHTS = _("Please write your weight in one way only: in kilograms, or in stones and pounds.")
NO_CONSENT = _("Please tick the box to agree, or do not send the answers.")

Fields: TypeAlias = Mapping[str, str]
Answer: TypeAlias = str | tuple[str, ...] | Measure
OWN_FIELDS: Mapping[AnswerKind, tuple[str, ...]] = {
    AnswerKind.TEXT: ("text",),
    AnswerKind.LONG_TEXT: ("text",),
    AnswerKind.NUMBER: ("number",),
    AnswerKind.ONE: ("choice",),
    AnswerKind.DATE: ("day", "month", "year"),
    AnswerKind.HEIGHT: ("cm", "ft", "inch"),
    AnswerKind.WEIGHT: ("kg", "st", "lb"),
    AnswerKind.CONSENT: ("agree",),
}


def fields_named(question: Question) -> tuple[str, ...]:
    """Return the fields that a question has; each box of several has its own."""
    if question.kind is AnswerKind.SEVERAL:
        return tuple(f"o{place}" for place in range(len(question.options)))
    return OWN_FIELDS[question.kind]


def typed(question: Question, form: Fields) -> dict[str, str]:
    """Pick what was written into the fields of a question, with one kind of line end; anything else in the form is nobody's."""
    picked = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in fields_named(question)}
    return {name: text for name, text in picked.items() if text}


def answer_of(question: Question, fields: Fields) -> Answer | None:
    """Read the answer out of what was written; None for no answer where none is required.

    Raises `Invalid` with a sentence for people, and the field in which something is wrong as its code.
    """
    answer = READERS[question.kind](question, fields) if fields else None
    if answer is None and question.required:
        raise Invalid(NO_CONSENT if question.kind is AnswerKind.CONSENT else MISSING, code=fields_named(question)[0])
    return answer


def faults_of(questions: Sequence[Question], draft: Mapping[str, Fields]) -> dict[str, str]:
    """Return a sentence for each question, by its id, that has no answer as it should."""
    return {question.id: fault for question in questions if (fault := _fault(question, draft.get(question.id, {})))}


def _fault(question: Question, fields: Fields) -> str | None:
    try:
        answer_of(question, fields)
    except Invalid as error:
        return error.message
    return None


def answers_of(questions: Sequence[Question], draft: Mapping[str, Fields]) -> dict[str, Answer]:
    """Return every answer by the id of its question; raises `Invalid` where `faults_of` finds something."""
    found = ((question.id, answer_of(question, draft.get(question.id, {}))) for question in questions)
    return {question_id: answer for question_id, answer in found if answer is not None}


def draft_of(questions: Sequence[Question], answers: Mapping[str, Answer]) -> dict[str, dict[str, str]]:
    """Return the fields in which these answers would have been written."""
    return {one.id: fields_of(one, answers[one.id]) for one in questions if one.id in answers}


def taken_over(old: Sequence[Question], answers: Mapping[str, Answer], new: Sequence[Question]) -> dict[str, dict[str, str]]:
    """Return what of earlier answers can stand for what is asked now. Nobody agrees to anything by what they said another time."""
    before = {one.id: one for one in old}
    same = [one for one in new if one.kind is not AnswerKind.CONSENT and one.id in before and one.asks_the_same(before[one.id])]
    return draft_of(same, answers)


def _text(question: Question, fields: Fields) -> str | None:
    longest, sentence = (LONGEST_LINE, LONG_LINE) if question.kind is AnswerKind.TEXT else (LONGEST_TEXT, LONG_TEXT)
    if len(fields.get("text", "")) > longest:
        raise Invalid(sentence, code="text")
    return fields.get("text") or None


def _number(question: Question, fields: Fields) -> str:
    number = _decimal(fields, "number", NOT_A_NUMBER)
    if (question.low and number < Decimal(question.low)) or (question.high and number > Decimal(question.high)):
        raise Invalid(OUT_OF_RANGE, code="number")
    return str(plain(number))


def _one(question: Question, fields: Fields) -> str | None:
    places = {str(place): option for place, option in enumerate(question.options)}
    if fields.get("choice", "") not in places:
        raise Invalid(NOT_A_CHOICE, code="choice")
    return places[fields["choice"]]


def _several(question: Question, fields: Fields) -> tuple[str, ...] | None:
    return tuple(option for place, option in enumerate(question.options) if fields.get(f"o{place}")) or None


def _date(question: Question, fields: Fields) -> str | None:
    del question
    parts = [fields.get(name, "") for name in ("year", "month", "day")]
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        raise Invalid(NOT_A_DAY, code="day")
    try:
        found = date(*map(int, parts))
    except ValueError:
        raise Invalid(NOT_A_DAY, code="day") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Invalid(NOT_A_DAY, code="year")
    return found.isoformat()


def _height(question: Question, fields: Fields) -> Measure:
    del question
    system = _one_way(fields, "cm", ("ft", "inch"), BOTH_HEIGHTS)
    if system is System.METRIC:
        metres = metres_of(_decimal(fields, "cm", BAD_HEIGHT))
    else:
        metres = metres_of_feet(*_two(fields, "ft", "inch", INCHES_PER_FOOT, BAD_HEIGHT))
    if not LEAST_M <= metres <= MOST_M:
        raise Invalid(BAD_HEIGHT, code="cm" if system is System.METRIC else "ft")
    return Measure(metres, system)


def _weight(question: Question, fields: Fields) -> Measure:
    del question
    system = _one_way(fields, "kg", ("st", "lb"), BOTH_WEIGHTS)
    if system is System.METRIC:
        kilograms = kilograms_of(_decimal(fields, "kg", BAD_WEIGHT))
    else:
        kilograms = kilograms_of_stones(*_two(fields, "st", "lb", POUNDS_PER_STONE, BAD_WEIGHT))
    if not LEAST_KG <= kilograms <= MOST_KG:
        raise Invalid(BAD_WEIGHT, code="kg" if system is System.METRIC else "st")
    return Measure(kilograms, system)


def _consent(question: Question, fields: Fields) -> str | None:
    del question
    return YES if fields.get("agree") == YES else None


READERS: Mapping[AnswerKind, Callable[[Question, Fields], Answer | None]] = {
    AnswerKind.TEXT: _text,
    AnswerKind.LONG_TEXT: _text,
    AnswerKind.NUMBER: _number,
    AnswerKind.ONE: _one,
    AnswerKind.SEVERAL: _several,
    AnswerKind.DATE: _date,
    AnswerKind.HEIGHT: _height,
    AnswerKind.WEIGHT: _weight,
    AnswerKind.CONSENT: _consent,
}


def _one_way(fields: Fields, metric: str, imperial: tuple[str, str], both: str) -> System:
    if metric in fields and any(name in fields for name in imperial):
        raise Invalid(both, code=metric)
    return System.METRIC if metric in fields else System.IMPERIAL


def _two(fields: Fields, big: str, small: str, per_big: int, sentence: str) -> tuple[Decimal, Decimal]:
    """Read feet and inches, or stones and pounds; the small ones may stand alone, and are fewer than a big one where they do not."""
    bigs, smalls = _decimal(fields, big, sentence), _decimal(fields, small, sentence)
    if bigs != bigs.to_integral_value():
        raise Invalid(sentence, code=big)
    if big in fields and smalls >= per_big:
        raise Invalid(sentence, code=small)
    return bigs, rounded(smalls, TENTH)


def _decimal(fields: Fields, name: str, sentence: str) -> Decimal:
    """Read a number, with a point or a comma before what is less than one; what is left out is nothing."""
    text = fields.get(name, "0").replace(",", ".")
    if not NUMBER.fullmatch(text) or (name != "number" and text.startswith("-")):
        raise Invalid(sentence, code=name)
    return Decimal(text) + 0  # no minus in front of nothing


def fields_of(question: Question, answer: Answer) -> dict[str, str]:
    """Return the fields in which the answer would have been written, in the measures in which it was."""
    if isinstance(answer, Measure):
        return _fields_of_measure(question.kind, answer)
    if isinstance(answer, tuple):
        return {f"o{place}": "1" for place, option in enumerate(question.options) if option in answer}
    if question.kind is AnswerKind.ONE:
        return {"choice": str(question.options.index(answer))}
    if question.kind is AnswerKind.DATE:
        year, month, day = answer.split("-")
        return {"day": str(int(day)), "month": str(int(month)), "year": year}
    return {fields_named(question)[0]: answer}


def _fields_of_measure(kind: AnswerKind, measure: Measure) -> dict[str, str]:
    height = kind is AnswerKind.HEIGHT
    if measure.system is System.METRIC:
        return {"cm": str(plain(centimetres(measure.si)))} if height else {"kg": str(plain(measure.si))}
    big, small = feet_inches(measure.si, TENTH) if height else stones_pounds(measure.si, TENTH)
    return {"ft": str(big), "inch": str(small)} if height else {"st": str(big), "lb": str(small)}


def packed_answer(answer: Answer) -> Any:
    """Return what JSON can hold; `unpacked_answer` is its inverse."""
    if isinstance(answer, Measure):
        return {"si": str(answer.si), "system": answer.system.value}
    return list(answer) if isinstance(answer, tuple) else answer


def unpacked_answer(found: Any) -> Answer:
    if isinstance(found, dict):
        return Measure(Decimal(found["si"]), System(found["system"]))
    return tuple(found) if isinstance(found, list) else str(found)
