"""Who has accepted which version of the terms, and whose terms somebody is asked to accept at their next sign-in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.policy import Viewer
from server.core.db import Tx
from server.patients.doors import own_records
from server.privacy.policies import in_force, versions_of
from server.privacy.policy_rows import PolicyAcceptance, PolicyVersion
from server.privacy.policy_words import Policy


async def unaccepted(tx: Tx, viewer: Viewer, now: datetime) -> list[PolicyVersion]:
    """Return the terms in force that the viewer has not accepted: of the practices that keep a record of theirs, or employ them.

    Built-in terms ask nobody.
    """
    practices = {record.practice.id for record in await own_records(tx, viewer.person_id)}
    practices |= {viewer.practice_id} if viewer.practice_id else set()
    current = [in_force(await versions_of(tx, practice_id, Policy.TERMS), now) for practice_id in sorted(practices)]
    said = select(PolicyAcceptance.version_id).where(PolicyAcceptance.person_id == viewer.person_id)
    accepted = set(await tx.scalars(said))
    return [version for version in current if version is not None and version.id not in accepted]


async def accept(tx: Tx, viewer: Viewer, version_ids: set[UUID], now: datetime) -> None:
    """Take down that the viewer accepts those that they were shown; one that is accepted already, or not asked for, changes nothing."""
    shown = [version for version in await unaccepted(tx, viewer, now) if version.id in version_ids]
    tx.add_all(PolicyAcceptance(version_id=version.id, person_id=viewer.person_id, accepted_at=now) for version in shown)
