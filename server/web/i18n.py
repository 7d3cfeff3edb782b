"""Languages: which catalogues there are, which one a reader wants, and sentences with {placeholders} in it."""

import gettext
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from markupsafe import Markup, escape
from starlette.requests import HTTPConnection

LOCALES = Path(__file__).parent.parent / "locale"
DOMAIN = "consilium"
SOURCE_TAG = "en-GB"
COOKIE = "lang"
LONGEST_HEADER = 500
PLACEHOLDER = re.compile(r"\{(\w+)\}")
ENOUGH_NUMBERS = 200  # every plural rule of every language shows all its categories below this


@dataclass(frozen=True)
class Language:
    """A catalogue under its tag (`en-GB`, `de`); `locale` has the rules for dates, plurals and direction."""

    tag: str
    locale: Locale
    catalogue: gettext.NullTranslations

    @property
    def is_source(self) -> bool:
        return self.tag == SOURCE_TAG

    @property
    def direction(self) -> str:
        return self.locale.text_direction

    def text(self, message: str, /, **values: object) -> str:
        """Return a sentence in this language; nothing stays nothing, where a catalogue would answer with its own head."""
        return fill(self.catalogue.gettext(message), values) if message else ""

    def plural(self, one: str, many: str, count: int, /, **values: object) -> str:
        return fill(self.catalogue.ngettext(one, many, count), {"count": count, **values})

    def strings(self, messages: Iterable[str]) -> dict[str, str | dict[str, str]]:
        """Return the translations for the browser; a plural as a form for each category of `Intl.PluralRules`."""
        return {message: self._string(message) for message in messages}

    def _string(self, message: str) -> str | dict[str, str]:
        if self.catalogue.ngettext(message, "", 2) == "":
            return self.catalogue.gettext(message)
        return {self.locale.plural_form(n): self.catalogue.ngettext(message, message, n) for n in range(ENOUGH_NUMBERS)}


ENGLISH = Language(SOURCE_TAG, Locale("en", "GB"), gettext.NullTranslations())


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put the values into the {placeholders}; as soon as one of them is markup, all the rest is escaped."""
    if any(isinstance(value, Markup) for value in values.values()):
        pieces = PLACEHOLDER.split(text)
        return Markup("").join(escape(values.get(piece, piece) if odd % 2 else piece) for odd, piece in enumerate(pieces))
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), text)


class Languages:
    """All catalogues, read once at the start from `folder/TAG/LC_MESSAGES/consilium.mo`."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._by_tag = {SOURCE_TAG.lower(): ENGLISH}
        for folder in folders:
            for path in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")):
                language = _load(path)
                self._by_tag[language.tag.lower()] = language

    @property
    def tags(self) -> list[str]:
        return [language.tag for language in self._by_tag.values()]

    def choose(self, cookie: str | None, accept_language: str) -> Language:
        """Return the reader's own choice, else the best that the browser asks for, else English."""
        for wanted in [cookie or "", *_wanted(accept_language)]:
            found = self._find(wanted.lower())
            if found is not None:
                return found
        return self._by_tag[SOURCE_TAG.lower()]

    def _find(self, wanted: str) -> Language | None:
        if wanted in self._by_tag:
            return self._by_tag[wanted]
        primary = wanted.partition("-")[0]
        same = (language for tag, language in self._by_tag.items() if tag.partition("-")[0] == primary)
        return next(same, None) if primary else None

    def of(self, connection: HTTPConnection) -> Language:
        return self.choose(connection.cookies.get(COOKIE), connection.headers.get("accept-language", ""))


@cache
def read_languages(locales_dir: Path | None) -> Languages:
    """Read our own catalogues and those of one more folder, once for each such folder."""
    return Languages([folder for folder in (LOCALES, locales_dir) if folder is not None])


def _load(path: Path) -> Language:
    tag = path.parent.parent.name
    with path.open("rb") as file:
        return Language(tag, _locale(tag), gettext.GNUTranslations(file))


def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(tag, sep="-")
    except UnknownLocaleError:
        return Locale.parse(tag.partition("-")[0])


def _wanted(header: str) -> list[str]:
    """Return the tags of an Accept-Language header, best first; junk in it is passed over."""
    ranked: list[tuple[float, str]] = []
    for part in header[:LONGEST_HEADER].split(","):
        tag, _, parameter = part.strip().partition(";")
        quality = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)", parameter)
        ranked.append((float(quality[1]) if quality else 1.0, tag.strip()))
    return [tag for quality, tag in sorted(ranked, key=lambda pair: -pair[0]) if quality > 0 and tag]
