"""The tables of a month as files: amounts as plain numbers, never below nothing, so that no sheet takes one for a formula.

Headings are in English, the same for every reader: programs read them.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from server.billing.books import Entry
from server.billing.model import Charge, LedgerLine
from server.web.amounts import plain_amount

MONTH_HEADS = (
    "date", "time", "receipt", "service", "professional", "patient", "state", "currency", "charged", "paid", "refunded", "on its way back",
    "disputed", "kept", "sandbox",
)  # fmt: skip
FEE_HEADS = ("date", "time", "professional", "service", "charge", "currency", "fee", "fee given back", "sandbox")


def month_rows(entries: Sequence[Entry], zone: str) -> list[Sequence[str]]:
    return [MONTH_HEADS, *(_month_row(entry, zone) for entry in reversed(entries))]


def fee_rows(lines: Sequence[tuple[LedgerLine, Charge, str]], zone: str) -> list[Sequence[str]]:
    return [FEE_HEADS, *(_fee_row(line, charge, name, zone) for line, charge, name in lines)]


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
