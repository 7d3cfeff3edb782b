"""What a practice says of itself: name, telephone, time zone, language and who is above it, decided by who looks after it, on record."""

from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import select

from server.access.model import Practice, Professional, Review
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.access.regulators import Regulator, fault_of, regulators_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Invalid

LONGEST_NAME, LONGEST_PHONE = 200, 40
PHONE_SIGNS = frozenset("+0123456789 ()-")


@dataclass(frozen=True)
class Said:
    """`phone` as people dial it, "" for none; `time_zone` an IANA name; `language` the tag of a catalogue.

    `regulators` are lines of a name and a web address, beside those that the server knows itself.
    """

    name: str
    phone: str
    time_zone: str
    language: str
    regulators: str = ""


def said_by(practice: Practice) -> Said:
    return Said(practice.name, practice.phone or "", practice.time_zone, practice.language, practice.regulators)


async def above(tx: Tx, practice: Practice) -> list[Regulator]:
    """Return to whom anybody may complain about a practice."""
    works = (Professional.practice_id == practice.id) & (Professional.review == Review.APPROVED) & Professional.ended_at.is_(None)
    return regulators_of(await tx.scalars(select(Professional.body).where(works).distinct()), practice.regulators)


def zones() -> list[str]:
    """Return the zones of places, without the old names and those that no clock on a wall shows."""
    return sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))
    )


def faults_of(said: Said, tags: list[str]) -> dict[str, str]:
    """Return by field a code such as `name_missing`; `tags` are the languages that this server has."""
    wrong = {
        "name": "name_missing" if not said.name else "name_long" if len(said.name) > LONGEST_NAME else "",
        "phone": "phone" if len(said.phone) > LONGEST_PHONE or not PHONE_SIGNS.issuperset(said.phone) else "",
        "time_zone": "time_zone" if said.time_zone not in zones() else "",
        "language": "language" if said.language not in tags else "",
        "regulators": fault_of(said.regulators),
    }
    return {field: code for field, code in wrong.items() if code}


async def say(tx: Tx, viewer: Viewer, said: Said, tags: list[str], now: datetime) -> None:
    """Keep it; appointments that were made keep the zone in which they were promised. Raises `Forbidden`, `Invalid`."""
    practice = await tx.get_one(Practice, await in_charge_of(tx, viewer), with_for_update=True)
    before = said_by(practice)
    if faults_of(said, tags):
        raise Invalid(code="settings")
    practice.name, practice.phone = said.name, said.phone or None
    practice.time_zone, practice.language, practice.regulators = said.time_zone, said.language, said.regulators
    changed = [field.replace("_", " ") for field, value in asdict(said).items() if value != getattr(before, field)]
    if changed:
        words = f"changes {', '.join(changed)}"
        await record(tx, Deed(practice.id, viewer.person_id, Act.CHANGED, "practice", practice.id, None, words), now)
