"""A professional's appointments as an iCalendar file (RFC 5545) that calendar programs subscribe to; pure.

The same appointments give the same bytes: a program that asks every few minutes is told that nothing has changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import icalendar

BEHIND, AHEAD = timedelta(days=30), timedelta(days=366)
REFRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class FeedEvent:
    """One appointment; `changed_at` is when it was promised. `title` names no patient."""

    id: UUID
    begins_at: datetime
    ends_at: datetime
    changed_at: datetime
    sequence: int
    title: str


def feed_of(name: str, events: Iterable[FeedEvent]) -> bytes:
    """Return the file, `name` being what the calendar is called."""
    calendar = icalendar.Calendar({"version": "2.0", "prodid": "-//Consilium//EN"})
    calendar.add("name", name)  # RFC 7986, and the older name that most programs read
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, {"value": "DURATION"})
    for event in events:
        entry = icalendar.Event()
        entry.add("uid", f"{event.id}@consilium")
        entry.add("sequence", event.sequence)
        entry.add("dtstamp", event.changed_at.astimezone(UTC))
        entry.add("dtstart", event.begins_at.astimezone(UTC))
        entry.add("dtend", event.ends_at.astimezone(UTC))
        entry.add("summary", " ".join(event.title.split()))
        calendar.add_component(entry)
    return bytes(calendar.to_ical())
