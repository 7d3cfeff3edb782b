"""The waiting lists of whoever leaves: handing them over to what a colleague or a team offers, and ending what is left of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from server.access.model import Professional
from server.booking.events import SeekerPassedOn, WaitingListEnded
from server.booking.front import see_front
from server.booking.model import Service, ServiceState
from server.booking.offer_doors import services_here
from server.booking.seekers import Seeker, SeekerState
from server.booking.waiting_list import OFFER_FREED, REACHED_FOR, open_offer
from server.core.db import Tx
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.errors import Invalid, NotFound


class Waiting(NamedTuple):
    """How many wait for a time of a service; for `offered` of them one is kept at this moment, which they take or let go first."""

    service: Service
    asking: int
    offered: int

    @property
    def ready(self) -> int:
        return self.asking - self.offered


class Instead(NamedTuple):
    """What they could wait for instead, and who gives it."""

    service: Service
    given_by: str


async def waiting_for(tx: Tx, professional_id: UUID, now: datetime) -> list[Waiting]:
    """Return the services of a professional's own for which somebody waits, by name; of nobody who it is."""
    by_service: dict[UUID, list[Seeker]] = {}
    for one in await _asking(tx, Service.professional_id == professional_id):
        by_service.setdefault(one.service_id, []).append(one)
    services = await tx.scalars(select(Service).where(Service.id.in_(by_service)).order_by(func.lower(Service.name), Service.id))
    return [Waiting(one, len(by_service[one.id]), await _offered(tx, by_service[one.id], now)) for one in services]


async def instead_of(tx: Tx, leaving: Professional) -> list[Instead]:
    """Return everything that others of the practice offer and can be booked for now, by who gives it."""
    found = []
    for offering in await services_here(tx, leaving.practice_id):
        offered = [
            one for one in offering.services if one.state == ServiceState.OFFERED and leaving.id not in {one.professional_id, one.lead_id}
        ]
        if offered and await _can_be_booked(tx, offered[0], leaving):
            found += [Instead(one, offering.name) for one in offered]
    return found


async def pass_waiting(tx: Tx, leaving: Professional, service_id: UUID, taking_id: UUID, now: datetime) -> int:
    """Let everybody who waits for a service of whoever leaves wait for another one, and tell them; returns how many.

    They keep the day on which they asked. Who has a time kept for them at this moment stays until they have answered. Raises `NotFound`
    where it is no service of theirs, and `Invalid` with `instead` for one that nobody could be booked for.
    """
    service = await tx.get(Service, service_id)
    if service is None or service.professional_id != leaving.id:
        raise NotFound
    if taking_id not in {one.service.id for one in await instead_of(tx, leaving)}:
        raise Invalid(code="instead")
    passed = [one for one in await _asking(tx, Seeker.service_id == service_id, lock=True) if await open_offer(tx, one.id, now) is None]
    for seeker in passed:
        seeker.service_id = taking_id
    await tx.flush()
    for seeker in passed:
        await tx.emit(SeekerPassedOn(seeker.id))
    if passed:
        add_errand(tx, OFFER_FREED, leaving.practice_id, f"waits:{new_id()}", now)
    return len(passed)


async def end_waiting(tx: Tx, professional_id: UUID, now: datetime) -> int:
    """Tell everybody who waits for a service of whoever leaves that its list has ended; returns how many.

    How they are reached is forgotten once the message is out, by the sweep of the practice's lists.
    """
    left = await _asking(tx, Service.professional_id == professional_id, lock=True)
    for seeker in left:
        seeker.state, seeker.ended_at = SeekerState.CLOSED, now
    await tx.flush()
    for seeker in left:
        await tx.emit(WaitingListEnded(seeker.id))
    if left:
        at = now + REACHED_FOR + timedelta(seconds=1)
        add_errand(tx, OFFER_FREED, left[0].practice_id, f"forget:{new_id()}", at)
    return len(left)


async def _asking(tx: Tx, which: ColumnElement[bool], *, lock: bool = False) -> Sequence[Seeker]:
    joined = select(Seeker).join(Service, Service.id == Seeker.service_id).where(which, Seeker.state == SeekerState.ASKING)
    query = joined.order_by(Seeker.id)
    return list(await tx.scalars(query.with_for_update(of=Seeker).execution_options(populate_existing=True) if lock else query))


async def _offered(tx: Tx, asking: Sequence[Seeker], now: datetime) -> int:
    return sum([await open_offer(tx, one.id, now) is not None for one in asking])


async def _can_be_booked(tx: Tx, service: Service, leaving: Professional) -> bool:
    """Whether somebody else than whoever leaves is behind it, is shown to patients and takes new bookings."""
    owner_id = service.team_id or service.professional_id
    try:
        front = await see_front(tx, owner_id) if owner_id else None
    except NotFound:
        return False
    return front is not None and any(one.takes_none_since is None for one in front.people if one.id != leaving.id)
