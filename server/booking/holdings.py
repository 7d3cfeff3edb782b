"""What booking holds about somebody: their appointments, and what a professional offers.

Whoever waits for a time without an account is known by a link only, so nothing leads from a record to their row.
"""

from server.access.holdings import PROFESSIONALS
from server.booking.feeds import CalendarFeed
from server.booking.model import Appointment, AppointmentMember, DayException, Grain, WeeklyHours
from server.core.holdings import Class, Fate, Holding, Link, Part, Root
from server.core.marking import _

NOBODY = {"name": None, "mobile": None, "email": None}
APPOINTMENTS = Part(Appointment, (Link("patient_id", Root.PATIENT),), Fate.PSEUDONYMISE, NOBODY)
MEMBERS = Part(AppointmentMember, (Link("appointment_id", APPOINTMENTS),), Fate.KEEP)
GRAINS = Part(Grain, (Link("appointment_id", APPOINTMENTS),), Fate.KEEP, technical=True)
HOURS = Part(WeeklyHours, (Link("professional_id", PROFESSIONALS),), Fate.KEEP)
DAYS = Part(DayException, (Link("professional_id", PROFESSIONALS),), Fate.KEEP)
FEEDS = Part(CalendarFeed, (Link("professional_id", PROFESSIONALS),), Fate.KEEP)

HOLDINGS = (
    Holding(
        "booking.appointments",
        _("Your appointments: when they were, with whom, and what was agreed"),
        Class.CONTRACT,
        _("An appointment is a contract; claims can be made out of it for years."),
        (APPOINTMENTS, MEMBERS, GRAINS),
    ),
    Holding(
        "booking.hours",
        _("Your hours, the days on which you are away, and the link to your calendar"),
        Class.RECORD,
        _("They belong to the work that you do here."),
        (HOURS, DAYS, FEEDS),
    ),
)
