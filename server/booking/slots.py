"""Times that can be booked, out of open and taken grains: for one professional, all of a team, any one, or the lead and any one; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, itemgetter
from typing import NamedTuple
from uuid import UUID

from server.booking.grains import Span, beginnings, members, moment_of
from server.booking.model import Needs

ANYTIME = -1  # every bit is set
Share = tuple[tuple[UUID, ...], int]


class Slot(NamedTuple):
    """A time that is free: when it begins (UTC), and who would give it as things stand, the lead first."""

    begins_at: datetime
    members: tuple[UUID, ...]


@dataclass(frozen=True)
class Shape:
    """What a service asks of a time, in grains. The buffers must be free, and may lie outside of the hours."""

    length: int
    before: int
    after: int
    needs: Needs
    lead_id: UUID | None


class Diary(NamedTuple):
    """One professional's grains within a window: what is offered, and what is taken."""

    professional_id: UUID
    open: int
    taken: int


def room_around(shape: Shape, starts: Span) -> Span:
    """Return the window that must be known to answer for these starts."""
    return Span(starts.first - shape.before, starts.until + shape.length + shape.after)


def find_slots(shape: Shape, diaries: Sequence[Diary], wanted: int, window: Span) -> list[Slot]:
    """Return the slots that begin at one of the `wanted` grains, by time. Where one of several will do, it is who has most time left."""
    fits = {diary.professional_id: _starts(shape, diary, window) & wanted for diary in diaries}
    by_time_left = sorted(diaries, key=lambda diary: (diary.professional_id != shape.lead_id, diary.taken.bit_count()))
    order = [diary.professional_id for diary in by_time_left]
    found = sorted(((place, who) for who, starts in _shares(shape, fits, order) for place in members(starts)), key=itemgetter(0))
    return [Slot(moment_of(window.first + place), who) for place, who in found]


def _starts(shape: Shape, diary: Diary, window: Span) -> int:
    """Return the grains at which this professional could begin."""
    free = ((1 << len(window)) - 1) & ~diary.taken
    starts = beginnings(diary.open & free, shape.length)
    if shape.before:
        starts &= beginnings(free, shape.before) << shape.before
    if shape.after:
        starts &= beginnings(free, shape.after) >> shape.length
    return starts


def _shares(shape: Shape, fits: dict[UUID, int], order: Sequence[UUID]) -> Iterator[Share]:
    """Yield who would give which starts; no start twice."""
    if shape.needs in {Needs.ONE, Needs.ALL}:
        yield _together(fits, order)
    elif shape.needs == Needs.ANY:
        yield from _first_of(fits, order, (), ANYTIME)
    elif shape.lead_id is not None and shape.lead_id in fits:
        others = [who for who in order if who != shape.lead_id]
        yield from _first_of(fits, others, (shape.lead_id,), fits[shape.lead_id])


def _together(fits: dict[UUID, int], order: Sequence[UUID]) -> Share:
    """All of them, and nothing where there is nobody."""
    return tuple(order), reduce(and_, fits.values(), ANYTIME) if fits else 0


def _first_of(fits: dict[UUID, int], order: Sequence[UUID], beside: tuple[UUID, ...], left: int) -> Iterator[Share]:
    for who in order:
        yield (*beside, who), fits[who] & left
        left &= ~fits[who]
