"""A laid-out dossier as the data of the PDF template: plain lists, strings and truth values."""

import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import groupby
from typing import Any

from server.core.printable import Show, language_parts, printer
from server.notes.export.paper import Paper
from server.notes.prose import Block, Bullets, Paragraph, shown

DEEPEST_LIST = 8  # a list further inside is shown at this depth: the template's functions can call each other only so deep
DIRECTIONS = {"L": False, "R": True, "AL": True}

Json = dict[str, Any]


def template_data(paper: Paper, *, whole: bool, unprintable: frozenset[str] = frozenset()) -> Json:
    """Return what `dossier.typ` shows. Each of the `unprintable` letters is spelt out, and the first page says so."""
    printed = printer(unprintable)

    def show(text: str) -> str:
        return printed(shown(text))

    language, region = language_parts(paper.language)
    data: Json = plain_of(paper, show)
    return {**data, "lang": language, "region": region, "whole": whole, "missing": paper.missing if unprintable else ""}


def plain_of(value: Any, show: Show) -> Any:
    """Return it as lists, dictionaries, truth values and strings that were shown."""
    if isinstance(value, str):
        return show(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, Paragraph | Bullets):
        return _block(value, show, DEEPEST_LIST)
    if isinstance(value, dict):
        return {name: plain_of(inner, show) for name, inner in value.items()}
    if is_dataclass(value):
        return {field.name: plain_of(getattr(value, field.name), show) for field in fields(value)}
    named = getattr(value, "_asdict", None)
    return plain_of(named(), show) if named else [plain_of(inner, show) for inner in value]


def _block(block: Block, show: Show, deeper: int) -> Json:
    if isinstance(block, Bullets):
        items = [[_block(inner, show, deeper - 1) for inner in item] for item in _items(block, deeper)]
        return {"items": items, "rtl": next((inner["rtl"] for item in items for inner in item if inner["rtl"] is not None), None)}
    runs = [(marks, "".join(span.text for span in same)) for marks, same in groupby(block.spans, lambda span: span.marks)]
    return {
        "runs": [{"text": show(text), "bold": "bold" in marks, "italic": "italic" in marks} for marks, text in runs],
        "rtl": _right_to_left("".join(text for _marks, text in runs)),
    }


def _items(bullets: Bullets, deeper: int) -> Iterator[tuple[Block, ...]]:
    """Yield the items; at the greatest depth those of the lists inside follow the item that they stand in."""
    for item in bullets.items:
        if deeper:
            yield item
            continue
        yield tuple(block for block in item if isinstance(block, Paragraph))
        for block in item:
            if isinstance(block, Bullets):
                yield from _items(block, deeper)


def _right_to_left(text: str) -> bool | None:
    """Say which way a paragraph runs (a list runs as its first one), by its first letter that has a direction; None where no letter has."""
    return next((DIRECTIONS[way] for way in map(unicodedata.bidirectional, text) if way in DIRECTIONS), None)
