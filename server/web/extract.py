"""Collects every sentence for people from Python, templates and TypeScript: `python -m server.web.extract messages.pot`."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po

from server.web.i18n import DOMAIN

ROOT = Path(__file__).parent.parent.parent
Keywords = Mapping[str, tuple[int, ...] | None]
PYTHON_KEYWORDS: Keywords = {"_": None, "ngettext": (1, 2)}
BROWSER_KEYWORDS: Keywords = {"t": None, "plural": (2, 3)}


class Source(NamedTuple):
    """Where sentences are: a glob under the root, the extractor of Babel, and the names of the functions around them."""

    pattern: str
    method: str
    keywords: Keywords


SOURCES = (
    Source("server/**/*.py", "python", PYTHON_KEYWORDS),
    Source("server/templates/**/*.html", "jinja2.ext:babel_extract", PYTHON_KEYWORDS),
    Source("static/src/**/*.ts", "javascript", BROWSER_KEYWORDS),
    Source("static/src/**/*.tsx", "javascript", BROWSER_KEYWORDS),
)


class Found(NamedTuple):
    """A sentence, or a pair of singular and plural, and the file (relative to the root) and line where it stands."""

    message: str | tuple[str, ...]
    path: str
    line: int


def find_messages(root: Path = ROOT) -> Iterator[Found]:
    for source in SOURCES:
        for path in sorted(root.glob(source.pattern)):
            with path.open("rb") as file:
                for line, message, _comments, _context in extract(source.method, file, keywords=source.keywords):
                    if message:
                        yield Found(message, str(path.relative_to(root)), line)


def catalogue_of(messages: list[Found], locale: Locale | None = None) -> Catalog:
    catalogue = Catalog(locale=locale, project=DOMAIN, fuzzy=False)
    for found in messages:
        catalogue.add(found.message, locations=[(found.path, found.line)])
    return catalogue


def write_catalogue(catalogue: Catalog, folder: Path, tag: str) -> None:
    """Write `folder/TAG/LC_MESSAGES/consilium.mo`, where the server looks for it."""
    path = folder / tag / "LC_MESSAGES" / f"{DOMAIN}.mo"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_mo(file, catalogue)


def main() -> None:
    with Path(sys.argv[1]).open("wb") as file:
        write_po(file, catalogue_of(list(find_messages())), width=120)


if __name__ == "__main__":
    main()
