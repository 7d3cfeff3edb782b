"""A consultation as an iCalendar file (RFC 5545) for the patient's own calendar; pure.

It does not hold the personal link: calendars are shared with families and employers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import icalendar


@dataclass(frozen=True)
class Event:
    """Times in aware UTC; `title` and `description` as people read them. `sequence` counts how often it was moved or cancelled."""

    id: UUID
    starts_at: datetime
    duration_min: int
    title: str
    description: str
    sequence: int = 0
    cancelled: bool = False


def calendar_file(event: Event, now: datetime) -> str:
    """Return the file's text. PUBLISH, not REQUEST: a calendar keeps it, and asks nobody for an answer (RFC 5546, 3.2.1).

    Of one that is cancelled it is a CANCEL, which takes the entry out again (3.2.5).
    """
    method = "CANCEL" if event.cancelled else "PUBLISH"
    calendar = icalendar.Calendar({"version": "2.0", "prodid": "-//Consilium//EN", "method": method})
    entry = icalendar.Event()
    entry.add("uid", f"{event.id}@consilium")
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", now)
    entry.add("dtstart", event.starts_at.astimezone(UTC))
    entry.add("dtend", event.starts_at.astimezone(UTC) + timedelta(minutes=event.duration_min))
    entry.add("summary", _one_kind(event.title))
    entry.add("description", _one_kind(event.description))
    if event.cancelled:
        entry.add("status", "CANCELLED")
    calendar.add_component(entry)
    return str(calendar.to_ical(), "utf-8")


def _one_kind(text: str) -> str:
    """A lone CR is no line break to the library, and must not begin a property."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
