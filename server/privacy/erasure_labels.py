"""What a plan of an erasure says to the person and to the reviewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from server.core.holdings import Fate
from server.core.marking import _
from server.privacy.erasure_plan import Line, Why
from server.privacy.erasure_words import STAFF_WORDS, Words
from server.privacy.registry import HOLDINGS
from server.web.i18n import Language

BY_NAME = {holding.name: holding for holding in HOLDINGS}


@dataclass(frozen=True)
class Voice:
    """How somebody is told: what the holdings are called, why one or a name stays that no holding explains, and what is left of others."""

    holdings: Mapping[str, Words]
    whys: Mapping[Why, str]
    blanked: str


PATIENT = Voice(
    {holding.name: Words(holding.words, holding.why) for holding in HOLDINGS},
    {
        Why.NAMED: _("Your name stays, because records say who wrote in them, looked at them or acted for a patient."),
        Why.HOLD: _("It is held back for a legal claim or an inquiry, and nothing of it may go before that is over."),
        Why.PROFESSIONAL: _("The professional who treats you has decided that it must be kept."),
        Why.PENDING: _("The professional who treats you decides about this part."),
        Why.CHILD: _("You were a child when you first came, or gave no date of birth: such a record is kept until a birthday."),
        Why.UNKNOWN: _("The date of birth cannot be opened at the moment. Until it can, nobody knows how long the law keeps this part."),
    },
    _("What remains says that it was there, without your name and without a text."),
)
STAFF = Voice(
    STAFF_WORDS,
    {
        **PATIENT.whys,
        Why.NAMED: _("The patient's name stays where they acted for somebody else, because that person's record says who acted."),
        Why.PROFESSIONAL: _("A professional who treats the patient has decided that it must be kept."),
        Why.PENDING: _("A professional who treats the patient has not answered for this part yet."),
        Why.CHILD: _("The patient was a child at the first contact, or gave no date of birth: such a record is kept until a birthday."),
    },
    _("What remains says that it was there, without the patient's name and without a text."),
)


class Told(NamedTuple):
    """One line in the reader's language; `until` is when it may go, None where no years are counted."""

    words: str
    rows: int
    goes: bool
    why: str
    until: datetime | None


def told(language: Language, lines: Sequence[Line], voice: Voice = PATIENT) -> list[Told]:
    """Return the lines for the patient, or as `STAFF` for whoever decides about them."""
    return [_told(language, line, voice) for line in lines]


def _told(language: Language, line: Line, voice: Voice) -> Told:
    words, why = voice.holdings[line.thing.name], _why(line, voice)
    return Told(language.text(words.what), line.thing.rows, line.goes, language.text(why) if why else "", line.until)


def _why(line: Line, voice: Voice) -> str:
    if line.goes and line.why not in voice.whys:
        blanked = any(part.fate is not Fate.DELETE and not part.technical for part in BY_NAME[line.thing.name].parts)
        return voice.blanked if blanked else ""
    return voice.whys.get(line.why) or voice.holdings[line.thing.name].why
