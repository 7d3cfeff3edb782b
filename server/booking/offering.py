"""What a professional offers: adding and changing services, weekly hours, and days that differ, inside the caller's transaction."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select

from server.access.model import Membership, Professional, Team, working
from server.access.policy import Viewer
from server.access.viewer import administers
from server.booking.model import Closure, DayException, DayKind, Needs, Service, ServiceState, WeeklyHours
from server.booking.offer_doors import see_changeable, see_hours
from server.booking.terms import BAD_CHOICE, Terms
from server.core.audit import Act, Deed, record
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
    """Who gives a service: those of the team that are needed, or without one a professional alone (the viewer, where nobody is named)."""

    team_id: UUID | None
    needs: Needs
    lead_id: UUID | None
    professional_id: UUID | None = None


class Wanted(NamedTuple):
    """What a service shall be from now on; `version` is the one that was on the page."""

    version: int
    terms: Terms


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
    """Add a service that nobody is shown yet; raises `Forbidden`, `NotFound`, `Invalid`, and `Conflict` when there are too many.

    Whoever looks after the practice adds one for each who works in it, on record.
    """
    if viewer.practice_id is None:
        raise Forbidden
    professional_id = await _giver(tx, viewer, givers)
    await _refuse_strangers(tx, viewer, givers)
    await _refuse_unasked(tx, viewer.practice_id, terms)
    theirs = await tx.scalars(select(Service.id).where(Service.practice_id == viewer.practice_id).limit(MOST_SERVICES))
    if len(theirs.all()) >= MOST_SERVICES:
        raise Conflict(FULL, code="full")
    service = Service(
        id=new_id(),
        practice_id=viewer.practice_id,
        professional_id=professional_id,
        team_id=givers.team_id,
        needs=givers.needs,
        lead_id=givers.lead_id,
        state=ServiceState.DRAFT,
        version=1,
        created_at=now,
        **asdict(terms.checked()),
    )
    tx.add(service)
    await _tell(tx, viewer, service, "adds", now)
    return service


async def change_service(tx: Tx, viewer: Viewer, service_id: UUID, wanted: Wanted, now: datetime) -> Service:
    """Change what is offered from now on; raises `NotFound`, `Invalid`, and `Conflict` for a page that is out of date."""
    service = await see_changeable(tx, viewer, service_id, lock=True)
    if service.version != wanted.version:
        raise Conflict(code="stale")
    await _refuse_unasked(tx, service.practice_id, wanted.terms)
    values = asdict(wanted.terms.checked())
    changed = [field.replace("_", " ") for field, value in values.items() if value != getattr(service, field)]
    for field, value in values.items():
        setattr(service, field, value)
    service.version += 1
    if changed:
        await _tell(tx, viewer, service, f"changes {', '.join(changed)}", now)
    return service


async def set_state(tx: Tx, viewer: Viewer, service_id: UUID, state: ServiceState, now: datetime) -> None:
    """Offer a service, or withdraw it; what was booked stays booked."""
    service = await see_changeable(tx, viewer, service_id, lock=True)
    before, service.state = service.state, state
    service.version += 1
    if before != state:
        await _tell(tx, viewer, service, "offers" if state == ServiceState.OFFERED else "withdraws", now)


def gives(viewer: Viewer, service: Service) -> bool:
    """Whether the viewer gives a service, alone or in a team."""
    alone = viewer.professional_id is not None and service.professional_id == viewer.professional_id
    return alone or service.team_id in viewer.team_ids


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


async def _giver(tx: Tx, viewer: Viewer, givers: Givers) -> UUID | None:
    """Return who gives a service alone, None for a team; raises `Forbidden` for whoever gives none, `NotFound` for nobody of theirs."""
    if givers.team_id is not None:
        return None
    if givers.professional_id in {None, viewer.professional_id}:
        if viewer.professional_id is None:
            raise Forbidden
        return viewer.professional_id
    here = (Professional.id == givers.professional_id) & (Professional.practice_id == viewer.practice_id) & working()
    if not await administers(tx, viewer) or await tx.scalar(select(Professional.id).where(here)) is None:
        raise NotFound
    return givers.professional_id


async def _may_have(tx: Tx, viewer: Viewer, team_id: UUID) -> bool:
    """Whether the viewer may let a team give something: its members, and whoever looks after the practice."""
    if team_id in viewer.team_ids:
        return True
    here = (Team.id == team_id) & (Team.practice_id == viewer.practice_id) & Team.ended_at.is_(None)
    return await administers(tx, viewer) and await tx.scalar(select(Team.id).where(here)) is not None


async def _tell(tx: Tx, viewer: Viewer, service: Service, said: str, now: datetime) -> None:
    """Put on record who changed what somebody else offers: `thing_id` is the person, or the team, that gives it."""
    if gives(viewer, service):
        return
    whose = service.team_id
    if whose is None:
        whose = (await tx.get_one(Professional, service.professional_id)).person_id
    act = Act.ADDED if said == "adds" else Act.CHANGED
    await record(tx, Deed(service.practice_id, viewer.person_id, act, "service", whose, None, f"{said}: {service.name}"), now)


async def _refuse_strangers(tx: Tx, viewer: Viewer, givers: Givers) -> None:
    """A team is one that the viewer may have give something, its lead one of its members."""
    if givers.team_id is None:
        if givers.needs != Needs.ONE:
            raise Invalid(BAD_CHOICE, code="needs")
        return
    if not await _may_have(tx, viewer, givers.team_id):
        raise NotFound
    if givers.needs == Needs.ONE:
        raise Invalid(BAD_CHOICE, code="needs")
    current = (Membership.team_id == givers.team_id) & Membership.ended_at.is_(None)
    members = set(await tx.scalars(select(Membership.professional_id).where(current)))
    if (givers.needs == Needs.LEAD_AND_ANY or givers.lead_id is not None) and givers.lead_id not in members:
        raise Invalid(NOT_A_MEMBER, code="lead_id")
