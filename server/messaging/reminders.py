"""Reminds patients of appointments: planned with the promise and with every move, and looked at again before anything is said."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice
from server.booking.events import AppointmentMoved, AppointmentPassedOn
from server.booking.model import Appointment
from server.consultation.actions import current_link, told_of
from server.consultation.doors import patient_of, record_of
from server.consultation.events import Arranged, Channel, News
from server.consultation.model import Consultation, Stage
from server.core.db import Tx
from server.core.ids import new_id
from server.core.outbox import add_errand
from server.messaging.actions import About, queue
from server.messaging.model import Reminder
from server.messaging.reminding import dues, is_past, text_message_at

REMIND = "remind"
CAME = {Stage.WAITING, Stage.IN_CALL}


async def plan_reminders(tx: Tx, fact: Arranged | AppointmentMoved | AppointmentPassedOn, now: datetime) -> None:
    """Queue what lies ahead of an appointment as it is promised now; the reminders of an earlier promise find out by themselves."""
    appointment = await tx.get_one(Appointment, fact.appointment_id)
    for kind, due_at in dues(appointment.begins_at, now):
        reminder = Reminder(
            id=new_id(), appointment_id=appointment.id, sequence=appointment.sequence, kind=kind, due_at=due_at, settled_at=None
        )
        tx.add(reminder)
        await tx.flush()
        add_errand(tx, REMIND, reminder.id, f"appt:{appointment.id}:{appointment.sequence}:{kind}", due_at)


async def remind(tx: Tx, reminder_id: UUID, now: datetime) -> None:
    """Queue the messages of a reminder, or let it fall silent; once, however often this is run."""
    reminder = await tx.get_one(Reminder, reminder_id, with_for_update=True)
    if reminder.settled_at is not None:
        return
    reminder.settled_at = now
    appointment = await tx.get_one(Appointment, reminder.appointment_id)
    consultation = await tx.scalar(select(Consultation).where(Consultation.appointment_id == appointment.id))
    if consultation is None or not stands(reminder, appointment, consultation, now) or not await _wanted(tx, consultation, reminder.kind):
        return
    if (await patient_of(tx, consultation.id)).stage in CAME:
        return
    link = await current_link(tx, consultation.id)
    for acting, channel in await told_of(tx, await record_of(tx, consultation), now):
        about = About(consultation.id, link.id, news=News(reminder.kind), reminder_id=reminder.id, representation_id=acting)
        late = text_message_at(News(reminder.kind), now, appointment.time_zone) if channel == Channel.SMS else now
        await queue(tx, about, channel, now, late)


def stands(reminder: Reminder, appointment: Appointment, consultation: Consultation, now: datetime) -> bool:
    """Whether what a reminder says is still true, and still of use."""
    if consultation.over or reminder.sequence != appointment.sequence:
        return False
    return not is_past(News(reminder.kind), appointment.begins_at, now)


async def _wanted(tx: Tx, consultation: Consultation, kind: str) -> bool:
    practice = await tx.get_one(Practice, consultation.practice_id)
    return practice.reminds_day_before if kind == News.REMIND24H else practice.reminds_shortly_before
