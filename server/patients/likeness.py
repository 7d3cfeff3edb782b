"""Which records of a practice may be of the same person: pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import combinations
from uuid import UUID

from server.core.folding import fold

ALIKE = 0.8  # of the letters of two names
MOST_SHARING = 20  # records with one address: more share the telephone of a home or a school, and say nothing of each other


class Sign(StrEnum):
    """Why two records may be one person's."""

    BIRTH = "birth"
    MOBILE = "mobile"
    EMAIL = "email"


@dataclass(frozen=True)
class Known:
    """What is compared of a record; addresses as they are kept."""

    id: UUID
    name: str
    mobile: str | None
    email: str | None
    born_on: date | None


@dataclass(frozen=True)
class Double:
    """Two records with what speaks for it, the one whose name comes first before the other."""

    one: Known
    other: Known
    signs: frozenset[Sign]


def find_doubles(records: Iterable[Known]) -> list[Double]:
    """Return likely doubles, those with the most signs first. Two who were born on different days are nobody's double."""
    records = list(records)
    signs: dict[frozenset[UUID], set[Sign]] = {}
    for sign, key in KEYS.items():
        for one, other in _sharing(records, key):
            if _may_be_one(one, other) and (sign is not Sign.BIRTH or alike(one.name, other.name)):
                signs.setdefault(frozenset({one.id, other.id}), set()).add(sign)
    by_id = {record.id: record for record in records}
    found = [_double([by_id[each] for each in pair], frozenset(why)) for pair, why in signs.items()]
    return sorted(found, key=lambda double: (-len(double.signs), fold(double.one.name), str(double.one.id), str(double.other.id)))


def alike(one: str, other: str) -> bool:
    """Say whether two names are nearly the same, in whatever order, or all of the shorter one stands in the longer one."""
    mine, theirs = [fold(name).replace("-", " ").split() for name in (one, other)]
    few, many = sorted((set(mine), set(theirs)), key=len)
    if len(few) > 1 and few <= many:
        return True
    orders = ((mine, theirs), (sorted(mine), sorted(theirs)))
    return any(SequenceMatcher(None, " ".join(first), " ".join(second)).ratio() >= ALIKE for first, second in orders)


def _email(record: Known) -> str | None:
    return record.email.casefold() if record.email else None


KEYS: dict[Sign, Callable[[Known], object]] = {
    Sign.BIRTH: lambda record: record.born_on,
    Sign.MOBILE: lambda record: record.mobile,
    Sign.EMAIL: _email,
}


def _sharing(records: Iterable[Known], key: Callable[[Known], object]) -> Iterator[tuple[Known, Known]]:
    by_key: dict[object, list[Known]] = {}
    for record in records:
        if key(record):
            by_key.setdefault(key(record), []).append(record)
    for some in by_key.values():
        if len(some) <= MOST_SHARING or key is KEYS[Sign.BIRTH]:
            yield from combinations(some, 2)


def _may_be_one(one: Known, other: Known) -> bool:
    return not (one.born_on and other.born_on and one.born_on != other.born_on)


def _double(pair: list[Known], signs: frozenset[Sign]) -> Double:
    one, other = sorted(pair, key=lambda record: (fold(record.name), str(record.id)))
    return Double(one, other, signs)
