"""The rules that a practice decided on: every version, the ones that count today, and a new one."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice
from server.access.policy import Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx, locked
from server.errors import Conflict, Invalid
from server.messaging.own_texts import administered
from server.privacy.retention import OWN, PRESETS, Rules, faults_of, in_force, longest
from server.privacy.retention_facts import calendar_of
from server.privacy.retention_rows import RetentionRules


class Choice(NamedTuple):
    """What somebody chose on a page that showed `version`, 0 where there was none."""

    preset: str
    rules: Rules
    version: int


async def versions_of(tx: Tx, practice_id: UUID) -> list[RetentionRules]:
    """Return every version, the oldest first."""
    mine = select(RetentionRules).where(RetentionRules.practice_id == practice_id)
    return list(await tx.scalars(mine.order_by(RetentionRules.version)))


async def rules_of(tx: Tx, practice: Practice, now: datetime) -> Rules | None:
    """Return the rules that count today; None while the practice has decided on none, or not a week ago."""
    versions = await versions_of(tx, practice.id)
    return in_force([one.decided for one in versions], calendar_of(practice, now).today)


async def longest_rules(tx: Tx, practice_ids: Collection[UUID], now: datetime) -> Rules:
    """Return what all these practices can agree to, for what belongs to several; who decided on none has the built-in ones."""
    practices = await tx.scalars(select(Practice).where(Practice.id.in_(practice_ids)))
    return longest([Rules(), *[await rules_of(tx, practice, now) or Rules() for practice in practices]])


async def decide(tx: Tx, viewer: Viewer, choice: Choice, now: datetime) -> RetentionRules:
    """Keep a new version; raises `Forbidden`, `Invalid`, and `Conflict` where a colleague was faster."""
    practice = await administered(tx, viewer)
    await tx.refresh(practice, with_for_update=locked())
    versions = await versions_of(tx, practice.id)
    if choice.version != len(versions):
        raise Conflict(code="stale")
    values = asdict(choice.rules)
    if faults_of(values) or PRESETS.get(choice.preset, choice.rules) != choice.rules or choice.preset not in {OWN, *PRESETS}:
        raise Invalid(code="rules")
    row = RetentionRules(
        practice_id=practice.id, version=len(versions) + 1, preset=choice.preset, numbers=values,
        decided_on=calendar_of(practice, now).today, decided_at=now, decided_by=viewer.person_id,
    )  # fmt: skip
    tx.add(row)
    words = f"decides how long data are kept, version {row.version}: {choice.preset}"
    await record(tx, Deed(practice.id, viewer.person_id, Act.CHANGED, "practice", practice.id, None, words), now)
    return row
