"""What measured presence says about an appointment: whether it took place, and if not, who was there and who was not; pure.

A stretch is from when somebody's page arrived in the consultation to its last heartbeat. Between two stretches no longer apart than
`BRIDGED` the server or the line was away, not the person. Where the measure cannot tell, a person decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from server.consultation.model import Outcome

BRIDGED = timedelta(minutes=2)
COMES_BEFORE = timedelta(minutes=15)  # whoever looked at the desk so shortly before it began had come
SETTLES_AFTER = timedelta(minutes=5)  # the end: so late somebody may still come
WAITS_AT_LEAST = timedelta(minutes=10)  # or half of an appointment that is shorter than twice that
TOGETHER_AT_LEAST = timedelta(minutes=1)
ACTS_WITHIN = timedelta(days=3)  # of the end: what is found later has no consequences by itself
NONE = timedelta()


class Finding(StrEnum):
    """`missed` is by the practice; with `absent` only the patient was not there, with `nobody` no one was."""

    FULFILLED = "fulfilled"
    MISSED = "missed"
    ABSENT = "absent"
    NOBODY = "nobody"
    UNCLEAR = "unclear"


class Stretch(NamedTuple):
    """Presence from one moment to another, both aware."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Presence:
    """An appointment, who was measured to be there, and what is known of the call: when it began, and what a professional said of it."""

    begins_at: datetime
    ends_at: datetime
    patient: Sequence[Stretch]
    professionals: Sequence[Stretch]
    started_at: datetime | None
    outcome: Outcome | None


class Measured(NamedTuple):
    """What was found, how long the patient was there during the appointment, and how long both were in the call."""

    finding: Finding
    waited: timedelta
    together: timedelta


def measure(presence: Presence) -> Measured:
    """Return what the stretches come to."""
    patient, professionals = joined(presence.patient), joined(presence.professionals)
    promised = [Stretch(presence.begins_at, presence.ends_at)]
    waited = _length(_common(patient, promised))
    together = _length(_since(presence.started_at, _common(patient, professionals)))
    reach = Stretch(presence.begins_at - COMES_BEFORE, presence.ends_at + SETTLES_AFTER)
    came = any(_touch(stretch, reach) for stretch in professionals)
    return Measured(_find(presence, waited, together, came=came), waited, together)


def _find(presence: Presence, waited: timedelta, together: timedelta, *, came: bool) -> Finding:
    if presence.started_at is not None:
        talked = together >= TOGETHER_AT_LEAST or presence.outcome == Outcome.COMPLETED
        return Finding.FULFILLED if talked else Finding.UNCLEAR
    if waited == NONE:
        return Finding.ABSENT if came else Finding.NOBODY
    enough = min(WAITS_AT_LEAST, (presence.ends_at - presence.begins_at) / 2)
    return Finding.MISSED if waited >= enough and not came else Finding.UNCLEAR


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return them by time, those that overlap or are hardly apart as one."""
    found: list[Stretch] = []
    for stretch in sorted(stretches):
        if found and stretch.begins_at - found[-1].ends_at <= BRIDGED:
            found[-1] = Stretch(found[-1].begins_at, max(found[-1].ends_at, stretch.ends_at))
        else:
            found.append(stretch)
    return found


def _common(some: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    pairs = [Stretch(max(one.begins_at, other.begins_at), min(one.ends_at, other.ends_at)) for one in some for other in others]
    return [stretch for stretch in pairs if stretch.begins_at < stretch.ends_at]


def _since(moment: datetime | None, stretches: Sequence[Stretch]) -> list[Stretch]:
    if moment is None:
        return []
    return [Stretch(max(moment, one.begins_at), one.ends_at) for one in stretches if one.ends_at > moment]


def _length(stretches: Iterable[Stretch]) -> timedelta:
    return sum((one.ends_at - one.begins_at for one in stretches), NONE)


def _touch(one: Stretch, other: Stretch) -> bool:
    return one.begins_at <= other.ends_at and one.ends_at >= other.begins_at
