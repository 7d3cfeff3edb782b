"""What became of a text: which letters stayed, which came, and from whom, and which went.

Two states of one document share the ids of their letters, so what stayed is known for certain. Where the ids differ, words are compared:
an editor that breaks a paragraph writes its end anew, and an amendment is another document than the note that it began with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import NamedTuple

from server.notes.alike import alike
from server.notes.letters import Letter, Place, letters_of
from server.notes.limits import SECTIONS
from server.notes.prose import Prose


class Kind(Enum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    RESTYLED = "restyled"  # the same letters with other marks; the same paragraph at another place in lists


class Change(NamedTuple):
    """Letters of one fate. Marks and author are those of the newer text, for removed letters those of the older one."""

    kind: Kind
    text: str
    marks: frozenset[str]
    author: int


class Line(NamedTuple):
    """A paragraph of either text; `kind` is that of its beginning, so one that is removed was joined to the line before, or is gone."""

    kind: Kind
    place: Place
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Comparison:
    """The lines of each section, with what was removed before what was added in its place."""

    sections: Mapping[str, tuple[Line, ...]]

    @property
    def same(self) -> bool:
        lines = [line for lines in self.sections.values() for line in lines]
        kinds = {line.kind for line in lines} | {change.kind for line in lines for change in line.changes}
        return kinds <= {Kind.SAME}


Step = tuple[Kind, Letter]


def compare(old: Prose, new: Prose) -> Comparison:
    """Compare two texts, of one document or of two."""
    letters = {name: (list(letters_of(old.sections.get(name, ()))), list(letters_of(new.sections.get(name, ())))) for name in SECTIONS}
    shared = _share_ids(letters.values())
    return Comparison({name: tuple(_lines(_steps(*pair, by_id=shared))) for name, pair in letters.items()})


def who_contributed(prose: Prose) -> dict[int, int]:
    """Return how many letters of the text, spaces included, stand there from each client id."""
    counts: dict[int, int] = {}
    for blocks in prose.sections.values():
        for letter in letters_of(blocks):
            if letter.letter:
                counts[letter.id[0]] = counts.get(letter.id[0], 0) + 1
    return counts


def _share_ids(pairs: Iterable[tuple[Sequence[Letter], Sequence[Letter]]]) -> bool:
    """Whether the ids may be trusted: in two documents an id can come twice, but hardly ever for the same letters."""
    for old, new in pairs:
        signs = [{letter.id: letter.letter for letter in letters if letter.letter} for letters in (old, new)]
        once = all(len(known) == sum(bool(letter.letter) for letter in letters) for known, letters in zip(signs, (old, new), strict=True))
        if not once or any(signs[0].get(letter_id, letter) != letter for letter_id, letter in signs[1].items()):
            return False
    return True


def _steps(old: Sequence[Letter], new: Sequence[Letter], *, by_id: bool) -> Iterator[Step]:
    """Yield every letter of both, in order, with its fate."""
    left = right = 0
    for old_at, new_at in (*_pairs(old, new, by_id=by_id), (len(old), len(new))):
        yield from ((Kind.REMOVED, letter) for letter in old[left:old_at])
        yield from ((Kind.ADDED, letter) for letter in new[right:new_at])
        if new_at < len(new):
            yield Kind.SAME if old[old_at].look == new[new_at].look else Kind.RESTYLED, new[new_at]
        left, right = old_at + 1, new_at + 1


def _pairs(old: Sequence[Letter], new: Sequence[Letter], *, by_id: bool) -> Iterator[tuple[int, int]]:
    """Yield the places of letters that stayed: those of the same id, and between them those in the same words."""
    left = right = 0
    for old_at, new_at in (*(_same_ids(old, new) if by_id else ()), (len(old), len(new))):
        if left < old_at and right < new_at:
            signs, others = ([letter.letter for letter in part] for part in (old[left:old_at], new[right:new_at]))
            yield from ((left + here, right + there) for here, there in alike(signs, others))
        if new_at < len(new):
            yield old_at, new_at
        left, right = old_at + 1, new_at + 1


def _same_ids(old: Sequence[Letter], new: Sequence[Letter]) -> Iterator[tuple[int, int]]:
    """Yield where each letter that both have stands; letters never change their order, so one that did is none of them."""
    known = {letter.id: place for place, letter in enumerate(old) if letter.letter}
    last = -1
    for place, letter in enumerate(new):
        before = known.get(letter.id, -1)
        if before > last:
            yield before, place
            last = before


def _lines(steps: Iterable[Step]) -> Iterator[Line]:
    line: tuple[Kind, Place] | None = None
    letters: list[Step] = []
    for kind, letter in steps:
        if isinstance(letter.look, Place):
            if line is not None:
                yield Line(*line, _changes(letters))
            line, letters = (kind, letter.look), []
        else:
            letters.append((kind, letter))
    if line is not None:
        yield Line(*line, _changes(letters))


def _changes(steps: Iterable[Step]) -> tuple[Change, ...]:
    runs = groupby(steps, lambda step: (step[0], step[1].look, step[1].id[0]))
    return tuple(
        Change(kind, "".join(letter.letter for _, letter in same), look, author)
        for (kind, look, author), same in runs
        if not isinstance(look, Place)
    )
