"""The professional's list of today, as rows that a page and a socket show alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy import Row, Select, exists, or_, select

from server.access.acting import Reach
from server.access.model import Practice, Professional, Team
from server.access.policy import Viewer
from server.consultation.actions import channels_of
from server.consultation.device_words import in_words
from server.consultation.doors import newest_link, see_consultation, visible_consultations
from server.consultation.events import Channel
from server.consultation.guests import Asked, asked_in
from server.consultation.model import Consultation, ConsultationState, JoinLink, Participant, Role, Stage, Standing
from server.consultation.notices import Notice, notices_for
from server.consultation.records import Attendance
from server.core.db import Tx
from server.core.marking import _
from server.patients.acting_doors import Spokesman, spokesmen_of_all
from server.patients.model import Patient

Say = Callable[[str], str]  # puts a sentence of ours into the reader's language

TO_ACTING = _("to whoever acts for the patient")
MAX_ROWS = 200  # beyond it what is left from before this morning goes first, then the latest
AHEAD = timedelta(days=7)
UNFINISHED = (ConsultationState.WAITING, ConsultationState.ACTIVE)


class LinkState(BaseModel):
    state: Standing


class TodayRow(BaseModel):
    """One line of the list; `stage` is where the patient is, `present` whether their page is open, `devices` their check in words.

    `patient_name` is what the patient calls themself, `booked_as` the booked name where that is another one. `sms_to` and `email_to` say
    to whom the link goes by either way: the record's address or, where it has none, that it is whoever acts for the patient, whose
    addresses nobody here sees; None where it cannot go.
    """

    id: UUID
    patient_name: str
    booked_as: str | None
    companion: str | None
    professional_name: str
    team_name: str | None
    invited_by: str | None
    invited_at: datetime | None
    mine: bool
    scheduled_at: datetime
    duration_min: int
    state: ConsultationState
    stage: str
    waiting_since: datetime | None
    present: bool
    devices: str | None
    link: LinkState
    desk_url: str
    phone: str | None
    email: str | None
    sms_to: str | None
    email_to: str | None


class TodayList(BaseModel):
    """`notices` is what the viewer must be told about their notes, before any row."""

    now: datetime
    rows: list[TodayRow]
    notices: list[Notice]


@dataclass(frozen=True)
class _Parts:
    consultation: Consultation
    patient: Patient
    participant: Participant
    professional: Professional
    team_name: str | None
    link: JoinLink
    present: bool


class _Beside(NamedTuple):
    """Who asked the viewer in, and how whoever acts for a patient without an address is written to."""

    asked: Asked | None = None
    acting: frozenset[Channel] = frozenset()


async def today_list(tx: Tx, viewer: Viewer, now: datetime, say: Say) -> TodayList:
    """Return what the viewer may see from this morning to a week ahead, and whatever is still going on from before."""
    practice = await tx.get_one(Practice, viewer.practice_id)
    morning = now.astimezone(ZoneInfo(practice.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    in_reach = (Consultation.scheduled_at >= morning) & (Consultation.scheduled_at < now + AHEAD)
    chosen = visible_consultations(viewer).where(or_(in_reach, Consultation.state.in_(UNFINISHED)))
    found = await tx.execute(
        _joined(chosen.order_by(Consultation.scheduled_at < morning, Consultation.scheduled_at, Consultation.id).limit(MAX_ROWS))
    )
    parts = [_parts(row) for row in found]
    beside = await _beside(tx, viewer, parts, now)
    rows = [_row(each, viewer, now, say, beside[each.consultation.id]) for each in parts]
    return TodayList(now=now, rows=rows, notices=await notices_for(tx, viewer))


async def rows_between(tx: Tx, viewer: Viewer, span: tuple[datetime, datetime], now: datetime, say: Say) -> list[TodayRow]:
    """Return what the viewer may see from the one time to before the other, in the order of time."""
    begin, end = span
    within = (Consultation.scheduled_at >= begin) & (Consultation.scheduled_at < end)
    chosen = visible_consultations(viewer).where(within).order_by(Consultation.scheduled_at, Consultation.id).limit(MAX_ROWS)
    return [_row(_parts(row), viewer, now, say, _Beside()) for row in await tx.execute(_joined(chosen))]


async def today_row(tx: Tx, viewer: Viewer, consultation_id: UUID, now: datetime, say: Say) -> TodayRow:
    """Return one line; raises `NotFound`."""
    consultation = await see_consultation(tx, viewer, consultation_id)
    only = visible_consultations(viewer).where(Consultation.id == consultation.id)
    parts = _parts((await tx.execute(_joined(only))).one())
    beside = await _beside(tx, viewer, [parts], now)
    return _row(parts, viewer, now, say, beside[consultation.id])


async def _beside(tx: Tx, viewer: Viewer, parts: Sequence[_Parts], now: datetime) -> dict[UUID, _Beside]:
    """Return by consultation what stands in tables of its own."""
    asked = await asked_in(tx, viewer, [each.consultation.id for each in parts])
    silent = {each.patient.id for each in parts if not channels_of(each.patient) and not each.consultation.over}
    spoken = await spokesmen_of_all(tx, silent, Reach.BOOK, now)
    return {each.consultation.id: _Beside(asked.get(each.consultation.id), _ways(spoken.get(each.patient.id, ()))) for each in parts}


def _ways(spokesmen: Sequence[Spokesman]) -> frozenset[Channel]:
    return frozenset(channel for one in spokesmen for channel in channels_of(one))


def _joined(chosen: Select[Consultation]) -> Select[*tuple[object, ...]]:
    ids = chosen.with_only_columns(Consultation.id).subquery()
    link_id = newest_link(Consultation.id).correlate(Consultation).scalar_subquery()
    open_page = (Attendance.participant_id == Participant.id) & Attendance.left_at.is_(None)
    return (
        select(Consultation, Patient, Participant, Professional, Team.name, JoinLink, exists().where(open_page))
        .join(Patient, Patient.id == Consultation.patient_id)
        .join(Participant, (Participant.consultation_id == Consultation.id) & (Participant.role == Role.PATIENT))
        .join(Professional, Professional.id == Consultation.professional_id)
        .join(JoinLink, JoinLink.id == link_id)
        .outerjoin(Team, Team.id == Consultation.team_id)
        .where(Consultation.id.in_(select(ids.c.id)))
        .order_by(Consultation.scheduled_at, Consultation.id)
    )


def _parts(row: Row[*tuple[object, ...]]) -> _Parts:
    return _Parts(*row)  # type: ignore[arg-type]


def _row(parts: _Parts, viewer: Viewer, now: datetime, say: Say, beside: _Beside) -> TodayRow:
    consultation, participant = parts.consultation, parts.participant
    asked = None if consultation.over else beside.asked
    acts = {channel: say(TO_ACTING) if channel in beside.acting else None for channel in Channel}
    return TodayRow(
        id=consultation.id,
        patient_name=participant.name,
        booked_as=parts.patient.unless_called(participant.name),
        companion=participant.companion,
        professional_name=parts.professional.full_name,
        team_name=parts.team_name,
        invited_by=asked.name if asked else None,
        invited_at=asked.at if asked else None,
        mine=consultation.professional_id == viewer.professional_id,
        scheduled_at=consultation.scheduled_at,
        duration_min=consultation.duration_min,
        state=consultation.state,
        stage="done" if consultation.over else Stage(participant.stage).value,
        waiting_since=participant.waiting_since,
        present=parts.present,
        devices=in_words(participant.devices, say),
        link=LinkState(state=parts.link.standing(consultation, now)),
        desk_url=f"/desk/{consultation.id}",
        phone=parts.patient.mobile,
        email=parts.patient.email,
        sms_to=parts.patient.mobile or acts[Channel.SMS],
        email_to=parts.patient.email or acts[Channel.EMAIL],
    )
