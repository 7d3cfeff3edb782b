"""What a plan of an erasure says to the person and to the reviewer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from server.core.holdings import Fate, Holding
from server.core.marking import _
from server.privacy.erasure_plan import Line, Why
from server.privacy.registry import HOLDINGS
from server.web.i18n import Language

BY_NAME = {holding.name: holding for holding in HOLDINGS}
WHYS: Mapping[Why, str] = {
    Why.ASKED: "",
    Why.HOLD: _("It is held back for a legal claim or an inquiry, and nothing of it may go before that is over."),
    Why.LAW: "",  # the holding says which law
    Why.PROFESSIONAL: _("The professional who treats you has decided that it must be kept."),
    Why.PENDING: _("The professional who treats you decides about this part."),
    Why.RECORD: "",
}
STAFF: Mapping[Why, str] = {
    **WHYS,
    Why.PROFESSIONAL: _("A professional who treats the patient has decided that it must be kept."),
    Why.PENDING: _("A professional who treats the patient has not answered for this part yet."),
}
BLANKED = _("What remains says that it was there, without your name and without a text.")


class Told(NamedTuple):
    """One line in the reader's language; `until` is when it may go, None where no years are counted."""

    words: str
    rows: int
    goes: bool
    why: str
    until: datetime | None


def told(language: Language, lines: Sequence[Line], whys: Mapping[Why, str] = WHYS) -> list[Told]:
    """Return the lines for the patient, or with `STAFF` for whoever decides about them."""
    return [_told(language, line, _why(line, BY_NAME[line.thing.name], whys)) for line in lines]


def _told(language: Language, line: Line, why: str) -> Told:
    holding = BY_NAME[line.thing.name]
    return Told(language.text(holding.words), line.thing.rows, line.goes, language.text(why) if why else "", line.until)


def _why(line: Line, holding: Holding, whys: Mapping[Why, str]) -> str:
    if line.goes:
        return BLANKED if any(part.fate is not Fate.DELETE and not part.technical for part in holding.parts) else ""
    return whys[line.why] or holding.why
