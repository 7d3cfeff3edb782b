"""VAT in amounts that include it, amounts as people type them, months, tables for spreadsheets, and the story of a charge."""

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.billing import ledger
from server.billing.months import Month, month_of
from server.billing.story import Happened, tell
from server.billing.vat import Split, part_of, rate_of, rate_text, split
from server.core.csv_rows import STARTS_A_FORMULA, csv_of
from server.errors import Invalid
from server.web.amounts import minor_of, plain_amount
from tests.conftest import MORNING

pytestmark = pytest.mark.row("M2")

AMOUNTS = st.integers(1, 10_000_000)
RATES = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("gross", "rate", "vat"),
    [(4500, 2000, 750), (4501, 2000, 750), (1, 2000, 0), (3, 2000, 1), (100, 0, 0), (4500, 550, 235), (4500, 10_000, 2250)],
)
def test_a_price_holds_its_vat(gross: int, rate: int, vat: int) -> None:
    assert split(gross, rate) == Split(gross, vat)
    assert split(gross, rate).net_minor == gross - vat


@given(AMOUNTS, RATES)
def test_vat_is_rounded_once_and_half_up(gross: int, rate: int) -> None:
    exact = Decimal(gross) * rate / (10_000 + rate)
    assert split(gross, rate).vat_minor == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(AMOUNTS, RATES, st.lists(st.floats(0, 1), max_size=6))
def test_parts_that_are_given_back_hold_just_the_vat_of_the_whole(gross: int, rate: int, cuts: list[float]) -> None:
    whole = split(gross, rate)
    ends = sorted({round(cut * gross) for cut in cuts} | {gross} - {0})
    before = Split(0, 0)
    for end in [one for one in ends if one]:
        part = part_of(whole, before, end - before.gross_minor)
        assert 0 <= part.vat_minor <= part.gross_minor
        before = Split(before.gross_minor + part.gross_minor, before.vat_minor + part.vat_minor)
    assert before == whole


@pytest.mark.parametrize(("text", "rate"), [("", None), ("0", 0), ("20", 2000), ("5.5", 550), ("7,25", 725), ("100", 10_000), ("05", 500)])
def test_a_rate_is_read(text: str, rate: int | None) -> None:
    assert rate_of(text) == rate


@pytest.mark.parametrize("text", ["-1", "101", "20%", "1e1", "5.555", "٢٠", " 20", "."])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="rate"):
        rate_of(text)


@given(RATES)
def test_a_rate_reads_back(rate: int) -> None:
    assert rate_of(rate_text(rate)) == rate
    assert rate_text(None) == ""


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("45", "GBP", 4500), ("45.5", "GBP", 4550), ("45,50", "GBP", 4550), ("0.01", "GBP", 1), ("0", "GBP", 0), ("007", "GBP", 700),
        ("4500", "JPY", 4500), ("1.250", "KWD", 1250), ("1.25", "KWD", 1250), ("1", "KWD", 1000),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_the_unit_of_its_currency(text: str, currency: str, minor: int) -> None:
    assert minor_of(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1,000.00", "GBP"), ("1,000", "GBP"), ("-1", "GBP"), ("+1", "GBP"), ("1e3", "GBP"), ("1.005", "GBP"), ("", "GBP"), ("£5", "GBP"),
        ("٤٥", "GBP"), (" 5", "GBP"), ("5.", "GBP"), (".5", "GBP"), ("NaN", "GBP"), ("1_000", "GBP"), ("0x10", "GBP"), ("9" * 10, "GBP"),
        ("45.0", "JPY"), ("45,0", "JPY"), ("1,250", "KWD"), ("1.2505", "KWD"),
    ],
)  # fmt: skip
def test_what_is_no_plain_amount_is_none(text: str, currency: str) -> None:
    assert minor_of(text, currency) is None


@given(st.integers(0, 999_999_999), st.sampled_from(["GBP", "JPY", "KWD"]))
def test_an_amount_reads_back(minor: int, currency: str) -> None:
    assert minor_of(plain_amount(minor, currency), currency) == minor


def test_a_month_is_that_of_the_practice() -> None:
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert month_of(None, late, "Europe/London") == Month(2026, 4)
    assert month_of("2026-03", late, "Europe/London").within("Europe/London") == (
        datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, 23, tzinfo=UTC),
    )  # fmt: skip
    assert (Month(2026, 1).before, Month(2026, 12).after, str(Month(2026, 3))) == (Month(2025, 12), Month(2027, 1), "2026-03")


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-3", "1999-01", "2026-03-01", "٢٠٢٦-٠٣", "9999-12", "2026-03\n"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="month"):
        month_of(text, MORNING, "Europe/London")


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=2, max_size=4), min_size=1))
def test_bad_35_no_cell_is_a_formula_and_none_is_lost(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_of(rows).decode(), newline="")))
    assert [[cell.removeprefix("'") if cell[1:].startswith(STARTS_A_FORMULA) else cell for cell in row] for row in read] == [
        [cell.removeprefix("'") if cell[1:].startswith(STARTS_A_FORMULA) else cell for cell in row] for row in rows
    ]
    assert not any(cell.startswith(STARTS_A_FORMULA) for row in read for cell in row)


def test_lines_end_and_quotes_are_doubled_as_rfc_4180_says() -> None:
    assert csv_of([["a", 'b "c", d'], ["=1+1", "é"]]) == b'a,"b ""c"", d"\r\n\'=1+1,\xc3\xa9\r\n'


@dataclass
class Line:
    account: str
    minor: int
    entry_id: UUID
    refund_id: UUID | None = None
    at: datetime = field(default=MORNING)


def test_entries_are_told_in_words() -> None:
    refund = ledger.refund(1000, 60)
    told = [
        (ledger.payment(4500, 300), None), (refund, uuid4()), (ledger.turned(refund), uuid4()),
        (ledger.dispute_opened(4500), None), (ledger.dispute_won(4500), None), (ledger.dispute_lost(4500), None),
    ]  # fmt: skip
    found = []
    for entry, refund_id in told:
        entry_id = uuid4()
        (chapter,) = tell([Line(line.account, line.minor, entry_id, refund_id) for line in entry])
        found.append((chapter.what, chapter.minor, chapter.fee_minor))
    assert found == [
        (Happened.PAID, 4500, 300), (Happened.GIVEN_BACK, 1000, 60), (Happened.NOT_GIVEN_BACK, 1000, 60),
        (Happened.HELD, 4500, 0), (Happened.RELEASED, 4500, 0), (Happened.LOST, 4500, 0),
    ]  # fmt: skip
