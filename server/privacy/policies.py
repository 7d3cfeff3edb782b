"""Whose policies there are, which version is in force, and publishing the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from server.access.model import Practice, Professional
from server.access.policy import Viewer
from server.access.viewer import administers
from server.administration.completing import PolicyAsked
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.errors import Conflict, Invalid, NotFound
from server.privacy import bases
from server.privacy.policy_rows import PolicyVersion
from server.privacy.policy_words import Policy, Scope, fault_of

MOST = 500  # versions of one text


@dataclass(frozen=True)
class Owner:
    """Whose text it is: a practice, or a professional of it."""

    practice: Practice
    professional: Professional | None = None

    @property
    def id(self) -> UUID:
        return self.professional.id if self.professional else self.practice.id

    @property
    def name(self) -> str:
        return self.professional.full_name if self.professional else self.practice.name

    @property
    def scope(self) -> Scope:
        return Scope.PROFESSIONAL if self.professional else Scope.PRACTICE


@dataclass(frozen=True)
class Wording:
    """What is to be published; `edits` is the number of the newest version when the form was shown."""

    text: str
    changes: str
    bases: Sequence[str]
    effective_at: datetime
    edits: int


async def see_owner(tx: Tx, owner_id: UUID) -> Owner:
    """Load the practice or professional of a public page; raises `NotFound`."""
    professional = await tx.get(Professional, owner_id)
    practice = await tx.get(Practice, professional.practice_id if professional else owner_id)
    if practice is None:
        raise NotFound
    return Owner(practice, professional)


async def owners_of(tx: Tx, viewer: Viewer) -> dict[str, Owner]:
    """Return whose texts the viewer may write: `ours` for an administrator, `mine` for a professional."""
    if viewer.practice_id is None:
        return {}
    practice = await tx.get_one(Practice, viewer.practice_id)
    owners = {"ours": Owner(practice)} if await administers(tx, viewer) else {}
    if viewer.professional_id is not None:
        owners["mine"] = Owner(practice, await tx.get_one(Professional, viewer.professional_id))
    return owners


async def versions_of(tx: Tx, owner_id: UUID, policy: Policy) -> list[PolicyVersion]:
    """Return every version, the newest first."""
    mine = select(PolicyVersion).where(PolicyVersion.owner_id == owner_id, PolicyVersion.policy == policy)
    return list(await tx.scalars(mine.order_by(PolicyVersion.number.desc())))


def in_force(versions: Sequence[PolicyVersion], now: datetime) -> PolicyVersion | None:
    """Return the version that holds now: the newest of those that have come into force."""
    return next((version for version in versions if version.effective_at <= now), None)


async def tell_policy(tx: Tx, asked: PolicyAsked) -> None:
    """Say on which lawful bases a professional's own privacy policy stands, for their registration."""
    version = in_force(await versions_of(tx, asked.professional_id, Policy.PRIVACY), asked.now)
    asked.bases = tuple(bases.BASES[code] for code in bases.unpacked(version.bases)) if version else ()


async def publish(tx: Tx, viewer: Viewer, owner: Owner, policy: Policy, wording: Wording, now: datetime) -> PolicyVersion:  # noqa: PLR0913, PLR0917
    """Publish the next version, on record; whoever calls found the owner by `owners_of`.

    Raises `Invalid` with `field:fault` as its code, and `Conflict` where somebody else has published meanwhile.
    """
    _inspect(policy, wording, now)
    await tx.get_one(Practice, owner.practice.id, with_for_update={"key_share": True})
    versions = await versions_of(tx, owner.id, policy)
    newest = versions[0].number if versions else 0
    if newest != wording.edits or newest >= MOST:
        raise Conflict
    version = _version(viewer, owner, policy, wording, now)
    version.number = newest + 1
    tx.add(version)
    said = f"published {policy} of the {owner.scope}, version {version.number}"
    await record(tx, Deed(owner.practice.id, viewer.person_id, Act.CHANGED, "policy", version.id, None, said), now)
    return version


def _version(viewer: Viewer, owner: Owner, policy: Policy, wording: Wording, now: datetime) -> PolicyVersion:
    return PolicyVersion(
        id=new_id(),
        practice_id=owner.practice.id,
        professional_id=owner.professional.id if owner.professional else None,
        owner_id=owner.id,
        policy=policy,
        text=wording.text,
        changes=wording.changes,
        bases=bases.packed(wording.bases) if policy == Policy.PRIVACY else "",
        language=owner.practice.language,
        effective_at=max(wording.effective_at, now),
        published_by=viewer.person_id,
        published_at=now,
    )


def _inspect(policy: Policy, wording: Wording, now: datetime) -> None:
    field, fault = fault_of(wording.text, wording.changes)
    if not fault and policy == Policy.PRIVACY and (missing := bases.fault_of(wording.bases)):
        field, fault = missing, "missing"
    if not fault and (wording.effective_at - now).days > 366:
        field, fault = "effective", "far"
    if fault:
        raise Invalid(code=f"{field}:{fault}")
