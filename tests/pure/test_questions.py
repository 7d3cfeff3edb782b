"""Questions, what is written into their fields, and the answers that it comes to."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Invalid
from server.patients.answer_words import bmi_words, height_words, lines_of, weight_words
from server.patients.answering import (
    LONGEST_TEXT,
    Answer,
    answer_of,
    answers_of,
    draft_of,
    faults_of,
    fields_of,
    packed_answer,
    taken_over,
    typed,
    unpacked_answer,
)
from server.patients.measures import Measure, System, body_mass_index, feet_inches, metres_of_feet, stones_pounds
from server.patients.questions import USUAL, AnswerKind, Question, checked_name, options_of, packed, unpacked
from server.web.i18n import ENGLISH

pytestmark = pytest.mark.row("B5")

Q = {
    "text": Question("a", AnswerKind.TEXT, "Work?"),
    "long": Question("b", AnswerKind.LONG_TEXT, "Troubles?"),
    "number": Question("c", AnswerKind.NUMBER, "Sleep?", unit="hours", low="0", high="24"),
    "one": Question("d", AnswerKind.ONE, "Smoke?", options=("Yes", "No", "Sometimes")),
    "several": Question("e", AnswerKind.SEVERAL, "Where?", options=("Head", "Back", "Knee")),
    "date": Question("f", AnswerKind.DATE, "Since?"),
    "height": Question("g", AnswerKind.HEIGHT, "Height?"),
    "weight": Question("h", AnswerKind.WEIGHT, "Weight?"),
    "consent": Question("i", AnswerKind.CONSENT, "I agree."),
}


def metric(text: str) -> Measure:
    return Measure(Decimal(text), System.METRIC)


def imperial(text: str) -> Measure:
    return Measure(Decimal(text), System.IMPERIAL)


@pytest.mark.parametrize(
    ("name", "fields", "answer"),
    [
        ("text", {"text": "Baker"}, "Baker"),
        ("long", {"text": "Since\nMonday"}, "Since\nMonday"),
        ("number", {"number": "7,50"}, "7.5"),
        ("number", {"number": "-0"}, "0"),
        ("number", {"number": "20"}, "20"),
        ("one", {"choice": "2"}, "Sometimes"),
        ("several", {"o0": "1", "o2": "yes"}, ("Head", "Knee")),
        ("date", {"day": "29", "month": "02", "year": "2024"}, "2024-02-29"),
        ("height", {"cm": "170"}, metric("1.7")),
        ("height", {"cm": "170,5"}, metric("1.705")),
        ("height", {"ft": "5", "inch": "7"}, imperial("1.7018")),
        ("height", {"ft": "6"}, imperial("1.8288")),
        ("height", {"inch": "67"}, imperial("1.7018")),
        ("weight", {"kg": "70"}, metric("70")),
        ("weight", {"st": "11"}, imperial("69.8532")),
        ("weight", {"lb": "154"}, imperial("69.8532")),
        ("consent", {"agree": "yes"}, "yes"),
    ],
)
def test_what_is_written_becomes_an_answer(name: str, fields: Mapping[str, str], answer: Answer) -> None:
    assert answer_of(Q[name], fields) == answer
    assert faults_of([Q[name]], {Q[name].id: fields}) == {}


@pytest.mark.parametrize(
    ("name", "fields", "field"),
    [
        ("text", {}, "text"),
        ("text", {"text": "x" * 201}, "text"),
        ("long", {"text": "x" * (LONGEST_TEXT + 1)}, "text"),
        ("number", {"number": "seven"}, "number"),
        ("number", {"number": "1e2"}, "number"),
        ("number", {"number": "NaN"}, "number"),
        ("number", {"number": "٣"}, "number"),
        ("number", {"number": "25"}, "number"),
        ("number", {"number": "-1"}, "number"),
        ("number", {"number": "1" * 40}, "number"),
        ("one", {"choice": "3"}, "choice"),
        ("one", {"choice": "Yes"}, "choice"),
        ("several", {}, "o0"),
        ("several", {"o9": "1"}, "o0"),
        ("date", {"day": "30", "month": "2", "year": "2024"}, "day"),
        ("date", {"day": "1", "month": "2"}, "day"),
        ("date", {"day": "1", "month": "2", "year": "24"}, "year"),
        ("date", {"day": "²", "month": "2", "year": "2024"}, "day"),
        ("height", {}, "cm"),
        ("height", {"cm": "1.7"}, "cm"),
        ("height", {"cm": "300"}, "cm"),
        ("height", {"cm": "-170"}, "cm"),
        ("height", {"cm": "170", "inch": "1"}, "cm"),
        ("height", {"ft": "5", "inch": "12"}, "inch"),
        ("height", {"ft": "5.5"}, "ft"),
        ("height", {"ft": "99"}, "ft"),
        ("weight", {"kg": "0"}, "kg"),
        ("weight", {"kg": "651"}, "kg"),
        ("weight", {"kg": "70", "lb": "1"}, "kg"),
        ("weight", {"st": "11", "lb": "14"}, "lb"),
        ("consent", {}, "agree"),
        ("consent", {"agree": "no"}, "agree"),
    ],
)
def test_bad_23_what_is_no_answer_names_its_field(name: str, fields: Mapping[str, str], field: str) -> None:
    picked = typed(Q[name], fields)
    with pytest.raises(Invalid) as refused:
        answer_of(Q[name], picked)
    assert refused.value.code == field
    assert faults_of([Q[name]], {Q[name].id: picked}) == {Q[name].id: refused.value.message}


def test_what_need_not_be_answered_may_be_left_out() -> None:
    for one in Q.values():
        optional = Question(**{**vars(one), "required": False})
        assert answer_of(optional, {}) is None
        assert answers_of([optional], {}) == {}


def test_only_the_fields_of_a_question_are_taken() -> None:
    assert typed(Q["long"], {"text": " a\r\nb ", "number": "1", "question": "b"}) == {"text": "a\nb"}
    assert typed(Q["several"], {"o0": "1", "o3": "1"}) == {"o0": "1"}


TENTHS = st.integers(0, 139).map(lambda tenths: str(Decimal(tenths) / 10))
WRITTEN = st.one_of(
    st.tuples(st.just("height"), st.fixed_dictionaries({"cm": st.decimals(30, 280, places=1).map(str)})),
    st.tuples(st.just("height"), st.fixed_dictionaries({"ft": st.integers(1, 8).map(str), "inch": st.integers(0, 11).map(str)})),
    st.tuples(st.just("weight"), st.fixed_dictionaries({"kg": st.decimals(1, 650, places=2).map(str)})),
    st.tuples(st.just("weight"), st.fixed_dictionaries({"st": st.integers(1, 100).map(str), "lb": TENTHS})),
    st.tuples(st.just("number"), st.fixed_dictionaries({"number": st.decimals(0, 24, places=3).map(str)})),
    st.tuples(
        st.just("date"),
        st.dates()
        .filter(lambda day: 1880 <= day.year <= 2200)
        .map(lambda d: {"day": str(d.day), "month": str(d.month), "year": str(d.year)}),
    ),
    st.tuples(st.just("one"), st.fixed_dictionaries({"choice": st.sampled_from("012")})),
    st.tuples(st.just("several"), st.sets(st.sampled_from(["o0", "o1", "o2"]), min_size=1).map(lambda names: dict.fromkeys(names, "1"))),
    st.tuples(st.just("text"), st.text("ab ü😀", min_size=1, max_size=20).map(str.strip).filter(bool).map(lambda text: {"text": text})),
)


@given(WRITTEN)
def test_an_answer_can_be_written_again(written: tuple[str, dict[str, str]]) -> None:
    """What was sent can be changed: its fields hold what means the same, in the measures in which it was written."""
    name, fields = written
    answer = answer_of(Q[name], fields)
    assert answer is not None
    again = fields_of(Q[name], answer)
    assert set(again) == set(fields)
    assert answer_of(Q[name], again) == answer
    assert unpacked_answer(packed_answer(answer)) == answer


@given(st.integers(1, 8), st.integers(0, 11))
def test_feet_and_inches_come_back(feet: int, inches: int) -> None:
    assert feet_inches(metres_of_feet(Decimal(feet), Decimal(inches))) == (feet, inches)


@given(st.decimals("0.3", "2.8", places=4), st.decimals("0.3", "650", places=4))
def test_parts_stay_below_a_whole(metres: Decimal, kilograms: Decimal) -> None:
    assert 0 <= feet_inches(metres)[1] < 12
    assert 0 <= stones_pounds(kilograms)[1] < 14


def test_measures_are_shown_in_both_systems() -> None:
    assert height_words(ENGLISH, Decimal("1.7018")) == "170.2 cm (5 ft 7 in)"
    assert height_words(ENGLISH, Decimal("1.8287")) == "182.9 cm (6 ft 0 in)"
    assert weight_words(ENGLISH, Decimal("69.8532")) == "69.9 kg (11 st 0 lb)"


def test_the_body_mass_index_needs_both() -> None:
    answers = answers_of(USUAL, {"height": {"cm": "170"}, "weight": {"kg": "70"}, "troubles": {"text": "My knee"}})
    assert bmi_words(ENGLISH, USUAL, answers) == "24.2 kg/m²"
    assert bmi_words(ENGLISH, USUAL, {"height": answers["height"]}) is None
    assert body_mass_index(Decimal("1.8288"), Decimal(90)) == Decimal("26.9")


def test_every_kind_has_words() -> None:
    fields = [
        {"text": "Baker"}, {"text": "It\nhurts"}, {"number": "7.1234"}, {"choice": "1"}, {"o0": "1", "o1": "1"},
        {"day": "3", "month": "2", "year": "2026"}, {"cm": "170"}, {"kg": "70"}, {"agree": "yes"},
    ]  # fmt: skip
    questions = tuple(Q.values())
    answers = answers_of(questions, {one.id: written for one, written in zip(questions, fields, strict=True)})
    assert [line.answer for line in lines_of(ENGLISH, questions, answers)] == [
        "Baker", "It\nhurts", "7.1234 hours", "No", "Head\nBack", "3 February 2026", "170 cm (5 ft 7 in)", "70 kg (11 st 0 lb)", "Agreed",
    ]  # fmt: skip
    assert lines_of(ENGLISH, questions, {})[0].answer is None
    assert draft_of(questions, answers) == {one.id: written for one, written in zip(questions, fields, strict=True)}


def test_what_is_taken_over_must_mean_the_same() -> None:
    answers = answers_of(tuple(Q.values())[3:], {
        "d": {"choice": "1"}, "e": {"o0": "1"}, "f": {"day": "1", "month": "1", "year": "2026"}, "g": {"cm": "170"}, "h": {"kg": "70"},
        "i": {"agree": "yes"},
    })  # fmt: skip
    reworded = Question("g", AnswerKind.HEIGHT, "How tall are you now?")
    narrower = Question("d", AnswerKind.ONE, "Smoke?", options=("Yes", "No"))
    new = [narrower, Q["several"], reworded, Q["consent"], Question("z", AnswerKind.TEXT, "New?")]
    assert taken_over(tuple(Q.values()), answers, new) == {"e": {"o0": "1"}, "g": {"cm": "170"}}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, "text"), ({"text": "x" * 301}, "text"), ({"hint": "x" * 501}, "hint"), ({"unit": "x" * 21}, "unit"),
        ({"low": "a"}, "low"), ({"high": "1e9"}, "high"), ({"low": "5", "high": "4"}, "low"),
        ({"kind": AnswerKind.ONE, "options": ("Yes",)}, "options"), ({"kind": AnswerKind.SEVERAL, "options": ("Yes", "Yes")}, "options"),
        ({"kind": AnswerKind.ONE, "options": tuple(map(str, range(21)))}, "options"),
        ({"kind": AnswerKind.ONE, "options": ("Yes", "x" * 121)}, "options"),
    ],
)  # fmt: skip
def test_a_question_has_bounds(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        Question(**{"id": "a", "kind": AnswerKind.NUMBER, "text": "Sleep?", **changes}).checked()  # type: ignore[arg-type]
    assert refused.value.code == field


def test_a_questionnaire_has_a_name() -> None:
    assert checked_name("Before the call") == "Before the call"
    for name in ("", "x" * 121):
        with pytest.raises(Invalid):
            checked_name(name)


def test_questions_are_stored_as_they_are() -> None:
    questions = tuple(one.checked() for one in Q.values())
    assert unpacked(packed(questions)) == questions
    assert options_of(" Yes \r\n\n No ") == ("Yes", "No")
