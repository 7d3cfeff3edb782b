"""PDF by Typst: accessible (PDF/UA-1), fit for archives (PDF/A-2a), the same bytes for the same data and fonts."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from server.core.printable import JOINING

if TYPE_CHECKING:
    from typst import Fonts, PDFStandard

FOLDER = Path(__file__).parents[1] / "templates" / "pdf"  # all that a template can read
STANDARDS: list["PDFStandard"] = ["ua-1", "a-2a"]
ROUNDS = 8  # each tells more letters for which no font is there; what is left then is shown as boxes, without the standards
UNSHOWN = re.compile(r'the (?:text|codepoint) `"((?:[^"\\]|\\.)*)"`')
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")

DataOf = Callable[[frozenset[str]], str]


def typeset(template: Path, data_of: DataOf, made_at: int) -> bytes:
    """Return the PDF of a template of `FOLDER`, made at so many seconds since 1970.

    `data_of` returns the JSON that the template shows, without the letters for which the machine has no font.
    """
    from typst import TypstError  # noqa: PLC0415 - 80 MB that a server needs only once somebody wants a document

    unprintable: frozenset[str] = frozenset()
    data = data_of(unprintable)
    for _ in range(ROUNDS):
        try:
            return _compile(template, data, made_at, STANDARDS)
        except TypstError as error:
            refused = unprintable_in(error.diagnostic) - unprintable
        if not refused:
            break
        unprintable |= refused
        data = data_of(unprintable)
    return _without_standards(template, data, made_at)


def _without_standards(template: Path, data: str, made_at: int) -> bytes:
    """Make it all the same: what somebody needs now is worth more than the promise that every reader can read it."""
    from typst import TypstError  # noqa: PLC0415

    try:
        return _compile(template, data, made_at, [])
    except TypstError as error:
        places = ", ".join(re.findall(rf"{template.name}:\d+", error.diagnostic))
    raise RuntimeError(f"the template failed at {places}")  # without the error's own words, which may be those of a person


def _compile(template: Path, data: str, made_at: int, standards: "list[PDFStandard]") -> bytes:
    import typst  # noqa: PLC0415

    return typst.compile(
        template,
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
