"""A consultation as an iCalendar file (RFC 5545) for the patient's own calendar; pure.

It does not hold the personal link: calendars are shared with families and employers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

LINE_OCTETS = 75


@dataclass(frozen=True)
class Event:
    """Times in aware UTC; `title` and `description` as people read them. `sequence` counts how often it was moved."""

    id: UUID
    starts_at: datetime
    duration_min: int
    title: str
    description: str
    sequence: int = 0


def calendar_file(event: Event, now: datetime) -> str:
    ends_at = event.starts_at + timedelta(minutes=event.duration_min)
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Consilium//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{event.id}@consilium",
        f"SEQUENCE:{event.sequence}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(event.starts_at)}",
        f"DTEND:{_utc(ends_at)}",
        f"SUMMARY:{_escape(event.title)}",
        f"DESCRIPTION:{_escape(event.description)}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(_fold(line) + "\r\n" for line in lines)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escape(text: str) -> str:
    """Escape as TEXT (RFC 5545, 3.3.11); a line break in a name must not begin a property."""
    one_kind = text.replace("\r\n", "\n").replace("\r", "\n")
    return one_kind.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _fold(line: str) -> str:
    """Fold at 75 octets (RFC 5545, 3.1) without splitting a character; a continued line begins with a blank."""
    rows, row = [], ""
    for char in line:
        if len((row + char).encode()) > LINE_OCTETS:
            rows.append(row)
            row = " "
        row += char
    return "\r\n".join([*rows, row])
