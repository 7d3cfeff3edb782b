"""Who a patient is, as it is written into a form and kept: pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date

from server.core.marking import _
from server.errors import Invalid

EARLIEST = date(1890, 1, 1)
LONGEST = {
    "gender": 100,
    "address": 500,
    "gp_name": 200,
    "gp_practice": 300,
    "title": 40,
    "birth_name": 200,
    "marital_status": 100,
    "previous_address": 500,
    "employment": 300,
}
FOR_REPORTS = frozenset({"title", "birth_name", "marital_status", "previous_address", "employment"})
NHS_DIGITS = 10

WRONG = {
    "born_on": _("Please write the date of birth as a day that has been."),
    "gender": _("This is too long. Please shorten it to 100 letters."),
    "address": _("This is too long. Please shorten it to 500 letters."),
    "gp_name": _("This is too long. Please shorten it to 200 letters."),
    "gp_practice": _("This is too long. Please shorten it to 300 letters."),
    "title": _("This is too long. Please shorten it to 40 letters."),
    "birth_name": _("This is too long. Please shorten it to 200 letters."),
    "marital_status": _("This is too long. Please shorten it to 100 letters."),
    "previous_address": _("This is too long. Please shorten it to 500 letters."),
    "employment": _("This is too long. Please shorten it to 300 letters."),
    "nhs_number": _("This is no NHS number: one digit is missing or not right. It has ten digits. You can leave it out."),
}


@dataclass(frozen=True)
class Particulars:
    """Every field may be empty. `born_on` is ISO 8601; `nhs_number` has ten digits; `gender` is in the patient's own words.

    What stands in `FOR_REPORTS` nobody needs for treatment; a solicitor or an insurer asks for it. `birth_name` is any name from before.
    """

    born_on: str = ""
    gender: str = ""
    address: str = ""
    gp_name: str = ""
    gp_practice: str = ""
    nhs_number: str = ""
    title: str = ""
    birth_name: str = ""
    marital_status: str = ""
    previous_address: str = ""
    employment: str = ""

    @property
    def for_reports(self) -> bool:
        """Whether there is something that only reports and legal matters ask for."""
        return any(getattr(self, name) for name in FOR_REPORTS)

    @property
    def spoken_nhs_number(self) -> str:
        """As it is printed: 943 476 5919."""
        return " ".join(part for part in (self.nhs_number[:3], self.nhs_number[3:6], self.nhs_number[6:]) if part)

    @property
    def birthday(self) -> date | None:
        return date.fromisoformat(self.born_on) if self.born_on else None


NAMES = tuple(field.name for field in fields(Particulars))


def read_particulars(form: Mapping[str, str], today: date) -> Particulars:
    """Read the form; raises `Invalid` with the field as its code."""
    given = {name: form.get(name, "").strip() for name in NAMES}
    given["born_on"] = _birth(given["born_on"], today)
    given["nhs_number"] = nhs_number(given["nhs_number"])
    long = next((name for name, most in LONGEST.items() if len(given[name]) > most), None)
    if long is not None:
        raise Invalid(WRONG[long], code=long)
    return Particulars(**given)


def carried_over(typed: Mapping[str, str], seen: Particulars, now: Particulars) -> dict[str, str]:
    """Return what a form shows that was written on what was `seen`: what its writer changed, and else what stands there by now."""
    changed = {name: typed.get(name, "") for name in NAMES if typed.get(name, "") != getattr(seen, name)}
    return asdict(now) | changed


def packed(particulars: Particulars) -> dict[str, str]:
    return {name: text for name, text in asdict(particulars).items() if text}


def unpacked(kept: Mapping[str, str]) -> Particulars:
    return Particulars(**{name: kept.get(name, "") for name in NAMES})


def nhs_number(text: str) -> str:
    """Return the ten digits, or nothing for nothing; raises `Invalid` where the last one does not fit to the others (modulus 11)."""
    digits = "".join(text.split()).replace("-", "")
    if not digits:
        return ""
    if len(digits) != NHS_DIGITS or not (digits.isascii() and digits.isdecimal()) or int(digits[-1]) != _check_digit(digits):
        raise Invalid(WRONG["nhs_number"], code="nhs_number")
    return digits


def _check_digit(digits: str) -> int:
    """Return 10 where no digit would fit."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11


def _birth(text: str, today: date) -> str:
    if not text:
        return ""
    try:
        born = date.fromisoformat(text)
    except ValueError:
        raise Invalid(WRONG["born_on"], code="born_on") from None
    if not EARLIEST <= born <= today:
        raise Invalid(WRONG["born_on"], code="born_on")
    return born.isoformat()
