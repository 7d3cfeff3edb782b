"""What text can be printed as: letters that no font has are spelt out, words that are wider than the page may end within; pure."""

import re
import unicodedata
from collections.abc import Callable

LONG = re.compile(r"\S{71,}")  # a hash is shorter than that, and stays in one piece
PIECE, BREAK_HERE = 30, "\u200b"
JOINING = {"Mn", "Mc", "Me", "Cf"}  # accents, joiners and the like belong to the letter before them
VARIATIONS = {chr(number) for number in range(0xFE00, 0xFE10)}

Show = Callable[[str], str]


def printer(unprintable: frozenset[str]) -> Show:
    """Return what makes a text printable by somebody who has no glyph for these letters."""
    spelt = str.maketrans({"\t": " ", **{letter: _spelt(letter) for letter in unprintable}})
    return lambda text: LONG.sub(_breakable, text.translate(spelt))


def language_parts(tag: str) -> tuple[str, str | None]:
    """Split `en-GB`; the script of `zh-Hans-CN` has no place in a PDF."""
    language, *others = tag.split("-")
    return language.lower(), next((part.upper() for part in others if len(part) == 2), None)


def _spelt(letter: str) -> str:
    """Return `[grinning face]` for a sign, `[U+4E2D]` for a letter, nothing for what has no shape: no word is lost on paper."""
    category = unicodedata.category(letter)
    if category == "Cf" or letter in VARIATIONS:
        return ""
    name = unicodedata.name(letter, "").lower() if category == "So" else ""
    return f"[{name or f'U+{ord(letter):04X}'}]"


def _breakable(word: re.Match[str]) -> str:
    """Let a line end within a word that is wider than the page, but not before an accent."""
    found, room = "", PIECE
    for letter in word[0]:
        if room <= 0 and unicodedata.category(letter) not in JOINING:
            found, room = found + BREAK_HERE, PIECE
        found, room = found + letter, room - 1
    return found
