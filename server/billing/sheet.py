"""A document laid out for paper, once: titles, facts, lines, totals and sentences in its own language; pure."""

from dataclasses import dataclass
from typing import NamedTuple

from server.billing.papers import BillingDocument, DocumentKind
from server.billing.vat import VatKind, rate_text
from server.core.marking import _
from server.web.amounts import amount_words
from server.web.i18n import Language
from server.web.moments import full_date

TITLES = {
    DocumentKind.RECEIPT: _("Receipt {number}"),
    DocumentKind.INVOICE: _("Invoice {number}"),
    DocumentKind.CREDIT_NOTE: _("Credit note {number}"),
    DocumentKind.CANCELLATION: _("Cancellation of a credit note, {number}"),
}
TOTALS = {
    DocumentKind.RECEIPT: _("Total paid"),
    DocumentKind.INVOICE: _("Total to pay"),
    DocumentKind.CREDIT_NOTE: _("Total credited"),
    DocumentKind.CANCELLATION: _("Total not credited after all"),
}
VAT_WORDS = {
    VatKind.NOT_REGISTERED: _("No VAT is charged: the seller is not registered for VAT."),
    VatKind.EXEMPT: _("Exempt from VAT as medical care."),
    VatKind.RATED: _("The total includes VAT. It is worked out once, from the total, and rounded to the smallest unit of the currency."),
}
SANDBOX = _("SANDBOX: this is for trying out. No money moved, and this document is worth nothing.")


class Row(NamedTuple):
    label: str
    value: str


@dataclass(frozen=True)
class Sheet:
    """What the page says, ready to be shown; `page` is a sentence with {page} and {pages}."""

    title: str
    sandbox: str
    seller: list[str]
    facts: list[Row]
    heads: Row
    lines: list[Row]
    totals: list[Row]
    sentences: list[str]
    page: str
    missing: str


def lay_out(document: BillingDocument, corrected: BillingDocument | None, language: Language) -> Sheet:
    """Return the sheet of a document; `corrected` is the one that it corrects, if it does."""
    text = language.text
    return Sheet(
        title=_title(document, language),
        sandbox=text(SANDBOX) if document.sandbox else "",
        seller=[document.seller_name, *_lines_of(document.seller_address)],
        facts=_facts(document, corrected, language),
        heads=Row(text(_("What for")), text(_("Amount"))),
        lines=[Row(_what_for(document, language), _amount(language, document, document.gross_minor))],
        totals=_totals(document, language),
        sentences=_sentences(document, language),
        page=text(_("Page {page} of {pages}")),
        missing=text(_("This machine has no font for some letters. They are written in square brackets.")),
    )


def _facts(document: BillingDocument, corrected: BillingDocument | None, language: Language) -> list[Row]:
    text = language.text
    facts = [
        Row(text(_("Number")), document.numbered),
        Row(text(_("Date")), full_date(language, document.issued_at, document.time_zone)),
        Row(text(_("For")), document.buyer_name),
        Row(text(_("VAT number")), document.vat_number),
        Row(text(_("Corrects")), _corrects(corrected, language)),
    ]
    return [fact for fact in facts if fact.value]


def _corrects(corrected: BillingDocument | None, language: Language) -> str:
    if corrected is None:
        return ""
    day = full_date(language, corrected.issued_at, corrected.time_zone)
    return language.text(_("{document} of {day}"), document=_title(corrected, language), day=day)


def _title(document: BillingDocument, language: Language) -> str:
    return language.text(TITLES[DocumentKind(document.kind)], number=document.numbered)


def _what_for(document: BillingDocument, language: Language) -> str:
    day = full_date(language, document.given_at, document.time_zone)
    return language.text(_("{service}, with {professional}, {day}"), service=document.title, professional=document.given_by, day=day)


def _totals(document: BillingDocument, language: Language) -> list[Row]:
    text = language.text
    total = Row(text(TOTALS[DocumentKind(document.kind)]), _amount(language, document, document.gross_minor))
    if document.vat_rate is None:
        return [total]
    vat = text(_("VAT {percent} %"), percent=rate_text(document.vat_rate))
    net = Row(text(_("Without VAT")), _amount(language, document, document.net_minor))
    return [net, Row(vat, _amount(language, document, document.vat_minor)), total]


def _sentences(document: BillingDocument, language: Language) -> list[str]:
    vat = document.vat_words or language.text(VAT_WORDS[VatKind(document.vat_kind)])
    return [sentence for sentence in (vat, *_lines_of(document.pay_words)) if sentence]


def _amount(language: Language, document: BillingDocument, minor: int) -> str:
    return amount_words(language, minor, document.currency)


def _lines_of(text: str) -> list[str]:
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
