"""The calendar file against RFC 5545."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from server.consultation.calendar_file import Event, calendar_file

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ID = UUID(int=7)


def event(**changes: object) -> Event:
    fields = {"id": ID, "starts_at": NOW + timedelta(days=1), "duration_min": 20, "title": "Consultation", "description": "Soon"}
    return Event(**{**fields, **changes})  # type: ignore[arg-type]


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def test_times_are_utc_whatever_the_zone_they_came_in() -> None:
    berlin = timezone(timedelta(hours=2))
    lines = unfolded(calendar_file(event(starts_at=datetime(2026, 7, 1, 9, 30, tzinfo=berlin)), NOW))
    assert "DTSTART:20260701T073000Z" in lines
    assert "DTEND:20260701T075000Z" in lines
    assert "DTSTAMP:20260302T100000Z" in lines


def test_a_name_cannot_begin_a_property() -> None:
    lines = unfolded(calendar_file(event(title="Dr A\r\nATTENDEE:x; y, z\\"), NOW))
    assert "SUMMARY:Dr A\\nATTENDEE:x\\; y\\, z\\\\" in lines
    assert not any(line.startswith("ATTENDEE") for line in lines)


@given(some.text(max_size=300))
def test_no_line_is_longer_than_75_octets_and_nothing_is_lost(title: str) -> None:
    text = calendar_file(event(title=title.encode(errors="ignore").decode()), NOW)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    summary = next(line for line in unfolded(text) if line.startswith("SUMMARY:"))
    plain = title.encode(errors="ignore").decode().replace("\r\n", "\n").replace("\r", "\n")
    escaped = plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    assert summary == f"SUMMARY:{escaped}"


def test_one_that_is_cancelled_takes_its_entry_out_again() -> None:
    before, after = event(), event(sequence=1, cancelled=True)
    first, last = (unfolded(calendar_file(each, NOW)) for each in (before, after))
    assert [line for line in first if line.startswith("UID:")] == [line for line in last if line.startswith("UID:")]
    assert {"METHOD:PUBLISH", "SEQUENCE:0"} <= set(first)
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:1"} <= set(last)
