"""Who is in the public directory, and when they are free next: the only way to a profile that everybody may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, exists, select

from server.access.model import Practice, Professional
from server.access.reviewing import presented
from server.booking.model import Service, ServiceState
from server.booking.offer import AT_ONCE_DAYS, slots_of
from server.booking.slot_days import day_in
from server.core.db import Tx
from server.directory.languages import unpacked
from server.directory.model import Profile
from server.errors import NotFound

MOST = 100  # professionals whose times are looked at for one page
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Entry:
    """One professional with what they offer; `first_free` is None without a free time in the next weeks."""

    professional: Professional
    practice: Practice
    profile: Profile
    services: Sequence[Service]
    first_free: datetime | None


class Listing(NamedTuple):
    """Who is shown, and how many were looked at for it."""

    entries: Sequence[Entry]
    looked_at: int


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for: "" is anything."""

    field: str = ""
    language: str = ""
    soon: bool = False


async def listed(tx: Tx, wanted: Wanted, now: datetime) -> Listing:
    """Return those who fit, whoever is free first at the top; of more than `MOST` the first by name were looked at."""
    query = _shown()
    if wanted.field:
        query = query.where(Professional.field_of_practice == wanted.field)
    if wanted.language:
        query = query.where(Profile.languages.contains(f",{wanted.language},", autoescape=True))
    rows = (await tx.execute(query.order_by(Professional.name, Professional.id).limit(MOST))).all()
    entries = [await _entry(tx, *row, now=now) for row in rows]
    free = [entry for entry in entries if not wanted.soon or (entry.first_free and entry.first_free - now <= SOON)]
    return Listing(sorted(free, key=lambda entry: (entry.first_free is None, entry.first_free or now)), len(rows))


async def fields_of(tx: Tx) -> list[str]:
    """Return every field of practice in the directory, by name."""
    found = _shown().with_only_columns(Professional.field_of_practice, maintain_column_froms=True)
    return list(await tx.scalars(found.distinct().order_by(Professional.field_of_practice)))


async def languages_of(tx: Tx) -> set[str]:
    """Return the tags of every language that somebody in the directory speaks."""
    stored = await tx.scalars(_shown().with_only_columns(Profile.languages, maintain_column_froms=True).distinct())
    return {tag for languages in stored for tag in unpacked(languages)}


async def is_shown(tx: Tx, professional_id: UUID | None) -> bool:
    """Whether everybody can see this professional's page now."""
    return (await tx.execute(_shown().where(Professional.id == professional_id))).first() is not None


async def see_profile(tx: Tx, professional_id: UUID, now: datetime) -> Entry:
    """Load one page of the directory; raises `NotFound`, also for whoever is not in it."""
    row = (await tx.execute(_shown().where(Professional.id == professional_id))).one_or_none()
    if row is None:
        raise NotFound
    return await _entry(tx, *row, now=now)


def _shown() -> Select[Professional, Practice, Profile]:
    offered = exists().where(Service.professional_id == Professional.id, Service.state == ServiceState.OFFERED)
    joined = select(Professional, Practice, Profile).join(Practice, Practice.id == Professional.practice_id)
    return joined.join(Profile, Profile.professional_id == Professional.id).where(Profile.listed, presented(), offered)


async def _entry(tx: Tx, professional: Professional, practice: Practice, profile: Profile, *, now: datetime) -> Entry:
    offered = (Service.professional_id == professional.id) & (Service.state == ServiceState.OFFERED)
    services = list(await tx.scalars(select(Service).where(offered).order_by(Service.name, Service.id)))
    today = day_in(practice.time_zone, now)
    begins = [slots[0].begins_at for service in services if (slots := await slots_of(tx, service, today, AT_ONCE_DAYS, now))]
    return Entry(professional, practice, profile, services, min(begins, default=None))
