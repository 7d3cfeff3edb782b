"""A line of the clinical background, as it is written into a form and kept: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from server.core.marking import _
from server.errors import Invalid

LONGEST_LINE = 300  # of an allergy or a medicine
LONGEST_HISTORY = 6000
LONGEST_GIVER = 200
LONGEST_REPLY = 1000


class Kind(StrEnum):
    """`particulars` are who somebody is; the others are clinical."""

    PARTICULARS = "particulars"
    ALLERGY = "allergy"
    MEDICATION = "medication"
    HISTORY = "history"


CLINICAL = (Kind.ALLERGY, Kind.MEDICATION, Kind.HISTORY)


class Source(StrEnum):
    """Who said it; `doctor`: somebody outside of the practice, who is named."""

    PATIENT = "patient"
    PROFESSIONAL = "professional"
    DOCTOR = "doctor"


WRONG = {
    "text": _("Please write something."),
    "text_long": _("This text is too long. Please shorten it."),
    "on": _("Please write the date as a day that has been, or leave it out."),
    "source": _("Please choose who said it."),
    "giver": _("Please write which doctor it came from."),
    "giver_long": _("This name is too long. Please shorten it to 200 letters."),
    "kind": _("Please choose what it is."),
    "reply": _("Please write an answer for the patient."),
    "reply_long": _("This answer is too long. Please shorten it to 1,000 letters."),
}
FIELD_OF = {"text_long": "text", "giver_long": "giver", "reply_long": "reply"}


@dataclass(frozen=True)
class Told:
    """What was said, since or of which day (ISO 8601, may be empty), and the name of the doctor whom it came from, if it did."""

    text: str
    on: str = ""
    giver: str = ""

    @property
    def day(self) -> date | None:
        return date.fromisoformat(self.on) if self.on else None


def read_kind(form: Mapping[str, str]) -> Kind:
    """Return which list it belongs to; raises `Invalid`."""
    kind = next((kind for kind in CLINICAL if kind == form.get("kind")), None)
    if kind is None:
        raise Invalid(WRONG["kind"], code="kind")
    return kind


def read_source(form: Mapping[str, str]) -> Source:
    source = next((source for source in Source if source == form.get("source")), None)
    if source is None:
        raise Invalid(WRONG["source"], code="source")
    return source


def read_told(form: Mapping[str, str], kind: Kind, source: Source, today: date) -> Told:
    """Read the form; raises `Invalid` with what is wrong as its code, see `FIELD_OF`."""
    told = Told(form.get("text", ""), _day(form.get("on", ""), today), form.get("giver", "") if source is Source.DOCTOR else "")
    most = LONGEST_HISTORY if kind is Kind.HISTORY else LONGEST_LINE
    faults = {
        "text": not told.text,
        "text_long": len(told.text) > most,
        "giver": source is Source.DOCTOR and not told.giver,
        "giver_long": len(told.giver) > LONGEST_GIVER,
    }
    fault = next((code for code, there in faults.items() if there), None)
    if fault is not None:
        raise Invalid(WRONG[fault], code=fault)
    return told


def read_reply(form: Mapping[str, str]) -> str:
    reply = form.get("reply", "")
    if not reply:
        raise Invalid(WRONG["reply"], code="reply")
    if len(reply) > LONGEST_REPLY:
        raise Invalid(WRONG["reply_long"], code="reply_long")
    return reply


def packed(told: Told) -> dict[str, str]:
    return {"text": told.text, "on": told.on, "giver": told.giver}


def unpacked(kept: Mapping[str, str]) -> Told:
    return Told(kept.get("text", ""), kept.get("on", ""), kept.get("giver", ""))


def _day(text: str, today: date) -> str:
    if not text:
        return ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid(WRONG["on"], code="on") from None
    if day > today:
        raise Invalid(WRONG["on"], code="on")
    return day.isoformat()


@dataclass(frozen=True)
class Fault:
    """What was wrong with what was `given` in the form `form`, which names a section or an entry."""

    form: str
    code: str
    given: Mapping[str, str] = field(default_factory=dict)
