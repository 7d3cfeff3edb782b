"""What happened to a charge, told from the ledger and from what was asked for: one line each, the oldest first; pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple, Protocol
from uuid import UUID

from server.billing.ledger import Account


class Happened(StrEnum):
    PAID = "paid"
    GIVEN_BACK = "given_back"
    NOT_GIVEN_BACK = "not_given_back"
    HELD = "held"
    RELEASED = "released"
    LOST = "lost"


ORDER = list(Happened)  # of what happened at the same moment


class Booked(Protocol):
    """What is read of a line of the ledger."""

    @property
    def entry_id(self) -> UUID: ...
    @property
    def account(self) -> str: ...
    @property
    def refund_id(self) -> UUID | None: ...
    @property
    def minor(self) -> int: ...
    @property
    def at(self) -> datetime: ...


class Chapter(NamedTuple):
    """One entry of the ledger: what it was, how much it moved, and what of it was the platform's fee."""

    what: Happened
    at: datetime
    minor: int
    fee_minor: int


def tell(lines: Sequence[Booked]) -> list[Chapter]:
    """Return what the entries say, by time."""
    ordered = sorted(lines, key=lambda line: (line.at, line.entry_id))
    chapters = [_chapter(list(entry)) for _, entry in groupby(ordered, key=lambda line: line.entry_id)]
    return sorted(chapters, key=lambda chapter: (chapter.at, ORDER.index(chapter.what)))


def _chapter(entry: list[Booked]) -> Chapter:
    sums = {account: sum(line.minor for line in entry if line.account == account) for account in Account}
    patient, disputed = sums[Account.PATIENT], sums[Account.DISPUTED]
    return Chapter(_what(entry, patient, disputed), entry[0].at, abs(patient or disputed), abs(sums[Account.PLATFORM_FEE]))


def _what(entry: list[Booked], patient: int, disputed: int) -> Happened:
    if disputed:
        return Happened.LOST if patient else Happened.HELD if disputed > 0 else Happened.RELEASED
    if entry[0].refund_id is None:
        return Happened.PAID
    return Happened.GIVEN_BACK if patient > 0 else Happened.NOT_GIVEN_BACK
