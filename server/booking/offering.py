"""What a professional offers: adding and changing services, weekly hours, and days that differ, inside the caller's transaction."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select

from server.access.model import Membership
from server.access.policy import Viewer
from server.booking.model import Closure, DayException, DayKind, Needs, Service, ServiceState, WeeklyHours
from server.booking.offer_doors import see_hours, see_service
from server.booking.terms import BAD_CHOICE, Terms
from server.core.db import Tx
from server.core.ids import new_id
from server.core.marking import _
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.patients.answer_doors import published_of

MOST_SERVICES, MOST_DAYS = 50, 366
FULL = _("There are too many already. Please remove what is not needed any more.")
NOT_A_MEMBER = _("Please choose somebody of the team.")
ALREADY_CLOSED = _("The practice is closed on this day already.")


class Givers(NamedTuple):
    """Who gives a service: the viewer alone without a team, else those of the team that are needed."""

    team_id: UUID | None
    needs: Needs
    lead_id: UUID | None


class Week(NamedTuple):
    """Hours of some weekdays (0 is Monday), in minutes of the day, that count from a day on."""

    weekdays: list[int]
    stretches: list[tuple[int, int]]
    since: date
    time_zone: str


class Day(NamedTuple):
    """One day that differs; no hours are the whole day."""

    day: date
    kind: DayKind
    hours: tuple[int, int] | None
    time_zone: str


async def add_service(tx: Tx, viewer: Viewer, givers: Givers, terms: Terms, now: datetime) -> Service:
    """Add a service that nobody is shown yet; raises `Forbidden`, `NotFound`, `Invalid`, and `Conflict` when there are too many."""
    if viewer.professional_id is None or viewer.practice_id is None:
        raise Forbidden
    await _refuse_strangers(tx, viewer, givers)
    await _refuse_unasked(tx, viewer.practice_id, terms)
    theirs = await tx.scalars(select(Service.id).where(Service.practice_id == viewer.practice_id).limit(MOST_SERVICES))
    if len(theirs.all()) >= MOST_SERVICES:
        raise Conflict(FULL, code="full")
    service = Service(
        id=new_id(),
        practice_id=viewer.practice_id,
        professional_id=None if givers.team_id else viewer.professional_id,
        team_id=givers.team_id,
        needs=givers.needs,
        lead_id=givers.lead_id,
        state=ServiceState.DRAFT,
        version=1,
        created_at=now,
        **asdict(terms.checked()),
    )
    tx.add(service)
    return service


async def change_service(tx: Tx, viewer: Viewer, service_id: UUID, version: int, terms: Terms) -> Service:
    """Change what is offered from now on; raises `NotFound`, `Invalid`, and `Conflict` for a page that is out of date."""
    service = await see_service(tx, viewer, service_id, lock=True)
    if service.version != version:
        raise Conflict(code="stale")
    await _refuse_unasked(tx, service.practice_id, terms)
    for field, value in asdict(terms.checked()).items():
        setattr(service, field, value)
    service.version += 1
    return service


async def set_state(tx: Tx, viewer: Viewer, service_id: UUID, state: ServiceState) -> None:
    """Offer a service, or withdraw it; what was booked stays booked."""
    service = await see_service(tx, viewer, service_id, lock=True)
    service.state = state
    service.version += 1


async def set_hours(tx: Tx, viewer: Viewer, week: Week) -> None:
    """Let these hours count on these weekdays from a day on; earlier days keep theirs."""
    if viewer.professional_id is None:
        raise Forbidden
    for old in await see_hours(tx, viewer):
        if old.weekday not in week.weekdays:
            continue
        if old.valid_from >= week.since:
            await tx.delete(old)
        elif old.valid_to is None or old.valid_to >= week.since:
            old.valid_to = week.since - timedelta(days=1)
    for weekday in week.weekdays:
        for begins_min, ends_min in week.stretches:
            span = {"begins_min": begins_min, "ends_min": ends_min, "valid_from": week.since, "valid_to": None, "time_zone": week.time_zone}
            tx.add(WeeklyHours(id=new_id(), professional_id=viewer.professional_id, weekday=weekday, **span))


async def add_day(tx: Tx, viewer: Viewer, wish: Day) -> None:
    """Open hours on one day, or close hours or the whole day; raises `Invalid` for a day that is opened without hours."""
    if viewer.professional_id is None:
        raise Forbidden
    if wish.kind == DayKind.OPEN and wish.hours is None:
        raise Invalid(_("Please say which hours are added."), code="hours")
    mine = await tx.scalars(select(DayException.id).where(DayException.professional_id == viewer.professional_id).limit(MOST_DAYS))
    if len(mine.all()) >= MOST_DAYS:
        raise Conflict(FULL, code="full")
    begins_min, ends_min = wish.hours or (None, None)
    span = {"day": wish.day, "kind": wish.kind, "begins_min": begins_min, "ends_min": ends_min, "time_zone": wish.time_zone}
    tx.add(DayException(id=new_id(), professional_id=viewer.professional_id, **span))


async def remove_day(tx: Tx, viewer: Viewer, day_id: UUID) -> None:
    """Let a day be as every week again; removing twice does no harm."""
    await tx.execute(delete(DayException).where(DayException.id == day_id, DayException.professional_id == viewer.professional_id))


async def close_practice(tx: Tx, practice_id: UUID, day: date, name: str) -> None:
    """Close the practice for a day; whoever calls has asked whether the viewer administers it. Raises `Conflict`."""
    if await tx.scalar(select(Closure.id).where(Closure.practice_id == practice_id, Closure.day == day)) is not None:
        raise Conflict(ALREADY_CLOSED, code="day")
    tx.add(Closure(id=new_id(), practice_id=practice_id, day=day, name=name))


async def reopen_practice(tx: Tx, practice_id: UUID, closure_id: UUID) -> None:
    await tx.execute(delete(Closure).where(Closure.id == closure_id, Closure.practice_id == practice_id))


async def _refuse_unasked(tx: Tx, practice_id: UUID, terms: Terms) -> None:
    """A service asks a questionnaire of its own practice that was published."""
    if terms.questionnaire_id is not None and terms.questionnaire_id not in {one.id for one in await published_of(tx, practice_id)}:
        raise Invalid(BAD_CHOICE, code="questionnaire_id")


async def _refuse_strangers(tx: Tx, viewer: Viewer, givers: Givers) -> None:
    """A team is one of the viewer's own, its lead one of its members."""
    if givers.team_id is None:
        if givers.needs != Needs.ONE:
            raise Invalid(BAD_CHOICE, code="needs")
        return
    if givers.team_id not in viewer.team_ids:
        raise NotFound
    if givers.needs == Needs.ONE:
        raise Invalid(BAD_CHOICE, code="needs")
    current = (Membership.team_id == givers.team_id) & Membership.ended_at.is_(None)
    members = set(await tx.scalars(select(Membership.professional_id).where(current)))
    if (givers.needs == Needs.LEAD_AND_ANY or givers.lead_id is not None) and givers.lead_id not in members:
        raise Invalid(NOT_A_MEMBER, code="lead_id")
