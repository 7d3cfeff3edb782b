"""Receipts on paper: what stands on them in each case, in currencies of every kind, and that a screen reader can read them."""

import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pypdf
import pytest
from PIL import Image
from typst import Fonts

from server.billing.papers import BillingDocument, DocumentKind
from server.billing.printing import make_pdf, pdf_name
from server.billing.sheet import Row, lay_out
from server.billing.vat import VatKind
from server.core import typeset
from server.ports import Look
from server.web.i18n import ENGLISH, Languages
from tests.conftest import MORNING

pytestmark = pytest.mark.row("M2")


@pytest.fixture(autouse=True)
def embedded_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fonts that come with Typst, whatever the machine has besides."""
    fonts = Fonts(include_system_fonts=False)
    monkeypatch.setattr(typeset, "_fonts", lambda: fonts)


def document(**changes: Any) -> BillingDocument:
    says = {
        "id": uuid4(), "kind": DocumentKind.RECEIPT, "sandbox": False, "number": 12, "seller_name": "Harbour Clinic",
        "seller_address": "1 Quay Street\n\nLondon", "vat_number": "", "pay_words": "", "buyer_name": "Erin Evans", "title": "Consultation",
        "given_by": "Dr Alice Ahmed", "given_at": MORNING + timedelta(days=1), "gross_minor": 4500, "net_minor": 4500, "vat_minor": 0,
        "vat_kind": VatKind.EXEMPT, "vat_rate": None, "vat_words": "", "currency": "GBP", "time_zone": "Europe/London",
        "language": "en-GB", "issued_at": MORNING,
    }  # fmt: skip
    return BillingDocument(**{**says, **changes})


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (480, 120), "#1a6b3c80").save(out, "PNG")
    return out.getvalue()


def read(
    one: BillingDocument, corrected: BillingDocument | None = None, languages: Languages | None = None, look: Look | None = None
) -> pypdf.PdfReader:
    reader = pypdf.PdfReader(io.BytesIO(make_pdf(one, corrected, languages or Languages([]), look)))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert ("<pdfuaid:part>1<" in metadata, "<pdfaid:part>2<" in metadata) == (True, True)
    return reader


def text_of(reader: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_a_receipt_of_exempt_care() -> None:
    sheet = lay_out(document(), None, ENGLISH)
    assert (sheet.title, sheet.sandbox, sheet.seller) == ("Receipt 000012", "", ["Harbour Clinic", "1 Quay Street", "London"])
    assert sheet.facts == [Row("Number", "000012"), Row("Date", "Monday, 2 March 2026"), Row("For", "Erin Evans")]
    assert sheet.lines == [Row("Consultation, with Dr Alice Ahmed, Tuesday, 3 March 2026", "£45.00")]
    assert sheet.totals == [Row("Total paid", "£45.00")]
    assert sheet.sentences == ["Exempt from VAT as medical care."]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vat_kind": VatKind.NOT_REGISTERED}, "No VAT is charged: the seller is not registered for VAT."),
        ({"vat_words": "Exempt under Item 1, Group 7, Schedule 9."}, "Exempt under Item 1, Group 7, Schedule 9."),
    ],
)
def test_what_is_said_about_vat(changes: dict[str, Any], sentence: str) -> None:
    assert lay_out(document(**changes), None, ENGLISH).sentences == [sentence]


@pytest.mark.parametrize(
    ("currency", "amounts", "shown"),
    [
        ("GBP", (4501, 3751, 750), ["£37.51", "£7.50", "£45.01"]), ("JPY", (4501, 3751, 750), ["JP¥3,751", "JP¥750", "JP¥4,501"]),
        ("KWD", (4501, 3751, 750), ["KWD3.751", "KWD0.750", "KWD4.501"]),
    ],
)  # fmt: skip
def test_amounts_have_the_digits_of_their_currency(currency: str, amounts: tuple[int, int, int], shown: list[str]) -> None:
    gross, net, vat = amounts
    rated = document(
        currency=currency, gross_minor=gross, net_minor=net, vat_minor=vat, vat_kind=VatKind.RATED, vat_rate=2000, vat_number="GB123456789"
    )
    sheet = lay_out(rated, None, ENGLISH)
    assert [row.label for row in sheet.totals] == ["Without VAT", "VAT 20 %", "Total paid"]
    assert [row.value.replace("\N{NO-BREAK SPACE}", "") for row in sheet.totals] == shown
    assert Row("VAT number", "GB123456789") in sheet.facts
    assert "rounded to the smallest unit of the currency" in sheet.sentences[0]
    assert "VAT 20 %" in text_of(read(rated))


def test_a_correction_names_what_it_corrects() -> None:
    note = document(kind=DocumentKind.CREDIT_NOTE, number=13)
    said = text_of(read(note, document()))
    assert "Corrects Receipt 000012 of Monday, 2 March 2026" in said
    assert "Total credited £45.00" in said
    back = lay_out(document(kind=DocumentKind.CANCELLATION, number=14), note, ENGLISH)
    assert (back.title, back.totals[0].label) == ("Cancellation of a credit note, 000014", "Total not credited after all")
    assert pdf_name(note) == "credit-note-000013.pdf"


def test_an_invoice_says_how_to_pay() -> None:
    invoice = document(kind=DocumentKind.INVOICE, pay_words="Within 14 days\n  to 12-34-56 00112233")
    assert lay_out(invoice, None, ENGLISH).sentences[1:] == ["Within 14 days", "to 12-34-56 00112233"]
    assert "Total to pay £45.00" in text_of(read(invoice))


@pytest.mark.row("M5")
def test_the_sandbox_is_said_on_top_in_the_number_and_in_a_sentence() -> None:
    reader = read(document(sandbox=True))
    said = text_of(reader)
    assert said.startswith("Harbour Clinic SANDBOX Receipt SANDBOX-000012 SANDBOX: this is for trying out.")
    assert "SANDBOX" not in text_of(read(document()))


def test_bad_35_nobodys_words_are_markup_and_none_is_lost() -> None:
    evil = '#read("/etc/passwd") *b* $x$ <l> @r = h'
    fields = {field: f"{field[0].upper()} {evil}" for field in ("seller_name", "buyer_name", "title", "given_by", "vat_words", "pay_words")}
    said = text_of(read(document(**fields, vat_number="\N{GRINNING FACE}")))
    assert [field for field in fields.values() if field not in said] == []
    assert "[grinning face]" in said
    assert "This machine has no font for some letters." in said


def test_a_reader_finds_title_language_and_a_table_with_heads() -> None:
    reader = read(document())
    root: Any = reader.trailer["/Root"]
    assert (root["/Lang"], reader.metadata and reader.metadata.title) == ("en-GB", "Receipt 000012")
    assert root["/MarkInfo"]["/Marked"]
    kinds = {str(one["/S"]) for one in (each.get_object() for each in _elements(root["/StructTreeRoot"]))}
    assert {"/Table", "/TH", "/TD", "/P"} <= kinds


def test_the_same_document_gives_the_same_bytes_in_its_own_language(languages: Languages) -> None:
    arabic = document(language="ar-XB")
    assert make_pdf(arabic, None, languages) == make_pdf(arabic, None, languages)
    assert read(arabic, None, languages).trailer["/Root"]["/Lang"] == "ar-XB"


def _elements(node: Any) -> list[Any]:
    kids = node.get("/K", [])
    found = [kid.get_object() for kid in (kids if isinstance(kids, list) else [kids]) if not isinstance(kid, int)]
    structural = [kid for kid in found if isinstance(kid, dict) and "/S" in kid]
    return [*structural, *(inner for kid in structural for inner in _elements(kid))]


@pytest.mark.row("P8")
def test_a_receipt_has_the_look_that_its_practice_had() -> None:
    """It stays readable by every reader (PDF/UA, PDF/A), with words for the logo."""
    dressed = read(document(), look=Look("#1a6b3c", picture(), "Harbour Clinic"))
    assert [len(page.images) for page in (dressed.pages[0], read(document()).pages[0])] == [1, 0]
