"""What a professional says about a service, and about hours: checked here, whichever page it comes from; pure."""

import re
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from server.booking.grains import GRAIN_MIN
from server.booking.model import Pays
from server.core.marking import _
from server.errors import Invalid

GRIDS = (5, 10, 15, 20, 30, 60)
NOTICES = (0, 60, 120, 240, 720, 1440, 2880, 10080)
UNTIL = (0, 60, 120, 240, 720, 1440, 2880, 10080)
HORIZONS = (7, 14, 28, 56, 91, 182, 366)
PERCENTS = (0, 25, 50, 75, 100)
CURRENCIES = ("GBP", "EUR", "USD")
MAX_NAME, MAX_ABOUT, MAX_PRICE_MINOR = 120, 1000, 1_000_000
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
PRICE = re.compile(r"(\d{1,5})(?:[.,](\d{2}))?")

NO_NAME = _("Please give the service a name of up to 120 letters.")
LONG_ABOUT = _("Please describe the service in up to 1,000 letters.")
BAD_LENGTH = _("The length is 5 to 240 minutes, in steps of five.")
BAD_BUFFER = _("A pause is 0 to 60 minutes, in steps of five.")
BAD_PRICE = _("Please write the price as 45 or 45.50, up to 10,000.")
BAD_CHOICE = _("Please choose one of the values of the list.")
BAD_CLOCK = _("Please write times as 09:00, in steps of five minutes; 24:00 is the end of the day.")
HALF_CLOCK = _("Please write both when the hours begin and when they end.")
TURNED = _("The hours must end after they begin.")
OVERLAP = _("These hours overlap. Please write each time of the day once.")


@dataclass(frozen=True)
class Terms:
    """What can be said about a service, besides who gives it. Times are in minutes, the price in the currency's smallest unit."""

    name: str
    about: str
    length_min: int
    buffer_before_min: int
    buffer_after_min: int
    price_minor: int
    currency: str
    pays: Pays
    late_fee_percent: int | None
    no_show_fee_percent: int
    grid_min: int
    notice_min: int
    horizon_days: int
    cancel_until_min: int
    move_until_min: int
    questionnaire_id: UUID | None = None

    def checked(self) -> "Terms":
        """Return them; raises `Invalid` with the field as its code."""
        _refuse(not 1 <= len(self.name) <= MAX_NAME, NO_NAME, "name")
        _refuse(len(self.about) > MAX_ABOUT, LONG_ABOUT, "about")
        _refuse(self.length_min not in range(5, 241, GRAIN_MIN), BAD_LENGTH, "length_min")
        for field in ("buffer_before_min", "buffer_after_min"):
            _refuse(getattr(self, field) not in range(0, 61, GRAIN_MIN), BAD_BUFFER, field)
        _refuse(not 0 <= self.price_minor <= MAX_PRICE_MINOR, BAD_PRICE, "price")
        for field, choices in CHOICES.items():
            _refuse(getattr(self, field) not in choices, BAD_CHOICE, field)
        return self


CHOICES: dict[str, tuple[object, ...]] = {
    "currency": CURRENCIES,
    "pays": tuple(Pays),
    "late_fee_percent": (None, *PERCENTS),
    "no_show_fee_percent": PERCENTS,
    "grid_min": GRIDS,
    "notice_min": NOTICES,
    "horizon_days": HORIZONS,
    "cancel_until_min": UNTIL,
    "move_until_min": UNTIL,
}


def _refuse(wrong: bool, sentence: str, field: str) -> None:  # noqa: FBT001 - reads as a sentence
    if wrong:
        raise Invalid(sentence, code=field)


def price_of(text: str) -> int:
    """Return pounds and pence as pence; nothing is free. Raises `Invalid`."""
    found = PRICE.fullmatch(text or "0")
    if found is None:
        raise Invalid(BAD_PRICE, code="price")
    return int(found[1]) * 100 + int(found[2] or 0)


def price_text(minor: int) -> str:
    """Return 4550 as `45.50`, as `price_of` reads it; people are shown `server.web.amounts.price_words`."""
    return f"{minor // 100}.{minor % 100:02}"


def minutes_of(text: str) -> int:
    """Return `09:30` as minutes of the day; raises `Invalid`."""
    if not CLOCK.fullmatch(text) or int(text[3:]) % GRAIN_MIN:
        raise Invalid(BAD_CLOCK, code="hours")
    return int(text[:2]) * 60 + int(text[3:])


def clock_of(minutes: int) -> str:
    """Return 570 as `09:30`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def stretches_of(pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Return the hours of a day in their order, empty lines left out; raises `Invalid`."""
    if any(bool(begins) != bool(ends) for begins, ends in pairs):
        raise Invalid(HALF_CLOCK, code="hours")
    found = sorted((minutes_of(begins), minutes_of(ends)) for begins, ends in pairs if begins)
    if any(begins >= ends for begins, ends in found):
        raise Invalid(TURNED, code="hours")
    if any(earlier[1] > later[0] for earlier, later in pairwise(found)):
        raise Invalid(OVERLAP, code="hours")
    return found
