"""Asking somebody to act for a patient, taking that on, renewing and ending it, inside the caller's transaction."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from server.access.acting import USUAL_DAYS, Basis, Reach, Standing, last_day, review_on
from server.access.actions import change_rights, person_topic
from server.access.model import Practice
from server.access.representation import Representation, RepresentationWord, Said
from server.core.audit import Act, Deed, record
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.ids import new_id, token_hash
from server.core.mail_addresses import EMAIL, LONGEST_EMAIL
from server.core.outbox import add_errand
from server.errors import Conflict, Invalid, NotFound
from server.patients.acting_doors import find_asked
from server.patients.acting_words import ACTING
from server.patients.events import ActingEnded
from server.patients.model import Patient
from server.patients.wording import fingerprint
from server.web.i18n import Language

THING = "representation"  # of the audit's entries
ASK_TO_ACT, REVIEW = "invite_acting", "acting_review"
PURPOSE = "acting-invitation"
GOOD_FOR = timedelta(days=14)
TOLD_BEFORE = timedelta(days=28)  # a birthday from which on it sleeps
LONGEST_NAME, LONGEST_EVIDENCE = 200, 500
MOST_STANDING = 20  # of one patient
REVIEWS = (Said.AGREED, Said.ACCEPTED, Said.RENEWED)


@dataclass(frozen=True)
class Wish:
    """Who is asked to act, by what right, how far, and until when; with an empty `email` somebody hands the link on."""

    name: str
    email: str
    basis: Basis
    reach: Reach
    expires_at: datetime


class Terms(NamedTuple):
    """How far it goes, and until when."""

    reach: Reach
    expires_at: datetime


class Ground(NamedTuple):
    """On what the practice accepted it: in words, and perhaps a document of the record."""

    evidence: str
    file_id: UUID | None = None


@dataclass(frozen=True)
class Hand:
    """Who asks for which patient, and when; `born` where it is known, `mails` where this server has a mail server."""

    secrets: Secrets
    patient: Patient
    practice: Practice
    person_id: UUID
    born: date | None
    mails: bool
    now: datetime

    @property
    def sleeps_at(self) -> datetime | None:
        return sleeps_at(self.born, self.now, self.practice.time_zone)


def read_wish(form: Mapping[str, str], hand: Hand) -> Wish:
    """Read the form; it holds to the end of its last day where the practice is. Raises `Invalid` with the field as its code."""
    name, email = " ".join(form.get("name", "").split()), form.get("email", "").strip()
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(code="name_long" if name else "name_missing")
    if email and (len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email)):
        raise Invalid(code="email_wrong")
    return Wish(name, email, read_basis(form), read_reach(form), read_until(form, hand))


def read_basis(form: Mapping[str, str]) -> Basis:
    if form.get("basis") not in list(Basis):
        raise Invalid(code="basis_missing")
    return Basis(form["basis"])


def read_reach(form: Mapping[str, str]) -> Reach:
    if form.get("reach") not in list(Reach):
        raise Invalid(code="reach_missing")
    return Reach(form["reach"])


def read_until(form: Mapping[str, str], hand: Hand) -> datetime:
    text, zone = form.get("until", ""), ZoneInfo(hand.practice.time_zone)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise Invalid(code="until_missing")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid(code="until_missing") from None
    today = hand.now.astimezone(zone).date()
    if day < today:
        raise Invalid(code="until_past")
    if day > last_day(today):
        raise Invalid(code="until_far")
    return datetime.combine(day + timedelta(days=1), time(), zone)


def read_terms(form: Mapping[str, str], hand: Hand) -> Terms:
    """Raises `Invalid` with the field as its code."""
    return Terms(read_reach(form), read_until(form, hand))


def read_ground(form: Mapping[str, str], file_ids: set[UUID]) -> Ground:
    """Read on what the practice accepts it; raises `Invalid` with the field as its code."""
    evidence = form.get("evidence", "").strip()
    if not evidence or len(evidence) > LONGEST_EVIDENCE:
        raise Invalid(code="evidence_long" if evidence else "evidence_missing")
    chosen = next((file_id for file_id in file_ids if str(file_id) == form.get("file")), None)
    if form.get("file") and chosen is None:
        raise Invalid(code="file_missing")
    return Ground(evidence, chosen)


async def give(tx: Tx, hand: Hand, wish: Wish, language: Language) -> Representation:
    """The patient lets somebody act for them, in the wording that they read. Raises `Invalid` with the code `many`."""
    wording = ACTING[wish.reach]
    said = _word(hand.person_id, Said.AGREED, wish, hand.now)
    said.wording_version = wording.version
    said.wording_sha256, said.language = fingerprint(wording, language), language.tag
    return await _ask(tx, hand, wish, said)


async def enter(tx: Tx, hand: Hand, wish: Wish, ground: Ground) -> Representation:
    """The practice writes down who acts for a patient, and accepts it on this evidence. Raises `Invalid` with the code `many`."""
    said = _word(hand.person_id, Said.ACCEPTED, wish, hand.now)
    said.evidence, said.file_id = ground
    return await _ask(tx, hand, wish, said)


async def take(tx: Tx, token: str, person_id: UUID, now: datetime) -> Patient:
    """Let the account that follows the link act from now on, once. Raises `NotFound`, and `Invalid` with the code `own`."""
    found = await find_asked(tx, token, now, lock=True)
    if found is None:
        raise NotFound
    one, patient, _ = found
    if patient.person_id == person_id:
        raise Invalid(code="own")
    one.person_id, one.taken_at, one.token_hash = person_id, now, None
    await _say(tx, one, _word(person_id, Said.TAKEN, one, now))
    await _tell(tx, one, person_id, Act.JOINED, now)
    return patient


async def claim_child(tx: Tx, hand: Hand, name: str) -> None:
    """Let a parent book for the record that they have just begun for their child, and no more until the practice has accepted it."""
    wish = Wish(name, "", Basis.PARENT, Reach.BOOK, hand.now + timedelta(days=USUAL_DAYS))
    one = _row(hand, wish)
    one.person_id, one.taken_at, one.token_hash = hand.person_id, hand.now, None
    tx.add(one)
    await tx.flush()
    _sleep_from(tx, one, hand.sleeps_at, hand.now)
    await _say(tx, one, _word(hand.person_id, Said.CLAIMED, wish, hand.now))
    await _tell(tx, one, hand.person_id, Act.ADDED, hand.now)


async def renew(tx: Tx, hand: Hand, one: Representation, terms: Terms, ground: Ground) -> None:
    """The practice has looked at it again: it holds on these terms, and no longer sleeps. Raises `Conflict` for one that has ended."""
    if one.standing(hand.now) is Standing.ENDED:
        raise Conflict(code="ended")
    one.reach, one.expires_at = terms
    _sleep_from(tx, one, hand.sleeps_at, hand.now)
    word = _word(hand.person_id, Said.RENEWED, one, hand.now)
    word.evidence, word.file_id = ground
    await _say(tx, one, word)
    await _tell(tx, one, hand.person_id, Act.CHANGED, hand.now)


async def end(tx: Tx, one: Representation, person_id: UUID, now: datetime) -> None:
    """The patient, the practice or whoever acts ends it, at once; whoever ends it twice changes nothing."""
    if one.ended_at is not None:
        return
    one.ended_at, one.ended_by, one.token_hash = now, person_id, None
    await _say(tx, one, _word(person_id, Said.ENDED, one, now))
    await tx.emit(ActingEnded(one.id))
    await _tell(tx, one, person_id, Act.WITHDREW, now)


async def born_on(tx: Tx, patient: Patient, zone: str, born: date | None, now: datetime) -> None:
    """Take a new date of birth into account: each waits for the birthday that follows the day on which it was looked at last."""
    reviewed = select(func.max(RepresentationWord.said_at)).where(
        RepresentationWord.representation_id == Representation.id, RepresentationWord.said.in_(REVIEWS)
    )
    standing = (Representation.patient_id == patient.id) & Representation.ended_at.is_(None)
    for one, at in (await tx.execute(select(Representation, reviewed.scalar_subquery()).where(standing))).all():
        _sleep_from(tx, one, sleeps_at(born, at or one.asked_at, zone), now)
        if one.person_id:
            await change_rights(tx, person_topic(one.person_id))


def sleeps_at(born: date | None, reviewed_at: datetime, zone: str) -> datetime | None:
    """Return when the birthday begins, where the practice is, from which on acting for somebody waits for another look."""
    day = review_on(born, reviewed_at.astimezone(ZoneInfo(zone)).date())
    return None if day is None else datetime.combine(day, time(), ZoneInfo(zone))


def acting_token(secrets: Secrets, representation_id: UUID) -> str:
    """Return the 256-bit token of a link, 43 URL-safe characters."""
    return urlsafe_b64encode(secrets.mac(PURPOSE, str(representation_id))).rstrip(b"=").decode()


def acting_url(base_url: str, secrets: Secrets, one: Representation) -> str:
    return f"{base_url}/acting/{acting_token(secrets, one.id)}"


async def _ask(tx: Tx, hand: Hand, wish: Wish, said: RepresentationWord) -> Representation:
    mine = (Representation.patient_id == hand.patient.id) & Representation.ended_at.is_(None) & (Representation.expires_at > hand.now)
    if (await tx.scalar(select(func.count()).select_from(Representation).where(mine)) or 0) >= MOST_STANDING:
        raise Invalid(code="many")
    one = _row(hand, wish)
    tx.add(one)
    await tx.flush()
    _sleep_from(tx, one, hand.sleeps_at, hand.now)
    await _say(tx, one, said)
    if wish.email and hand.mails:
        add_errand(tx, ASK_TO_ACT, one.id, f"{ASK_TO_ACT}:{one.id}", hand.now)
    await _tell(tx, one, hand.person_id, Act.PERMITTED, hand.now)
    return one


def _row(hand: Hand, wish: Wish) -> Representation:
    row_id = new_id()
    return Representation(
        id=row_id, practice_id=hand.practice.id, patient_id=hand.patient.id, person_id=None, basis=wish.basis, reach=wish.reach,
        name=wish.name, email=wish.email or None, token_hash=token_hash(acting_token(hand.secrets, row_id)),
        link_until=hand.now + GOOD_FOR, asked_at=hand.now, taken_at=None, expires_at=wish.expires_at, sleeps_at=None,
        ended_at=None, ended_by=None,
    )  # fmt: skip


def _sleep_from(tx: Tx, one: Representation, at: datetime | None, now: datetime) -> None:
    """Let it sleep from then on, and have both told some weeks before; the errand looks again whether it is still so."""
    if at is not None and at != one.sleeps_at and at > now:
        add_errand(tx, REVIEW, one.id, f"{REVIEW}:{new_id()}", max(now, at - TOLD_BEFORE))
    one.sleeps_at = at


def _word(person_id: UUID, said: Said, wish: Wish | Representation, now: datetime) -> RepresentationWord:
    return RepresentationWord(
        id=new_id(), said=said, person_id=person_id, reach=wish.reach, expires_at=wish.expires_at, wording_version=None,
        wording_sha256=None, language=None, evidence=None, file_id=None, said_at=now,
    )  # fmt: skip


async def _say(tx: Tx, one: Representation, word: RepresentationWord) -> None:
    word.representation_id = one.id
    tx.add(word)
    await tx.flush()


async def _tell(tx: Tx, one: Representation, by: UUID, act: Act, now: datetime) -> None:
    if one.person_id is not None:
        await change_rights(tx, person_topic(one.person_id))
    await record(tx, Deed(one.practice_id, by, act, THING, one.id, one.patient_id), now)
