"""Amounts of money as people read them; pure."""

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

from server.web.i18n import Language


def price_words(language: Language, minor: int, currency: str) -> str:
    """Return `£40.00` for 4,000 of the smallest unit of GBP, and `Free` for nothing."""
    if minor == 0:
        return language.text("Free")
    return format_currency(Decimal(minor).scaleb(-get_currency_precision(currency)), currency, locale=language.locale)
