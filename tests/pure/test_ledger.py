"""Whatever happens to a charge, every entry sums to zero, and nobody gets more back than was paid; what a cancellation costs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.billing import ledger
from server.billing.ledger import Account, Entry
from server.billing.terms import back_percent, kept_minor
from server.booking.model import Party
from server.core.money import share_of
from tests.conftest import MORNING

pytestmark = pytest.mark.row("M2")

AMOUNTS = st.integers(min_value=1, max_value=1_000_000)


def balance(entries: list[Entry]) -> dict[Account, int]:
    return {account: sum(line.minor for entry in entries for line in entry if line.account == account) for account in Account}


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """A payment with refunds of what is left, some of which fail after all, and perhaps a dispute about the rest."""
    minor = draw(AMOUNTS)
    fee_minor = draw(st.integers(min_value=0, max_value=minor))
    entries, left = [ledger.payment(minor, fee_minor)], minor
    for _ in range(draw(st.integers(min_value=0, max_value=5))):
        part = draw(st.integers(min_value=0, max_value=left))
        entry = ledger.refund(part, ledger.fee_share(fee_minor, part, minor) if draw(st.booleans()) else 0)
        entries.append(entry)
        if draw(st.booleans()):
            entries.append(ledger.turned(entry))
        else:
            left -= part
    if draw(st.booleans()):
        entries += [ledger.dispute_opened(left), draw(st.sampled_from([ledger.dispute_won(left), ledger.dispute_lost(left)]))]
    return entries


@given(histories())
def test_every_entry_sums_to_zero_and_so_does_all_of_it(entries: list[Entry]) -> None:
    assert [sum(line.minor for line in entry) for entry in entries] == [0] * len(entries)
    assert all(line.minor for entry in entries for line in entry)
    sums = balance(entries)
    assert sum(sums.values()) == 0
    assert sums[Account.PATIENT] <= 0
    assert sums[Account.PLATFORM_FEE] >= 0
    assert sums[Account.DISPUTED] == 0


@given(AMOUNTS, st.data())
def test_a_charge_that_goes_back_in_parts_leaves_nothing(minor: int, data: st.DataObject) -> None:
    """The platform keeps at most a unit for each part but the last, by rounding, and the patient has everything."""
    fee_minor = data.draw(st.integers(min_value=0, max_value=minor))
    first = data.draw(st.integers(min_value=0, max_value=minor))
    parts = [first, minor - first]
    sums = balance([ledger.payment(minor, fee_minor), *(ledger.refund(each, ledger.fee_share(fee_minor, each, minor)) for each in parts)])
    assert sums[Account.PATIENT] == 0
    assert 0 <= sums[Account.PLATFORM_FEE] <= 1
    assert sums[Account.MERCHANT] == -sums[Account.PLATFORM_FEE]


def test_a_payment_and_a_dispute_line_by_line() -> None:
    assert balance([ledger.payment(4500, 300)]) == {
        Account.PATIENT: -4500, Account.MERCHANT: 4200, Account.PLATFORM_FEE: 300, Account.DISPUTED: 0,
    }  # fmt: skip
    assert balance([ledger.dispute_opened(4500), ledger.dispute_lost(4500)])[Account.PATIENT] == 4500
    assert ledger.fee_share(300, 0, 0) == 0


@dataclass(frozen=True)
class Promise:
    price_minor: int
    late_fee_percent: int | None
    cancel_until: datetime = MORNING


@pytest.mark.row("B4")
@given(AMOUNTS, st.one_of(st.none(), st.integers(min_value=0, max_value=100)))
def test_bad_07_what_is_kept_is_what_was_said(price_minor: int, percent: int | None) -> None:
    promise, late = Promise(price_minor, percent), MORNING + timedelta(seconds=1)
    assert kept_minor(promise, MORNING) == 0
    assert kept_minor(promise, late) == share_of(price_minor, percent or 0)
    assert back_percent(promise, Party.PRACTICE, late) == 100
    assert 0 <= share_of(price_minor, percent or 0) <= price_minor
