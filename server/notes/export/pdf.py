"""PDF of notes by Typst: accessible (PDF/UA-1), fit for archives (PDF/A-2a), the same bytes for the same dossier and fonts."""

import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from server.notes.export.dossier import Dossier
from server.notes.export.paper import Paper, lay_out
from server.notes.export.pdf_data import JOINING, template_data
from server.notes.export.weight import check_weight
from server.web.i18n import Language

if TYPE_CHECKING:
    from typst import Fonts, PDFStandard

FOLDER = Path(__file__).parents[2] / "templates" / "pdf"  # all that the template can read
TEMPLATE = FOLDER / "dossier.typ"
STANDARDS: list["PDFStandard"] = ["ua-1", "a-2a"]
ROUNDS = 8  # each tells more letters for which no font is there; what is left then is shown as boxes, without the standards
UNSHOWN = re.compile(r'the (?:text|codepoint) `"((?:[^"\\]|\\.)*)"`')
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")


def make_pdf(dossier: Dossier, language: Language, *, whole: bool) -> bytes:
    """Return the PDF. Letters for which the machine has no font are spelt out, and the first page says so. Raises `TooBig`."""
    from typst import TypstError  # noqa: PLC0415 - 80 MB that a server needs only once somebody exports

    check_weight(dossier)
    paper, made_at = lay_out(dossier, language, whole=whole), int(dossier.exported_at.timestamp())
    data = as_written = _data(paper, frozenset(), whole=whole)
    unprintable: frozenset[str] = frozenset()
    for _ in range(ROUNDS):
        try:
            return _compile(data, made_at, STANDARDS)
        except TypstError as error:
            refused = unprintable_in(error.diagnostic) - unprintable
        if not refused:
            break
        unprintable |= refused
        data = _data(paper, unprintable, whole=whole)
        check_weight(dossier, more=len(data) - len(as_written))
    return _without_standards(data, made_at)


def _data(paper: Paper, unprintable: frozenset[str], *, whole: bool) -> str:
    return json.dumps(template_data(paper, whole=whole, unprintable=unprintable), ensure_ascii=False)


def _without_standards(data: str, made_at: int) -> bytes:
    """Make it all the same: a note that somebody needs now is worth more than the promise that every reader can read it."""
    from typst import TypstError  # noqa: PLC0415

    try:
        return _compile(data, made_at, [])
    except TypstError as error:
        places = ", ".join(re.findall(rf"{TEMPLATE.name}:\d+", error.diagnostic))
    raise RuntimeError(f"the template failed at {places}")  # without the error's own words, which may be those of a note


def _compile(data: str, made_at: int, standards: "list[PDFStandard]") -> bytes:
    import typst  # noqa: PLC0415

    return typst.compile(
        TEMPLATE,
        root=FOLDER,
        font_paths=_fonts(),
        sys_inputs={"paper": data},
        format="pdf",
        pdf_standards=standards,
        timestamp=made_at,
        package_path=FOLDER,
        package_cache_path=FOLDER,
    )


@cache
def _fonts() -> "Fonts":
    """Find the fonts of Typst and those of the machine, once; what is installed later shows after a restart."""
    from typst import Fonts  # noqa: PLC0415

    return Fonts()


def unprintable_in(diagnostic: str) -> frozenset[str]:
    """Return the letters that Typst says it has no glyph for, or may not write.

    Where it names a letter with accents or joiners, these alone may be what is missing, and the next round tells of the letter itself.
    """
    found = (ESCAPED.sub(_letter, text) for text in UNSHOWN.findall(diagnostic))
    return frozenset(letter for text in found for letter in _joining(text) or text if not letter.isascii())


def _joining(text: str) -> list[str]:
    return [letter for letter in text if unicodedata.category(letter) in JOINING]


def _letter(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[2]
