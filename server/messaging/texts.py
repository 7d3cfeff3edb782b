"""What messages say. No clinical word and no patient's name: an SMS is read on locked screens by others."""

from datetime import datetime
from zoneinfo import ZoneInfo

from server.access.model import Practice
from server.ports import Letter


def invitation(to: str, practice: Practice, when: datetime, link: str) -> Letter:
    """Return the invitation to join; `when` in UTC is told in the practice's own zone, which it names."""
    local = when.astimezone(ZoneInfo(practice.time_zone))
    city = practice.time_zone.rsplit("/", 1)[-1].replace("_", " ")
    at = f"{local:%A} {local.day} {local:%B} at {local:%H:%M} ({city} time)"
    help_line = f" Questions? Call {practice.phone}." if practice.phone else ""
    body = f"{practice.name}: your video appointment is on {at}. To join, open {link} - no app is needed.{help_line}"
    return Letter(to=to, subject=f"Your video appointment with {practice.name}", body=body)
