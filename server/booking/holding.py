"""What one browser holds: one time at once, as far as that is possible without waiting in a circle."""

from datetime import datetime, timedelta
from typing import NamedTuple

from server.booking.actions import cancel, hold
from server.booking.guard import lock_appointment, lock_diaries
from server.booking.model import Appointment, AppointmentState, Party, Service
from server.booking.offer import Wish, load_offer
from server.core.db import Tx

DAY = timedelta(days=1)


class Wanted(NamedTuple):
    """Which time of which service, and the zone of whoever books."""

    service: Service
    begins_at: datetime
    time_zone: str


async def hold_instead(tx: Tx, before: Appointment | None, wanted: Wanted, now: datetime) -> Appointment:
    """Hold a time, and give back what was held of the same service `before`; the same time once more stays what it is.

    What was held of another service runs out by itself: to give it back here, other diaries had to be locked, in an order of their own.
    Raises as `hold` does; then what was held before is held still.
    """
    if before is None or before.service_id != wanted.service.id or not before.held_at(now):
        return await hold(tx, *wanted, now)
    if before.begins_at == wanted.begins_at:
        return before
    if wanted.begins_at > now:  # else `hold` refuses it
        offer = await load_offer(tx, Wish(wanted.service), wanted.begins_at.date() - DAY, 3, now)
        await lock_diaries(tx, offer.who)
        await release(tx, before, now)
    return await hold(tx, *wanted, now)


async def release(tx: Tx, appointment: Appointment, now: datetime) -> None:
    """Give back a time that is only held; anything else stays as it is. Diaries are locked here, so no lock may be held of the row."""
    await lock_appointment(tx, appointment)
    if appointment.state == AppointmentState.HELD:
        await cancel(tx, appointment, Party.PATIENT, now)
