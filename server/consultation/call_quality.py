"""Loads how calls went for whoever may see that: the professionals of a consultation, and the practice's administrators.

An administrator has no right to anything about patients, so the patient is not named to them; names of professionals are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, exists, select

from server.access.policy import Viewer
from server.consultation.call_findings import STEP_S, Finding, Reading, findings
from server.consultation.doors import see_consultation, visible_consultations
from server.consultation.model import Consultation, Participant, Role
from server.consultation.records import CallQuality
from server.core.db import Tx
from server.errors import NotFound

MOST_CALLS = 50  # in the list, the newest first
MOST_READINGS = 20_000  # of one consultation: eight people for seven hours; what is later is left out
FIELDS = ("at", "lost_in", "lost_out", "delay_ms", "jitter_ms", "in_kbps", "out_kbps", "frozen_ms", "sound_only")


@dataclass(frozen=True)
class PersonCall:
    """`name` is None for a patient or guest whom the viewer must not know."""

    participant_id: UUID
    role: Role
    name: str | None
    readings: Sequence[Reading]

    @property
    def findings(self) -> list[Finding]:
        return findings(self.readings)


@dataclass(frozen=True)
class Call:
    consultation: Consultation
    people: Sequence[PersonCall]


async def recent_calls(tx: Tx, viewer: Viewer, *, administers: bool) -> list[Call]:
    """Load the newest consultations of which there is a report."""
    measured = exists().where(Participant.consultation_id == Consultation.id, CallQuality.participant_id == Participant.id)
    newest = _allowed(viewer, administers=administers).where(measured).order_by(Consultation.scheduled_at.desc(), Consultation.id)
    return [await _call(tx, viewer, each) for each in list(await tx.scalars(newest.limit(MOST_CALLS)))]


async def see_call(tx: Tx, viewer: Viewer, consultation_id: UUID, *, administers: bool) -> Call:
    """Load one; raises `NotFound` for whatever is not there and what is not the viewer's to see."""
    if not administers:
        return await _call(tx, viewer, await see_consultation(tx, viewer, consultation_id))
    found = await tx.scalar(_allowed(viewer, administers=True).where(Consultation.id == consultation_id))
    if found is None:
        raise NotFound
    return await _call(tx, viewer, found)


def _allowed(viewer: Viewer, *, administers: bool) -> Select[Consultation]:
    if administers:
        used = Consultation.patient_id.not_in(viewer.restricted)
        return select(Consultation).where(Consultation.practice_id == viewer.practice_id, used)
    return visible_consultations(viewer)


async def _call(tx: Tx, viewer: Viewer, consultation: Consultation) -> Call:
    places = select(Participant).where(Participant.consultation_id == consultation.id).order_by(Participant.role, Participant.name)
    people = list(await tx.scalars(places))
    reported = select(CallQuality).where(CallQuality.participant_id.in_([place.id for place in people]))
    readings: dict[UUID, list[Reading]] = {}
    for row in await tx.scalars(reported.order_by(CallQuality.at).limit(MOST_READINGS)):
        readings.setdefault(row.participant_id, []).append(Reading(**{name: getattr(row, name) for name in FIELDS}))
    named = await _may_name(tx, viewer, consultation)
    shown = [(place, name_for(place, named=named)) for place in people if place.id in readings]
    return Call(consultation, [PersonCall(place.id, place.role, name, readings[place.id]) for place, name in shown])


async def _may_name(tx: Tx, viewer: Viewer, consultation: Consultation) -> bool:
    """An administrator who gives consultations knows the patients of their own."""
    found = await tx.scalar(visible_consultations(viewer).where(Consultation.id == consultation.id))
    return found is not None


def name_for(place: Participant, *, named: bool) -> str | None:
    return place.name if named or place.role == Role.PROFESSIONAL else None


def span_of(call: Call) -> tuple[datetime, datetime]:
    """Return when the first report of anybody begins and the last one ends; there is at least one."""
    times = [reading.at for person in call.people for reading in person.readings]
    return min(times), max(times) + timedelta(seconds=STEP_S)
