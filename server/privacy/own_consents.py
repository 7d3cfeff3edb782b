"""Everything that a patient said yes to, read where it was asked: with its words, since when, and how it is taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.circulars.model import NewsConsent, Via
from server.circulars.wording import NEWS
from server.consultation.consents import RECORDING, SHOWING, WORDINGS
from server.consultation.doors import own_link, see_visit
from server.consultation.join_link import join_token
from server.consultation.model import Consultation, Participant, Role, Stage
from server.consultation.recorded import Recording, Standing
from server.consultation.records import Consent
from server.consultation.visit_actions import decline
from server.core.audit import Act, Deed
from server.core.audit import record as record_deed
from server.core.db import Tx
from server.core.house import House
from server.core.marking import _
from server.errors import Conflict
from server.patients.acting_doors import actor_names, people_acting
from server.patients.doors import OwnRecord, sharing_of
from server.patients.wording import TEAM_NOTES, Wording
from server.privacy.policy_rows import PolicyAcceptance, PolicyVersion
from server.web.i18n import Language

KNOWN = {(one.purpose, one.version): one for one in (*WORDINGS, RECORDING, TEAM_NOTES, SHOWING, *NEWS.values())}
TERMS = _("The terms of {practice}, version {number}")
EARLIER = _("An earlier wording, version {version}.")
BY = {
    Via.ACCOUNT: _("In your account"),
    Via.VISIT: _("By the link to your appointment"),
    Via.LINK: _("By the link in a newsletter"),
}
BY_ACTOR = _("By {name}, who acted for the patient")
FOR_YOU = _("By somebody who acts for you")
STOPS_SHARING = _("If you take it back, nobody else of the team can open the notes, and notes that somebody has open close at once.")
STOPS_VISIT = _(
    "If you take it back, you cannot come in by video until you agree again, and the practice sees that. Your appointment stays."
)
STOPS_RECORDING = _(
    "If you take it back, the recording is deleted for everybody, or kept unheard for as long as the practice has to keep it."
)
STOPS_NEWS = _("If you take it back, no news of the practice come any more by this way, from now on.")
STOPS_SHOWING = _("If you take it back, your words are deleted at once, and nobody reads them any more.")
IS_OVER = _("It was for one consultation, which has begun or is over.")
IS_DELETED = _("The recording is deleted.")
IN_FORCE = _("You accepted the terms of use. Who does not want them any more closes the account.")


class Given(NamedTuple):
    """A yes on the way to a call or to be recorded, with whose place it is in which consultation."""

    consent: Consent
    consultation: Consultation
    place: Participant
    recording: Recording | None


@dataclass(frozen=True)
class Yes:
    """One agreement. `said` are pairs of sentence and explanation; `stops` is what taking it back stops, or why it cannot be taken back.

    It is taken back by a POST to `path` with `fields`, where there is a path, or on the page `link`; `at` is when the consultation was
    that it is about, and with `over` it was for that one only. `how` and `ended_by`: who gave and
    ended it, where not the patient.
    """

    said: Sequence[tuple[str, str]]
    given_at: datetime
    withdrawn_at: datetime | None
    how: str = ""
    at: datetime | None = None
    stops: str = ""
    path: str = ""
    fields: Sequence[tuple[str, str]] = ()
    link: str = ""
    over: bool = False
    ended_by: str = ""

    @property
    def stands(self) -> bool:
        return self.withdrawn_at is None and not self.over


async def consents_of(tx: Tx, record: OwnRecord, language: Language) -> list[Yes]:
    """Return every yes of a record that its door opened, the newest first; what was shown to others only its patient takes back."""
    parts = (
        await _sharing(tx, record, language),
        await _news(tx, record, language),
        await _visits(tx, record, language),
        await _terms(tx, record, language),
    )
    return sorted((one for part in parts for one in part), key=lambda one: one.given_at, reverse=True)


async def take_back_visit(tx: Tx, house: House, record: OwnRecord, consultation_id: UUID, language: Language) -> None:
    """Say no to what was agreed to for a consultation that has not begun, as by its own link; raises `NotFound`, `Conflict`."""
    now, link_id = house.clock.now(), await own_link(tx, record.patient.id, consultation_id)
    visit = await see_visit(tx, link_id, join_token(house.secrets, link_id), now, lock=True)
    if visit.consultation.over or visit.consultation.started_at is not None:
        raise Conflict(_("This consultation has begun or is over. You can say so in the call."), code="begun")
    await decline(tx, visit, language, now, record.acting.id if record.acting else None)
    if record.acting is not None:
        deed = Deed(record.practice.id, record.reader_id, Act.WITHDREW, "consultation", consultation_id, record.patient.id)
        await record_deed(tx, deed, now)


async def _sharing(tx: Tx, record: OwnRecord, language: Language) -> list[Yes]:
    stops, path, no = language.text(STOPS_SHARING), f"/my/{record.patient.id}/sharing", [("agree", "no")]
    rows = await sharing_of(tx, record.patient.id)
    names = await actor_names(tx, [each for row in rows for each in (row.representation_id, row.withdrawn_representation_id)])
    return [
        Yes(
            [_words(language, TEAM_NOTES.purpose, row.wording_version)], row.given_at, row.withdrawn_at,
            _by_whom(language, names, row.representation_id), stops=stops, path=path, fields=no,
            ended_by=_by_whom(language, names, row.withdrawn_representation_id),
        )
        for row in rows
    ]  # fmt: skip


def _by_whom(language: Language, names: Mapping[UUID, str], representation_id: UUID | None) -> str:
    """Say who did it for the patient; nothing where the patient did."""
    return language.text(BY_ACTOR, name=names[representation_id]) if representation_id else ""


async def _news(tx: Tx, record: OwnRecord, language: Language) -> list[Yes]:
    rows = list(await tx.scalars(select(NewsConsent).where(NewsConsent.patient_id == record.patient.id)))
    names = await people_acting(tx, record.patient.id, [row.given_by for row in rows if row.given_by])
    return [_by_channel(language, record, row, names) for row in rows]


def _by_channel(language: Language, record: OwnRecord, row: NewsConsent, names: Mapping[UUID, str]) -> Yes:
    """Taking one way back leaves the others as they are."""
    said, stops = _words(language, f"news_{row.channel}", row.wording_version), language.text(STOPS_NEWS)
    if row.given_by is None or row.given_by == record.patient.person_id:
        how = language.text(BY[Via(row.given_via)])
    else:
        how = _by_actor(language, names.get(row.given_by))
    return Yes(
        [said], row.given_at, row.withdrawn_at, how, stops=stops, path=f"/my/{record.patient.id}/news", fields=[("stop", row.channel)]
    )


def _by_actor(language: Language, name: str | None) -> str:
    """Name them, where the agreement that they acted by is on this record; after a merge it may be on another."""
    return language.text(BY_ACTOR, name=name) if name else language.text(FOR_YOU)


async def _terms(tx: Tx, record: OwnRecord, language: Language) -> list[Yes]:
    joined = select(PolicyAcceptance, PolicyVersion).join(PolicyVersion, PolicyVersion.id == PolicyAcceptance.version_id)
    mine = joined.where(PolicyAcceptance.person_id == record.patient.person_id, PolicyVersion.practice_id == record.practice.id)
    name, stops = record.practice.name, language.text(IN_FORCE)
    return [
        Yes([(language.text(TERMS, practice=name, number=version.number), "")], accepted.accepted_at, None, stops=stops)
        for accepted, version in await tx.execute(mine)
    ]


async def _visits(tx: Tx, record: OwnRecord, language: Language) -> list[Yes]:
    """Return one yes for each consultation, and one for each recording, with all that was agreed to at once."""
    joined = select(Consent, Consultation, Participant, Recording).join(Participant, Participant.id == Consent.participant_id)
    joined = joined.join(Consultation, Consultation.id == Participant.consultation_id)
    joined = joined.outerjoin(Recording, Recording.id == Consent.recording_id)
    mine = joined.where(Consultation.patient_id == record.patient.id, Participant.role == Role.PATIENT)
    rows = await tx.execute(mine.order_by(Consent.given_at, Consent.id))
    found = sorted((Given(*row) for row in rows), key=_together)
    consents = [given.consent for given in found]
    names = await actor_names(tx, [each for one in consents for each in (one.representation_id, one.withdrawn_representation_id)])
    said = [(list(group)) for _key, group in groupby(found, _together)]
    return [_named(language, names, group[0].consent, _visit(language, record, group)) for group in said]


def _named(language: Language, names: Mapping[UUID, str], consent: Consent, yes: Yes) -> Yes:
    """Say who gave it and took it back, where somebody did it for the patient."""
    return replace(
        yes,
        how=_by_whom(language, names, consent.representation_id),
        ended_by=_by_whom(language, names, consent.withdrawn_representation_id),
    )


def _together(given: Given) -> tuple[str, ...]:
    consent = given.consent
    shown = str(consent.purpose == SHOWING.purpose)
    return (
        str(given.consultation.id),
        str(consent.recording_id),
        shown,
        consent.given_at.isoformat(),
        str(consent.withdrawn_at),
        str(consent.representation_id),
    )


def _visit(language: Language, record: OwnRecord, all_given: Sequence[Given]) -> Yes:
    first = all_given[0]
    said = [_words(language, given.consent.purpose, given.consent.wording_version) for given in all_given]
    consent, at = first.consent, first.consultation.scheduled_at
    if consent.purpose == SHOWING.purpose:
        stops, link = language.text(STOPS_SHOWING), f"/my/{record.patient.id}/testimonials" if record.acting is None else ""
        return Yes(said, consent.given_at, consent.withdrawn_at, at=at, stops=stops, link=link)
    stops, path = _way_back(record, first)
    return Yes(said, consent.given_at, consent.withdrawn_at, at=at, stops=language.text(stops), path=path, over=not path)


def _way_back(record: OwnRecord, given: Given) -> tuple[str, str]:
    """Return what taking it back stops, and where that is done; "" where there is nothing left to stop."""
    own, recording, consultation = f"/my/{record.patient.id}", given.recording, given.consultation
    if recording is not None:
        deleted = recording.state == Standing.DELETED
        return (IS_DELETED, "") if deleted else (STOPS_RECORDING, f"{own}/recordings/{recording.id}/withdraw")
    if consultation.over or consultation.started_at is not None or given.place.stage == Stage.DECLINED:
        return IS_OVER, ""
    return STOPS_VISIT, f"{own}/consents/{consultation.id}/withdraw"


def _words(language: Language, purpose: str, version: str) -> tuple[str, str]:
    """Return sentence and explanation as they were read, where that wording is still known."""
    wording: Wording | None = KNOWN.get((purpose, version))
    if wording is None:
        return language.text(EARLIER, version=version), ""
    return language.text(wording.sentence), language.text(wording.more)
