"""What the reports of a call come to: when it was interrupted for somebody, hard to hear, late, or without a picture. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

STEP_S = 10
GAP_S = 45  # without a report, though reports came before and after: the line was gone; two that came late are no gap
LEFT_S = 300  # whoever is away for so long has left and come back
STOOD_STILL_MS = 3_000  # of ten seconds: less is hardly noticed
LOST = 80  # per mille; words are missing then, as `gradeIn` of static/src/media/quality.ts has it
JITTER_MS = 100
DELAY_MS = 800


@dataclass(frozen=True, slots=True)
class Reading:
    """One report, as CallQuality has it, or some minutes of them in one."""

    at: datetime
    lost_in: int
    lost_out: int
    delay_ms: int
    jitter_ms: int
    in_kbps: int
    out_kbps: int
    frozen_ms: int
    sound_only: bool


class Kind(StrEnum):
    """The worst first."""

    INTERRUPTED = "interrupted"
    HARD_TO_HEAR = "hard_to_hear"
    LATE = "late"
    SOUND_ONLY = "sound_only"


@dataclass(frozen=True, slots=True)
class Finding:
    """`times` is how often it happened, `seconds` how long all of them took together."""

    kind: Kind
    times: int
    seconds: int


def findings(readings: Sequence[Reading]) -> list[Finding]:
    """Return what is to be told of one person's call, the worst first; nothing at all means that it went well."""
    stretches = {
        Kind.INTERRUPTED: [*_gaps(readings), *_stretches(readings, lambda each: each.frozen_ms >= STOOD_STILL_MS)],
        Kind.HARD_TO_HEAR: _stretches(readings, lambda each: each.lost_in > LOST or each.jitter_ms > JITTER_MS),
        Kind.LATE: _stretches(readings, lambda each: each.delay_ms > DELAY_MS),
        Kind.SOUND_ONLY: _stretches(readings, lambda each: each.sound_only),
    }
    return [Finding(kind, len(found), sum(found)) for kind, found in stretches.items() if found]


def _stretches(readings: Sequence[Reading], tells: Callable[[Reading], bool]) -> list[int]:
    """Return how many seconds each unbroken stretch lasted of which it is true."""
    lasting: list[int] = []
    before: Reading | None = None
    for reading in readings:
        if not tells(reading):
            before = None
        elif before is not None and _apart(before, reading) <= GAP_S:
            lasting[-1] += _apart(before, reading)
            before = reading
        else:
            lasting.append(STEP_S)
            before = reading
    return lasting


def _gaps(readings: Sequence[Reading]) -> Iterator[int]:
    for before, after in pairwise(readings):
        if GAP_S < _apart(before, after) <= LEFT_S:
            yield _apart(before, after) - STEP_S


def _apart(before: Reading, after: Reading) -> int:
    return int((after.at - before.at).total_seconds())


MOST_ROWS = 60
STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))


def table(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings by the minute, or by more minutes where that would be too long to read: of losses, delays and jitter the worst,
    of the bitrates the mean, of still pictures the sum.
    """
    if not readings:
        return []
    whole = readings[-1].at - readings[0].at
    step = next((step for step in STEPS if whole / step < MOST_ROWS), STEPS[-1])
    groups: dict[int, list[Reading]] = {}
    for reading in readings:
        groups.setdefault((reading.at - readings[0].at) // step, []).append(reading)
    return [_row(readings[0].at + step * number, group) for number, group in groups.items()]


def _row(at: datetime, group: Sequence[Reading]) -> Reading:
    return Reading(
        at=at,
        lost_in=max(each.lost_in for each in group),
        lost_out=max(each.lost_out for each in group),
        delay_ms=max(each.delay_ms for each in group),
        jitter_ms=max(each.jitter_ms for each in group),
        in_kbps=sum(each.in_kbps for each in group) // len(group),
        out_kbps=sum(each.out_kbps for each in group) // len(group),
        frozen_ms=sum(each.frozen_ms for each in group),
        sound_only=any(each.sound_only for each in group),
    )
