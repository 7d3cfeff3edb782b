"""What figures are called on the page. Pure."""

from server.core.marking import _

TITLES = {
    "kinds": _("Consultations, by how they came about"),
    "outcomes": _("Consultations, by what became of them"),
    "cancellations": _("Appointments that were called off"),
    "bookings": _("Bookings, by how long before the appointment"),
    "reminders": _("Reminders"),
    "calls": _("How people saw and heard each other"),
}
TOTALS = {
    "kinds": _("All consultations"),
    "outcomes": _("All consultations"),
    "cancellations": _("All called off"),
    "bookings": _("All bookings"),
    "reminders": _("All reminders"),
    "calls": _("All people in calls"),
}
PARTS = {
    "booked": _("Booked from the offer"),
    "planned": _("Planned by a professional"),
    "completed": _("Took place"),
    "absent": _("Patient did not come"),
    "unsuitable": _("Not suitable for video"),
    "unsaid": _("Nothing was said"),
    "by_patient": _("By the patient"),
    "by_practice": _("By the practice"),
    "within_day": _("Less than a day"),
    "within_week": _("Less than a week"),
    "within_month": _("Less than four weeks"),
    "later": _("Longer"),
    "delivered": _("Arrived"),
    "sent": _("Handed on"),
    "failed": _("Did not arrive"),
    "not_sent": _("Not sent: no provider"),
    "silent": _("No longer needed"),
    "well": _("Well throughout"),
    "troubled": _("With interruptions"),
}
WEEK = _("Week from {day}")
FROM_TO = _("From {first} to {last}; the table below has the figures.")
