"""What can be booked now: the rules and the taken grains of everybody who is needed, read in three queries whatever the team."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, literal, or_, select, union_all

from server.access.model import Membership, Practice, Professional
from server.access.reviewing import bookable
from server.booking.grains import GRAIN_MIN, Span, span_around, span_within, union
from server.booking.guard import find_closed, members_of
from server.booking.hours import DAY, Closed, Difference, Weekly, day_span, grid, open_grains
from server.booking.model import Appointment, AppointmentMember, Closure, DayException, DayKind, Needs, Service, WeeklyHours
from server.booking.slots import Diary, Shape, Slot, find_slots, room_around
from server.booking.taken import Look, taken_in
from server.core.db import Tx

AT_ONCE_DAYS = 28  # in which the first free time is looked for before later ones are read


class Wish(NamedTuple):
    """What a time is looked for: a service, or an appointment of that service which is to be moved."""

    service: Service
    moving: Appointment | None = None


@dataclass(frozen=True)
class Offer:
    """A service with the rules of everybody who may give it, for some local days of the practice, of which there may be none."""

    wish: Wish
    shape: Shape
    zone: ZoneInfo
    days: list[date]
    weekly: dict[UUID, list[Weekly]]
    differences: dict[UUID, list[Difference]]
    closed: Closed

    @property
    def who(self) -> list[UUID]:
        """Everybody who may be needed, in the order in which their diaries are locked."""
        return sorted(self.weekly)

    @property
    def starts(self) -> Span:
        return Span(day_span(self.days[0], self.zone).first, day_span(self.days[-1], self.zone).until) if self.days else Span(0, 0)

    @property
    def window(self) -> Span:
        """Every grain that must be known to answer for these days."""
        return room_around(self.shape, self.starts)

    async def taken(self, tx: Tx, now: datetime) -> dict[UUID, int]:
        """Return the grains of the window that are taken, by professional; what is held for too long counts as free."""
        moving = self.wish.moving
        return await taken_in(tx, Look(self.who, self.window, now, moving.id if moving else None))

    def slots(self, taken: dict[UUID, int], now: datetime) -> list[Slot]:
        """Return what can be booked on these days. `taken` has sets of grains of the window, by professional."""
        if not self.days:
            return []
        window = self.window
        earliest = span_within(now + timedelta(minutes=self.wish.service.notice_min), now).first
        wanted = grid(self.days, self.wish.service.grid_min // GRAIN_MIN, self.zone, window) & union(
            [Span(earliest, self.starts.until)], window
        )
        diaries = [
            Diary(who, open_grains(self.weekly[who], self.differences.get(who, ()), self.closed, window), taken.get(who, 0))
            for who in self.who
        ]
        return find_slots(self.shape, diaries, wanted, window)


async def slots_of(tx: Tx, service: Service, first: date, days: int, now: datetime) -> list[Slot]:
    """Return what can be booked on `days` local days of the practice from `first` on, by time, in three queries.

    What is too soon or too far ahead is left out, so any date may be asked for.
    """
    return await _slots(tx, Wish(service), first, days, now)


async def slots_to_move(tx: Tx, appointment: Appointment, first: date, days: int, now: datetime) -> list[Slot]:
    """Return the times to which a patient may move an appointment: the same people are free then, its own time being free, too.

    There are none where one of them takes no new bookings.
    """
    if await find_closed(tx, await members_of(tx, appointment)) is not None:
        return []
    service = await tx.get(Service, appointment.service_id) if appointment.service_id else None
    return await _slots(tx, Wish(service, appointment), first, days, now) if service is not None else []


async def _slots(tx: Tx, wish: Wish, first: date, days: int, now: datetime) -> list[Slot]:
    offer = await load_offer(tx, wish, first, days, now)
    return offer.slots(await offer.taken(tx, now), now) if offer.days else []


async def first_free(tx: Tx, service: Service, now: datetime) -> Slot | None:
    """Return the earliest time that can be booked, or None where there is none up to the horizon."""
    today = now.date() - DAY
    for ahead in range(0, service.horizon_days + 3, AT_ONCE_DAYS):
        if slots := await slots_of(tx, service, today + ahead * DAY, AT_ONCE_DAYS, now):
            return slots[0]
    return None


async def load_offer(tx: Tx, wish: Wish, first: date, days: int, now: datetime) -> Offer:
    """Read the rules of everybody who may be needed, in two queries; those whose days are over are left out."""
    service = wish.service
    zone_name, weekly = await _people(tx, wish, now)
    zone = ZoneInfo(zone_name)
    wanted = bookable_days(first, days, now.astimezone(zone).date(), service.horizon_days) if weekly else []
    differences, closed = await _differences(tx, service.practice_id, weekly, wanted) if wanted else ({}, frozenset())
    return Offer(wish, _shape(wish), zone, wanted, weekly, differences, Closed(closed, zone_name))


def bookable_days(first: date, days: int, today: date, horizon_days: int) -> list[date]:
    """Return those of the days that are neither over nor beyond the horizon."""
    begin = first.toordinal()
    ahead = range(max(begin, today.toordinal()), min(begin + days, today.toordinal() + horizon_days + 1))
    return [date.fromordinal(day) for day in ahead]


def _shape(wish: Wish) -> Shape:
    """Return what to look for; an appointment that is moved keeps its own length, buffers and people."""
    service, moving = wish
    if moving is None:
        before, after, needs = service.buffer_before_min, service.buffer_after_min, Needs(service.needs)
        return Shape(service.length_min // GRAIN_MIN, before // GRAIN_MIN, after // GRAIN_MIN, needs, service.lead_id)
    before, after = moving.buffer_before_min, moving.buffer_after_min
    length = len(span_around(moving.begins_at, moving.ends_at))
    return Shape(length, before // GRAIN_MIN, after // GRAIN_MIN, Needs.ALL, None)


async def _people(tx: Tx, wish: Wish, now: datetime) -> tuple[str, dict[UUID, list[Weekly]]]:
    """Return the practice's time zone, and the weekly hours of everybody who may be needed, none for whoever has none."""
    rules = WeeklyHours
    alive = (rules.professional_id == Professional.id) & or_(rules.valid_to.is_(None), rules.valid_to >= now.date() - DAY)
    columns = (rules.weekday, rules.begins_min, rules.ends_min, rules.valid_from, rules.valid_to, rules.time_zone)
    people = select(Practice.time_zone, Professional.id, *columns).join(Professional, Professional.practice_id == Practice.id)
    zone, weekly = "UTC", defaultdict[UUID, list[Weekly]](list)
    found = people.outerjoin(WeeklyHours, alive).where(Practice.id == wish.service.practice_id, _needed(wish))
    rows: Iterable[Any] = await tx.execute(found)
    for zone, professional_id, *rule in rows:  # noqa: B007 - the zone is the same in every row
        hours = weekly[professional_id]
        if rule[0] is not None:
            hours.append(Weekly(*rule))
    return zone, dict(weekly)


def _needed(wish: Wish) -> ColumnElement[bool]:
    service, moving = wish
    if moving is not None:
        return Professional.id.in_(select(AppointmentMember.professional_id).where(AppointmentMember.appointment_id == moving.id))
    if service.team_id is None:
        return (Professional.id == service.professional_id) & bookable()
    current = (Membership.team_id == service.team_id) & Membership.ended_at.is_(None)
    return Professional.id.in_(select(Membership.professional_id).where(current)) & bookable()


async def _differences(
    tx: Tx, practice_id: UUID, who: Iterable[UUID], days: list[date]
) -> tuple[dict[UUID, list[Difference]], frozenset[date]]:
    """Return how these days differ for each of them, and on which the practice is closed; a day more on both sides for other zones."""
    first, last = days[0] - DAY, days[-1] + DAY
    one = DayException
    own = select(one.professional_id, one.day, one.kind, one.begins_min, one.ends_min, one.time_zone)
    nobody = [literal(None, column.type) for column in (one.professional_id, one.begins_min, one.ends_min)]
    shut = select(nobody[0], Closure.day, literal(DayKind.CLOSED, String), *nobody[1:], literal("", String))
    rows: Iterable[Any] = await tx.execute(
        union_all(
            own.where(one.professional_id.in_(who), one.day.between(first, last)),
            shut.where(Closure.practice_id == practice_id, Closure.day.between(first, last)),
        )
    )
    differences: defaultdict[UUID, list[Difference]] = defaultdict(list)
    closed: set[date] = set()
    for professional_id, day, *rest in rows:
        if professional_id is None:
            closed.add(day)
        else:
            differences[professional_id].append(Difference(day, *rest))
    return differences, frozenset(closed)
