"""Which words of one text are in another, in the same order."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from unicodedata import east_asian_width

from server.notes.letters import BEGINNING

MAX_PAIRS = 100_000  # of equal words; with more, only the beginning and the end that both have are taken: the search grows with the square

Signs = Sequence[str]
Goes = Callable[[str, str], bool]


def alike(old: Signs, new: Signs) -> Iterator[tuple[int, int]]:
    """Yield the places of signs that are in both: of whole paragraphs, and in the paragraphs that differ of whole words."""
    return _alike(old, new, (_in_one_line, _in_one_word))


def _alike(old: Signs, new: Signs, levels: Sequence[Goes]) -> Iterator[tuple[int, int]]:
    if not (old and new and levels):
        return
    parts, others = _cut(old, levels[0]), _cut(new, levels[0])
    starts, other_starts = _starts(parts), _starts(others)
    left = right = 0
    for here, there, size in (*_blocks([*map(_bare, parts)], [*map(_bare, others)]), (len(parts), len(others), 0)):
        between = _alike(old[starts[left] : starts[here]], new[other_starts[right] : other_starts[there]], levels[1:])
        yield from ((starts[left] + one, other_starts[right] + other) for one, other in between)
        left, right = here + size, there + size
        for part in range(size):
            start, other_start = starts[here + part], other_starts[there + part]
            same = _shared(parts[here + part], others[there + part])
            yield from ((start + place, other_start + place) for place in range(same))


def _in_one_line(_: str, sign: str) -> bool:
    return sign != BEGINNING


def _in_one_word(before: str, sign: str) -> bool:
    """Whether this sign goes on with the word of the one before, with which go the spaces behind it; some scripts have no spaces."""
    if BEGINNING in {before, sign}:
        return False
    return sign.isspace() or not (before.isspace() or _is_wide(before) or _is_wide(sign))


def _is_wide(letter: str) -> bool:
    return not letter.isascii() and east_asian_width(letter) in "WF"


def _cut(signs: Signs, goes_on: Goes) -> list[tuple[str, ...]]:
    parts: list[list[str]] = []
    for sign in signs:
        if parts and goes_on(parts[-1][-1], sign):
            parts[-1].append(sign)
        else:
            parts.append([sign])
    return [tuple(part) for part in parts]


def _bare(part: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is compared of a part: without the spaces behind it, which the last word of a paragraph does not have."""
    end = len(part)
    while end and part[end - 1].isspace():
        end -= 1
    return part[:end]


def _starts(parts: Sequence[tuple[str, ...]]) -> list[int]:
    """Return where each part begins, and where the last one ends."""
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    return starts


def _blocks(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[int, int, int]]:
    """Yield place, place and length of what both have; the end goes first, so that a paragraph that came or went does so as a whole."""
    end = _shared(old[::-1], new[::-1])
    old_end, new_end = len(old) - end, len(new) - end
    start = _shared(old[:old_end], new[:new_end])
    yield 0, 0, start
    inner, others = old[start:old_end], new[start:new_end]
    counts = Counter(others)
    if sum(counts[part] for part in inner) <= MAX_PAIRS:
        found = SequenceMatcher(None, inner, others, autojunk=False).get_matching_blocks()
        yield from ((start + block.a, start + block.b, block.size) for block in found)
    yield old_end, new_end, end


def _shared(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """Return how many members both begin with."""
    return next((place for place, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new)))
