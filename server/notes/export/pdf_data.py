"""A laid-out dossier as the data of the PDF template: plain lists, strings and truth values."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from itertools import groupby
from typing import Any

from server.notes.export.paper import Paper
from server.notes.prose import Block, Bullets, Paragraph, shown

DEEPEST_LIST = 8  # a list further inside is shown at this depth: the template's functions can call each other only so deep
LONG = re.compile(r"\S{71,}")  # a hash is shorter than that, and stays in one piece
PIECE, BREAK_HERE = 30, "\u200b"
JOINING = {"Mn", "Mc", "Me", "Cf"}  # accents, joiners and the like belong to the letter before them
VARIATIONS = {chr(number) for number in range(0xFE00, 0xFE10)}
DIRECTIONS = {"L": False, "R": True, "AL": True}

Json = dict[str, Any]
Show = Callable[[str], str]


def template_data(paper: Paper, *, whole: bool, unprintable: frozenset[str] = frozenset()) -> Json:
    """Return what `dossier.typ` shows. Each of the `unprintable` letters is spelt out, and the first page says so."""
    spelt = str.maketrans({"\t": " ", **{letter: _spelt(letter) for letter in unprintable}})

    def show(text: str) -> str:
        return LONG.sub(_breakable, shown(text).translate(spelt))

    language, region = _language(paper.language)
    data: Json = _plain(paper, show)
    return {**data, "lang": language, "region": region, "whole": whole, "missing": paper.missing if unprintable else ""}


def _language(tag: str) -> tuple[str, str | None]:
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


def _plain(value: Any, show: Show) -> Any:
    if isinstance(value, str):
        return show(value)
    if isinstance(value, Paragraph | Bullets):
        return _block(value, show, DEEPEST_LIST)
    if isinstance(value, dict):
        return {name: _plain(inner, show) for name, inner in value.items()}
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name), show) for field in fields(value)}
    named = getattr(value, "_asdict", None)
    return _plain(named(), show) if named else [_plain(inner, show) for inner in value]


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
