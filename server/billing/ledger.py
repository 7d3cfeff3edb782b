"""Double entry: what each fact about money adds to the ledger. Each entry sums to zero; pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Account(StrEnum):
    """Whose money: of those who pay, of the professional, of the platform, or held back by the provider while it is disputed.

    A line is what the account gets; less than nothing is what it gives.
    """

    PATIENT = "patient"
    MERCHANT = "merchant"
    PLATFORM_FEE = "platform_fee"
    DISPUTED = "disputed"


class Line(NamedTuple):
    account: Account
    minor: int


Entry = Sequence[Line]


def fee_share(fee_minor: int, part_minor: int, whole_minor: int) -> int:
    """Return how much of the platform's fee belongs to a part of a charge, rounded down."""
    return fee_minor * part_minor // whole_minor if whole_minor else 0


def payment(minor: int, fee_minor: int) -> Entry:
    return _entry(Line(Account.PATIENT, -minor), Line(Account.MERCHANT, minor - fee_minor), Line(Account.PLATFORM_FEE, fee_minor))


def refund(minor: int, fee_minor: int) -> Entry:
    """Give `minor` back to the patient; `fee_minor` of it comes from the platform, the rest from the professional."""
    return turned(payment(minor, fee_minor))


def dispute_opened(minor: int) -> Entry:
    return _entry(Line(Account.MERCHANT, -minor), Line(Account.DISPUTED, minor))


def dispute_won(minor: int) -> Entry:
    return turned(dispute_opened(minor))


def dispute_lost(minor: int) -> Entry:
    return _entry(Line(Account.DISPUTED, -minor), Line(Account.PATIENT, minor))


def turned(entry: Entry) -> Entry:
    """Return what undoes an entry."""
    return [Line(line.account, -line.minor) for line in entry]


def _entry(*lines: Line) -> Entry:
    return [line for line in lines if line.minor]
