"""The languages in which people consult, as tags of BCP 47, and their names for a reader; pure."""

from collections.abc import Iterable

from babel import Locale, UnknownLocaleError

from server.core.marking import _

SIGNED = {"bfi": _("British Sign Language")}  # which CLDR does not name
SPOKEN = (
    "en", "cy", "ar", "bfi", "bg", "bn", "de", "el", "es", "fa", "fr", "gu", "hi", "hu", "it", "lt", "ml", "nl", "pa", "pl", "pt", "ro",
    "ru", "so", "sq", "ta", "tr", "uk", "ur", "yo", "zh",
)  # fmt: skip
MOST = 12


def packed(tags: Iterable[str]) -> str:
    """Return the known ones as they are stored: in the order of `SPOKEN`, each between commas."""
    chosen = set(tags)
    return "".join(f",{tag}" for tag in SPOKEN if tag in chosen) + ","


def unpacked(stored: str) -> list[str]:
    return [tag for tag in stored.split(",") if tag]


def name_of(tag: str, reader: str) -> str:
    """Return the name of a language in the language of the reader, a tag; a sign language's is a sentence for the catalogue."""
    if tag in SIGNED:
        return SIGNED[tag]
    return str(_locale(reader).languages.get(tag, tag))


def _locale(reader: str) -> Locale:
    """Return the locale of a tag, whose region CLDR need not know."""
    try:
        return Locale.parse(reader, sep="-")
    except UnknownLocaleError:
        return Locale.parse(reader.partition("-")[0])
