"""Amounts of money as people read them; pure."""

import re
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

from server.web.i18n import Language

AMOUNT = re.compile(r"([0-9]{1,9})(?:\.([0-9]+))?")


def price_words(language: Language, minor: int, currency: str) -> str:
    """Return `£40.00` for 4,000 of the smallest unit of GBP, and `Free` for nothing."""
    _ = language.text
    return amount_words(language, minor, currency) if minor else _("Free")


def amount_words(language: Language, minor: int, currency: str) -> str:
    """Return the same where nothing is nothing, as in accounts."""
    return format_currency(Decimal(minor).scaleb(-get_currency_precision(currency)), currency, locale=language.locale)


def plain_amount(minor: int, currency: str) -> str:
    """Return 4,500 of the smallest unit of GBP as `45.00`, of JPY as `4500`, of KWD as `4.500`: for forms and files."""
    digits = get_currency_precision(currency)
    whole, rest = divmod(minor, 10**digits)
    return f"{whole}.{rest:0{digits}}" if digits else str(whole)


def minor_of(text: str, currency: str) -> int | None:
    """Return an amount that somebody typed in the smallest unit; None for what is no plain amount of this currency.

    A comma is taken for the point only where three digits cannot follow it, so that nobody's thousands become ones.
    """
    digits: int = get_currency_precision(currency)
    found = AMOUNT.fullmatch(text.replace(",", ".") if digits < 3 else text)
    if found is None or len(found[2] or "") > digits:
        return None
    return int(found[1] + (found[2] or "").ljust(digits, "0"))
