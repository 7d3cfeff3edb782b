"""What part of an amount is VAT: prices include it, and it is rounded once, half a unit up; pure."""

import re
from enum import StrEnum
from typing import NamedTuple

from server.core.marking import _
from server.errors import Invalid

WHOLE = 10_000  # a rate is in hundredths of a per cent: 20 % is 2,000
RATE = re.compile(r"([0-9]{1,2})(?:[.,]([0-9]{1,2}))?|100")
BAD_RATE = _("Please write the rate in per cent, as 20 or 5.5; leave it empty for what is exempt.")


class VatKind(StrEnum):
    """What a practice says about VAT: it is not registered, its care is exempt, or a service has a rate."""

    NOT_REGISTERED = "not_registered"
    EXEMPT = "exempt"
    RATED = "rated"


class Split(NamedTuple):
    """An amount as it is paid, and the VAT in it, in the smallest unit."""

    gross_minor: int
    vat_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.vat_minor


def split(gross_minor: int, rate: int) -> Split:
    """Return the VAT that a price holds at a rate."""
    return Split(gross_minor, _rounded(gross_minor * rate, WHOLE + rate))


def part_of(whole: Split, before: Split, minor: int) -> Split:
    """Return the VAT in a part that is given back after those `before`: all parts together hold just the VAT of the whole."""
    up_to = _rounded(whole.vat_minor * (before.gross_minor + minor), whole.gross_minor) if whole.gross_minor else 0
    return Split(minor, min(max(up_to - before.vat_minor, 0), minor))


def rate_of(text: str) -> int | None:
    """Return `20` or `5.5` per cent in hundredths of a per cent; nothing is None. Raises `Invalid`."""
    if not text:
        return None
    found = RATE.fullmatch(text)
    if found is None:
        raise Invalid(BAD_RATE, code="rate")
    return WHOLE if found[1] is None else int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def rate_text(rate: int | None) -> str:
    """Return 550 as `5.5`, as `rate_of` reads it."""
    if rate is None:
        return ""
    hundredths = f"{rate % 100:02}".rstrip("0")
    return f"{rate // 100}.{hundredths}" if hundredths else str(rate // 100)


def _rounded(amount: int, by: int) -> int:
    return (2 * amount + by) // (2 * by)
