"""A document as PDF, by the same typesetter as notes: the same row gives the same bytes, whenever somebody asks for it."""

import json
from typing import Any

from server.billing.papers import BillingDocument, DocumentKind
from server.billing.sheet import Sheet, lay_out
from server.core.printable import language_parts, printer
from server.core.typeset import FOLDER, typeset
from server.ports import Look
from server.web.i18n import Languages

TEMPLATE = FOLDER / "receipt.typ"
ACCENT = "#005f73"


def make_pdf(document: BillingDocument, corrected: BillingDocument | None, languages: Languages, look: Look | None = None) -> bytes:
    """Return the PDF; `corrected` is the document that it corrects, if it does, and `look` that of its practice, if it had one."""
    language = languages.choose(document.language, "")
    sheet = lay_out(document, corrected, language)

    def data_of(unprintable: frozenset[str]) -> str:
        return json.dumps({**_data(sheet, language.tag, unprintable), **_dress(look, unprintable)}, ensure_ascii=False)

    return typeset(TEMPLATE, data_of, int(document.issued_at.timestamp()))


def pdf_name(document: BillingDocument) -> str:
    """Return the name of the file, which tells nothing of anybody."""
    return f"{DocumentKind(document.kind).value.replace('_', '-')}-{document.numbered}.pdf"


def _dress(look: Look | None, unprintable: frozenset[str]) -> dict[str, Any]:
    """Return the colour, and the logo byte by byte: Typst reads no other file than its template."""
    logo = look.logo if look else None
    words = printer(unprintable)(look.words) if look else ""
    return {"accent": look.colour if look else ACCENT, "logo": list(logo or b""), "logo_words": words}


def _data(sheet: Sheet, tag: str, unprintable: frozenset[str]) -> dict[str, Any]:
    show = printer(unprintable)

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return show(value)
        return {name: plain(one) for name, one in value._asdict().items()} if hasattr(value, "_asdict") else [plain(one) for one in value]

    language, region = language_parts(tag)
    said = {name: plain(value) for name, value in vars(sheet).items()}
    return {**said, "lang": language, "region": region, "missing": said["missing"] if unprintable else ""}
