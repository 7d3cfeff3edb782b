"""Tells everybody whom a policy concerns of a new version: once by e-mail, and for a while on the first page of their account."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select

from server.access.model import Practice, Professional
from server.access.policy import Viewer
from server.circulars.model import Kind
from server.circulars.newsletters import begin, new_circular
from server.circulars.words import LONGEST_SUBJECT, Draft
from server.consultation.events import Channel
from server.consultation.model import Consultation
from server.core.db import Tx
from server.core.marking import _
from server.notes.announced import Announced
from server.patients.doors import own_records
from server.privacy.policies import Owner
from server.privacy.policy_rows import PolicyVersion
from server.privacy.policy_words import NAMES, Policy
from server.web.i18n import Language, Languages
from server.web.moments import full_date

SHOWN_FOR = timedelta(days=30)  # after it was published or has come into force, whichever is later


class Words(NamedTuple):
    """What the letter is written with."""

    languages: Languages
    base_url: str


async def announce(tx: Tx, words: Words, viewer: Viewer, owner: Owner, version: PolicyVersion) -> None:
    """Queue the letter to everybody with an account: of the practice, or of the patients of the professional whose text it is.

    It is part of what the practice must tell, so nobody has to have asked for it.
    """
    draft = _draft(owner, version, words.languages.choose(owner.practice.language, ""), words.base_url)
    circular = new_circular(owner.practice.id, viewer.person_id, Kind.NOTICE, draft, version.published_at)
    circular.professional_id = owner.professional.id if owner.professional else None
    tx.add(circular)
    await begin(tx, circular, version.published_at)


def path_of(version: PolicyVersion) -> str:
    return f"/privacy/of/{version.owner_id}/{version.policy}/{version.number}"


async def announced_to(tx: Tx, person_id: UUID, now: datetime) -> Sequence[Announced]:
    """Return what is new for somebody with an account, the newest first: of their practices and of those who treat them there."""
    records = await own_records(tx, person_id)
    treated = select(Consultation.professional_id).where(Consultation.patient_id.in_([one.patient.id for one in records]))
    concerned = or_(PolicyVersion.professional_id.is_(None), PolicyVersion.professional_id.in_(treated))
    recent = or_(PolicyVersion.published_at > now - SHOWN_FOR, PolicyVersion.effective_at > now - SHOWN_FOR)
    ours = select(PolicyVersion, Practice, Professional).join(Practice, Practice.id == PolicyVersion.practice_id)
    ours = ours.outerjoin(Professional, Professional.id == PolicyVersion.professional_id)
    found = ours.where(PolicyVersion.practice_id.in_([one.practice.id for one in records]), concerned, recent)
    newest: dict[tuple[UUID, str], Announced] = {}
    for version, practice, professional in await tx.execute(found.order_by(PolicyVersion.number.desc())):
        newest.setdefault((version.owner_id, version.policy), _announced(version, practice, professional))
    return list(newest.values())


def _announced(version: PolicyVersion, practice: Practice, professional: Professional | None) -> Announced:
    owner = professional.full_name if professional else practice.name
    return Announced(path_of(version), owner, NAMES[Policy(version.policy)], version.changes, version.effective_at, practice.time_zone)


def _draft(owner: Owner, version: PolicyVersion, language: Language, base_url: str) -> Draft:
    say, url = language.text, base_url + path_of(version)
    policy, day = say(NAMES[Policy(version.policy)]), full_date(language, version.effective_at, owner.practice.time_zone)
    lines = (
        say(_("{owner} has published a new version of a text that concerns you: {policy}."), owner=owner.name, policy=policy),
        say(_("What has changed: {changes}"), changes=version.changes),
        say(_("It is in force from {day}."), day=day),
        say(_("You can read it here, with all earlier versions:")),
        f"[{url}]({url})" if url.startswith("https://") else url,
    )
    subject = say(_("{owner}: {policy}, new version"), owner=owner.name, policy=policy)
    return Draft(Channel.EMAIL, " ".join(subject.split())[:LONGEST_SUBJECT], "\n\n".join(lines))
