"""Who a patient is, and a line of their background, as they come from a form."""

from dataclasses import asdict
from datetime import date

import pytest

from server.errors import Invalid
from server.patients.particulars import Particulars, carried_over, nhs_number, packed, read_particulars, unpacked
from server.patients.telling import FIELD_OF, WRONG, Kind, Source, Told, read_kind, read_reply, read_source, read_told

pytestmark = [pytest.mark.row("N8"), pytest.mark.row("P6")]

TODAY = date(2026, 3, 2)
GOOD = {
    "born_on": "1980-02-29",
    "gender": "Non-binary",
    "address": "1 High Street\nAnytown",
    "gp_name": "Dr Gale",
    "gp_practice": "The Surgery",
    "nhs_number": "943 476 5919",
    "title": "Ms",
    "birth_name": "Dana Dale",
    "marital_status": "Married",
    "previous_address": "2 Low Street",
    "employment": "Nurse",
}


def test_everything_may_be_left_out() -> None:
    assert read_particulars({}, TODAY) == Particulars()
    assert packed(Particulars()) == {}
    assert Particulars().birthday is None
    assert not Particulars(gender="woman").for_reports
    assert Particulars(employment="Nurse").for_reports


def test_what_was_written_comes_back() -> None:
    who = read_particulars(GOOD, TODAY)
    assert unpacked(packed(who)) == who
    assert (who.nhs_number, who.spoken_nhs_number, who.birthday) == ("9434765919", "943 476 5919", date(1980, 2, 29))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("born_on", "2026-03-03"), ("born_on", "1889-12-31"), ("born_on", "1980-02-30"), ("born_on", "yesterday"), ("gender", "x" * 101),
        ("address", "x" * 501), ("gp_name", "x" * 201), ("gp_practice", "x" * 301), ("nhs_number", "9434765918"),
        ("title", "x" * 41), ("birth_name", "x" * 201), ("marital_status", "x" * 101), ("previous_address", "x" * 501),
        ("employment", "x" * 301),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(field: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_particulars({**GOOD, field: text}, TODAY)
    assert refused.value.code == field


@pytest.mark.parametrize("text", ["9434765919", " 943-476-5919 ", "4010232137", "5990128088"])
def test_nhs_numbers_with_a_check_digit_that_fits(text: str) -> None:
    assert len(nhs_number(text)) == 10


@pytest.mark.parametrize("text", ["1", "94347659190", "943476591A", "٩٤٣٤٧٦٥٩١٩", "9434765910", "1000000010"])
def test_nhs_numbers_that_are_none(text: str) -> None:
    with pytest.raises(Invalid):
        nhs_number(text)


def test_one_changed_digit_is_found() -> None:
    whole = "9434765919"
    for place in range(9):
        for digit in set("0123456789") - {whole[place]}:
            with pytest.raises(Invalid):
                nhs_number(whole[:place] + digit + whole[place + 1 :])


def test_a_line_is_read() -> None:
    form = {"text": "Penicillin: rash", "on": "2020-01-01", "giver": "Dr Gale"}
    assert read_told(form, Kind.ALLERGY, Source.DOCTOR, TODAY) == Told("Penicillin: rash", "2020-01-01", "Dr Gale")
    assert read_told(form, Kind.ALLERGY, Source.PATIENT, TODAY).giver == ""
    assert read_told({"text": "Mumps"}, Kind.HISTORY, Source.PATIENT, TODAY).day is None


@pytest.mark.parametrize(
    ("changed", "kind", "code"),
    [
        ({"text": ""}, Kind.ALLERGY, "text"), ({"text": "x" * 301}, Kind.MEDICATION, "text_long"),
        ({"text": "x" * 6001}, Kind.HISTORY, "text_long"), ({"on": "2026-03-03"}, Kind.ALLERGY, "on"), ({"on": "x"}, Kind.ALLERGY, "on"),
        ({"giver": ""}, Kind.HISTORY, "giver"), ({"giver": "x" * 201}, Kind.HISTORY, "giver_long"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_line_is_named(changed: dict[str, str], kind: Kind, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_told({"text": "Fine", "on": "", "giver": "Dr Gale", **changed}, kind, Source.DOCTOR, TODAY)
    assert refused.value.code == code
    assert FIELD_OF.get(code, code) in {"text", "on", "giver"}
    assert WRONG[code]


def test_choices_and_answers() -> None:
    assert read_kind({"kind": "allergy"}) is Kind.ALLERGY
    assert read_source({"source": "doctor"}) is Source.DOCTOR
    assert read_reply({"reply": "It is right."}) == "It is right."
    for read, form in (
        (read_kind, {"kind": "particulars"}),
        (read_source, {"source": "rumour"}),
        (read_reply, {}),
        (read_reply, {"reply": "x" * 1001}),
    ):
        with pytest.raises(Invalid):
            read(form)


def test_what_was_changed_is_carried_over_and_nothing_else() -> None:
    seen, now = Particulars(gender="woman", address="1 High Street", gp_name="Dr Gale"), Particulars(gender="man", gp_name="Dr Gale")
    typed = {"gender": "woman", "address": "2 Low Road", "gp_name": ""}
    assert carried_over(typed, seen, now) == {**asdict(now), "address": "2 Low Road", "gp_name": ""}
