"""What messaging holds about somebody: that they were written to, and when. Texts and addresses are never stored."""

from server.booking.holdings import APPOINTMENTS
from server.consultation.holdings import MEETINGS
from server.core.holdings import Class, Holding, Link, Part
from server.core.marking import _
from server.messaging.model import Delivery, Reminder

REMINDERS = Part(Reminder, (Link("appointment_id", APPOINTMENTS),))
DELIVERIES = Part(Delivery, (Link("consultation_id", MEETINGS), Link("reminder_id", REMINDERS)))

HOLDINGS = (
    Holding(
        "messaging.deliveries",
        _("That you were written to: when, by which way, and whether it arrived"),
        Class.CONTRACT,
        _("It shows that you were told of your appointments."),
        (REMINDERS, DELIVERIES),
    ),
)
