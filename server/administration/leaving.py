"""What stands open when somebody's place ends, and handing it over: times and counts, and of no patient who they are."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from server.access.model import Professional
from server.access.people import permissions_that_end, place_of
from server.access.policy import Viewer
from server.access.taking import stop_bookings
from server.billing.doors import stays_paid
from server.booking.actions import cancel
from server.booking.model import Party
from server.booking.passing import Promised, asking_for, free_for, pass_on, promised_by, see_promised
from server.consultation.doors import running_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Conflict, NotFound
from server.notes.doors import open_notes_of

PASSED_ON = "handover"  # in the audit


class Choice(NamedTuple):
    """A promised appointment, and who could give it instead."""

    promised: Promised
    colleagues: list[Professional]


class Standing(NamedTuple):
    """What is open. Only `choices` and `running` keep a place from ending: notes stay with their author, and the rest ends with it."""

    choices: list[Choice]
    running: int
    notes: int
    asking: int
    permissions: int

    @property
    def keeps(self) -> bool:
        return bool(self.choices or self.running)


async def standing_of(tx: Tx, viewer: Viewer, person_id: UUID, now: datetime) -> Standing:
    """Gather it for whoever looks after the practice; raises `Forbidden`, `NotFound`."""
    leaving = await _leaving(tx, viewer, person_id)
    promised = [await _with_money(tx, leaving, one) for one in await promised_by(tx, leaving.id, now)]
    return Standing(
        [Choice(one, [] if one.payee_leaves else await free_for(tx, one, leaving, now)) for one in promised],
        await running_of(tx, leaving.id),
        await open_notes_of(tx, person_id),
        await asking_for(tx, leaving.id),
        await permissions_that_end(tx, leaving.practice_id, person_id, now),
    )


async def hand_over(tx: Tx, viewer: Viewer, which: tuple[UUID, UUID], taking_id: UUID, version: int, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Let a colleague give an appointment; `which` are the person who leaves and the appointment. Raises as `pass_on` does.

    Whoever leaves takes no new bookings from then on: else their free times would be booked while others are handed over.
    """
    leaving, promised = await _see(tx, viewer, which, now)
    await pass_on(tx, promised, leaving, taking_id, version, now)
    await stop_bookings(tx, viewer, leaving.id, now)
    await _tell(tx, viewer, promised, Act.CHANGED, now)


async def call_off(tx: Tx, viewer: Viewer, which: tuple[UUID, UUID], version: int, now: datetime) -> None:
    """Cancel an appointment as the practice does: the patient is told, and money goes back by the rules. Raises `Conflict`, `NotFound`."""
    leaving, promised = await _see(tx, viewer, which, now)
    if promised.appointment.version != version:
        raise Conflict(code="stale")
    await cancel(tx, promised.appointment, Party.PRACTICE, now)
    await stop_bookings(tx, viewer, leaving.id, now)
    await _tell(tx, viewer, promised, Act.WITHDREW, now)


async def leaving_of(tx: Tx, viewer: Viewer, person_id: UUID) -> UUID:
    """Return who is to leave as a professional; raises `Forbidden`, `NotFound`."""
    return (await _leaving(tx, viewer, person_id)).id


async def _see(tx: Tx, viewer: Viewer, which: tuple[UUID, UUID], now: datetime) -> tuple[Professional, Promised]:
    leaving = await _leaving(tx, viewer, which[0])
    return leaving, await _with_money(tx, leaving, await see_promised(tx, leaving.id, which[1], now))


async def _with_money(tx: Tx, leaving: Professional, promised: Promised) -> Promised:
    paid = promised.appointment.paid_online
    return promised._replace(stays_paid=paid and await stays_paid(tx, promised.appointment.id, leaving.id))


async def _leaving(tx: Tx, viewer: Viewer, person_id: UUID) -> Professional:
    professional = (await place_of(tx, viewer, person_id)).professional
    if professional is None:
        raise NotFound
    return professional


async def _tell(tx: Tx, viewer: Viewer, promised: Promised, act: Act, now: datetime) -> None:
    one = promised.appointment
    thing = PASSED_ON if act is Act.CHANGED else "appointment"
    await record(tx, Deed(one.practice_id, viewer.person_id, act, thing, one.id, one.patient_id), now)
