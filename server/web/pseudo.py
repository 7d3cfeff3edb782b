"""Makes two languages nobody speaks, to find untranslated and unmirrored places: `python -m server.web.pseudo OUTDIR`.

`en-XA` has accents, brackets and a third more letters; `ar-XB` runs from right to left. Both keep every {placeholder}.
"""

import re
import sys
from collections.abc import Callable
from gettext import c2py
from pathlib import Path

from babel import Locale

from server.web.extract import Found, catalogue_of, find_messages, write_catalogue
from server.web.i18n import PLACEHOLDER

ACCENTS = str.maketrans("aceilnorsuyACEILNORSUYdgtz", "áçéîļñöŕšüýÁÇÉÎĻÑÖŔŠÜÝðĝţž")
LONGER_BY = 0.33
RIGHT_TO_LEFT, END = "\u202e", "\u202c"
WORD = re.compile(r"\S+")


def accented(text: str) -> str:
    padding = "·" * max(1, round(len(text) * LONGER_BY))
    return f"⟦{_outside_placeholders(text, lambda part: part.translate(ACCENTS))}{padding}⟧"


def mirrored(text: str) -> str:
    """Turn each word round by a bidirectional override, as a reader of Arabic would meet it."""
    return _outside_placeholders(text, lambda part: WORD.sub(lambda word: f"{RIGHT_TO_LEFT}{word[0]}{END}", part))


def _outside_placeholders(text: str, change: Callable[[str], str]) -> str:
    pieces = PLACEHOLDER.split(text)
    return "".join(f"{{{piece}}}" if odd % 2 else change(piece) for odd, piece in enumerate(pieces))


LANGUAGES: dict[str, tuple[Locale, Callable[[str], str]]] = {
    "en-XA": (Locale("en"), accented),
    "ar-XB": (Locale("ar"), mirrored),
}


def write_pseudo_locales(folder: Path, messages: list[Found]) -> None:
    for tag, (locale, change) in LANGUAGES.items():
        catalogue = catalogue_of(messages, locale)
        form_of_one: int = c2py(catalogue.plural_expr)(1)
        for entry in catalogue:
            if isinstance(entry.id, tuple):
                one, many = change(entry.id[0]), change(entry.id[1])
                entry.string = tuple(one if form == form_of_one else many for form in range(catalogue.num_plurals))
            elif entry.id:
                entry.string = change(str(entry.id))
        write_catalogue(catalogue, folder, tag)


if __name__ == "__main__":
    write_pseudo_locales(Path(sys.argv[1]), list(find_messages()))
