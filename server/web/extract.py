"""Collects every sentence for people from Python, templates and TypeScript: `python -m server.web.extract messages.pot`."""

import json
import re
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
from server.web.spoken import find_spoken

ROOT = Path(__file__).parent.parent.parent
KEYWORDS: Mapping[str, tuple[int, ...] | None] = {"_": None, "ngettext": (1, 2)}
METHODS = {"server/**/*.py": "python", "server/templates/**/*.html": "jinja2.ext:babel_extract"}
SCRIPTS = ("static/src/**/*.ts", "static/src/**/*.tsx")

# The same rule as static/strings.mjs; Babel's own reader of JavaScript loses calls inside template strings.
LITERAL = r'"(?:[^"\\\n]|\\.)*"'
CALL = re.compile(rf'\bt\(\s*({LITERAL})|\bplural\(\s*[^"]*?({LITERAL}),\s*({LITERAL})')


class Found(NamedTuple):
    """A sentence, or a pair of singular and plural, and the file (relative to the root) and line where it stands."""

    message: str | tuple[str, ...]
    path: str
    line: int


def find_messages(root: Path = ROOT) -> Iterator[Found]:
    for pattern, method in METHODS.items():
        for path in sorted(root.glob(pattern)):
            yield from _find_marked(path, method, str(path.relative_to(root)))
    for path in sorted(root.glob("server/**/*.py")):
        found = ((spoken.sentence, spoken.line) for spoken in find_spoken(path.read_text()))
        yield from (Found(sentence, str(path.relative_to(root)), line) for sentence, line in found if sentence)
    for pattern in SCRIPTS:
        for path in sorted(root.glob(pattern)):
            yield from _find_calls(path.read_text(), str(path.relative_to(root)))


def _find_marked(path: Path, method: str, name: str) -> Iterator[Found]:
    with path.open("rb") as file:
        for line, message, _comments, _context in extract(method, file, keywords=KEYWORDS):
            if message:
                yield Found(message, name, line)


def _find_calls(text: str, path: str) -> Iterator[Found]:
    for call in CALL.finditer(text):
        single, one, many = (json.loads(literal) if literal else "" for literal in call.groups())
        yield Found(single or (one, many), path, text.count("\n", 0, call.start()) + 1)


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
