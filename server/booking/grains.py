"""Time in grains of five minutes, and sets of grains as the bits of one integer: whole weeks are compared in a few steps; pure.

A grain is numbered from 1970 in UTC, where no hour is missing and none comes twice. Bit 0 of a set is the first grain of its window.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

GRAIN_MIN = 5
GRAIN = timedelta(minutes=GRAIN_MIN)
ONE = ord("1")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Span(NamedTuple):
    """The grains from `first` up to, and without, `until`."""

    first: int
    until: int

    def __len__(self) -> int:
        return max(self.until - self.first, 0)


def span_around(begins_at: datetime, ends_at: datetime) -> Span:
    """Return every grain that these moments touch: what somebody needs is rounded up."""
    return Span((begins_at - EPOCH) // GRAIN, -((EPOCH - ends_at) // GRAIN))


def span_within(begins_at: datetime, ends_at: datetime) -> Span:
    """Return the grains that lie wholly between these moments: what is offered is rounded down."""
    return Span(-((EPOCH - begins_at) // GRAIN), (ends_at - EPOCH) // GRAIN)


def moment_of(grain: int) -> datetime:
    """Return when a grain begins, in UTC."""
    return EPOCH + grain * GRAIN


def union(spans: Iterable[Span], window: Span) -> int:
    """Return the grains of the window that at least one span covers."""
    found = 0
    for first, until in spans:
        low, high = max(first, window.first), min(until, window.until)
        if low < high:
            found |= ((1 << (high - low)) - 1) << (low - window.first)
    return found


def collected(grains: Iterable[int], window: Span) -> int:
    """Return these grains of the window as a set. Digits are set in a text, which is a number at once: adding bits copies it each time."""
    digits = bytearray(b"0" * len(window))
    last = window.until - 1
    for grain in grains:
        digits[last - grain] = ONE
    return int(digits, 2) if digits else 0


def every(step: int, span: Span, window: Span) -> int:
    """Return the first grain of the span and each `step`th after it, as far as they lie in the window."""
    first = span.first if span.first >= window.first else span.first + -(-(window.first - span.first) // step) * step
    count = -(-(min(span.until, window.until) - first) // step)
    if count <= 0:
        return 0
    return (((1 << (count * step)) - 1) // ((1 << step) - 1)) << (first - window.first)


def beginnings(free: int, length: int) -> int:
    """Return the grains at which `length` free ones in a row begin; each round doubles the length that is known to be free."""
    found, known = free, 1
    while known < length:
        more = min(known, length - known)
        found &= found >> more
        known += more
    return found


def members(found: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, lowest first."""
    digits = f"{found:b}"[::-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)
