"""The tables of a month as files: amounts as plain numbers, never below nothing, so that no sheet takes one for a formula.

Headings are in the reader's language; programs go by the order of the columns, which is the same for everybody.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from server.billing.books import Entry
from server.billing.model import Charge, LedgerLine
from server.core.marking import _
from server.web.amounts import plain_amount
from server.web.i18n import Language

MONTH_HEADS = (
    _("date"), _("time"), _("receipt"), _("service"), _("professional"), _("patient"), _("state"), _("currency"), _("charged"), _("paid"),
    _("refunded"), _("on its way back"), _("disputed"), _("kept"), _("sandbox"),
)  # fmt: skip
FEE_HEADS = (
    _("date"), _("time"), _("professional"), _("service"), _("charge"), _("currency"), _("fee"), _("fee given back"), _("sandbox"),
)  # fmt: skip


def month_rows(entries: Sequence[Entry], zone: str, language: Language) -> list[Sequence[str]]:
    return [_heads(MONTH_HEADS, language), *(_month_row(entry, zone) for entry in reversed(entries))]


def fee_rows(lines: Sequence[tuple[LedgerLine, Charge, str]], zone: str, language: Language) -> list[Sequence[str]]:
    return [_heads(FEE_HEADS, language), *(_fee_row(line, charge, name, zone) for line, charge, name in lines)]


def _heads(heads: Sequence[str], language: Language) -> Sequence[str]:
    return [language.text(head) for head in heads]


def _month_row(entry: Entry, zone: str) -> Sequence[str]:
    charge, at = entry.charge, entry.at.astimezone(ZoneInfo(zone))
    amounts = (charge.minor, entry.paid_minor, entry.refunded_minor, entry.returning_minor, entry.disputed_minor, max(entry.kept_minor, 0))
    return [
        at.date().isoformat(),
        at.strftime("%H:%M"),
        entry.receipt.numbered if entry.receipt else "",
        charge.title,
        entry.professional,
        entry.name or "",
        "disputed" if charge.disputed_at else str(charge.state),
        charge.currency,
        *(plain_amount(minor, charge.currency) for minor in amounts),
        "SANDBOX" if entry.sandbox else "",
    ]


def _fee_row(line: LedgerLine, charge: Charge, name: str, zone: str) -> Sequence[str]:
    at = line.at.astimezone(ZoneInfo(zone))
    amounts = (max(line.minor, 0), max(-line.minor, 0))
    return [
        at.date().isoformat(),
        at.strftime("%H:%M"),
        name,
        charge.title,
        str(charge.id),
        charge.currency,
        *(plain_amount(minor, charge.currency) for minor in amounts),
        "SANDBOX" if charge.provider == "sandbox" else "",
    ]
