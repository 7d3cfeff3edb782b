"""Booking by whoever works at the practice, for a patient: confirmed at once, by the same guard and the same rules of the service."""

from datetime import datetime
from uuid import UUID

from server.booking.actions import hold
from server.booking.events import AppointmentConfirmed
from server.booking.holding import Wanted
from server.booking.model import Appointment, Pays
from server.core.db import Tx


async def book_for(tx: Tx, wanted: Wanted, patient_id: UUID, booked_by: UUID, now: datetime) -> Appointment:
    """Promise a free time of a service to a patient's record, which whoever calls has from its door; raises as `hold` does.

    Nothing is paid on the way: what is paid online by who books themself is paid at the practice here.
    """
    appointment = await hold(tx, *wanted, now)
    appointment.confirm(patient_id, now)
    appointment.booked_by = booked_by
    if appointment.pays == Pays.ONLINE:
        appointment.pays = Pays.PRACTICE
    await tx.flush()
    await tx.emit(AppointmentConfirmed(appointment.id))
    return appointment
