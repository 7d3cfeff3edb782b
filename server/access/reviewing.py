"""An administrator reviews what a professional says of themself, before anybody can book them."""

import hashlib
import json
from dataclasses import asdict, fields
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select

from server.access.actions import change_rights, person_topic
from server.access.bodies import Details, faults_of, tidy
from server.access.model import Professional, Review
from server.access.policy import IN_CHARGE, Viewer
from server.access.viewer import role_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import Conflict, Forbidden, Invalid, NotFound

LONGEST_WORDS = 500


class Decision(NamedTuple):
    """What an administrator decides, with the words that the professional reads unless they are approved; `seen` tells about what."""

    decided: Review
    words: str
    seen: str


def seen_of(professional: Professional) -> str:
    """Return a digest of what a reviewer sees, by which a decision about something else is refused."""
    shown = [getattr(professional, field.name) for field in fields(Details)]
    return hashlib.sha256(json.dumps([*shown, professional.review, professional.review_words]).encode()).hexdigest()


def presented() -> ColumnElement[bool]:
    """Return the condition for professionals who are shown to everybody, also while nobody can book them."""
    return (Professional.review == Review.APPROVED) & Professional.ended_at.is_(None)


def bookable() -> ColumnElement[bool]:
    """Return the condition for professionals who can be booked: the one rule for whoever comes to a time of theirs, by whatever way."""
    return presented() & Professional.takes_none_since.is_(None)


async def reviews_waiting(tx: Tx, practice_id: UUID) -> list[Professional]:
    """Return whom nobody has decided about, by name; whoever was returned comes back by sending their details again."""
    waiting = (Professional.practice_id == practice_id) & (Professional.review == Review.PENDING) & Professional.ended_at.is_(None)
    return list(await tx.scalars(select(Professional).where(waiting).order_by(Professional.name, Professional.id)))


async def rejected_of(tx: Tx, person_id: UUID) -> Professional | None:
    """Return the row of somebody who was rejected, and so is no professional in the eyes of the house."""
    theirs = (Professional.person_id == person_id) & (Professional.review == Review.REJECTED) & Professional.ended_at.is_(None)
    return await tx.scalar(select(Professional).where(theirs))


async def review(tx: Tx, viewer: Viewer, person_id: UUID, decision: Decision, now: datetime) -> None:
    """Approve, return with words or reject; raises `Forbidden`, `NotFound`, `Invalid`, and `Conflict` where it is not what was seen.

    Nobody reviews themself, unless they own the practice: a sole professional has nobody else.
    """
    decided, words, seen = decision
    professional = await _reviewable(tx, viewer, person_id)
    if professional.review == Review.APPROVED or seen != seen_of(professional):
        raise Conflict
    if decided is not Review.APPROVED and not words:
        raise Invalid(code="words_missing")
    if len(words) > LONGEST_WORDS:
        raise Invalid(code="words_long")
    professional.review, professional.review_words = decided, "" if decided is Review.APPROVED else words
    await change_rights(tx, person_topic(person_id))
    deed = Deed(professional.practice_id, viewer.person_id, Act.REVIEWED, "professional", professional.id, None, decided.value)
    await record(tx, deed, now)


async def tell_details(tx: Tx, viewer: Viewer, details: Details, now: datetime) -> None:
    """Keep what a professional says of themself; what was approved waits for a review again. Raises `Forbidden`, and `Invalid`."""
    if viewer.professional_id is None:
        raise Forbidden
    professional = await tx.get_one(Professional, viewer.professional_id, with_for_update=True)
    set_details(professional, details)
    deed = Deed(professional.practice_id, viewer.person_id, Act.CHANGED, "professional", professional.id, None, "sends details")
    await record(tx, deed, now)


def set_details(professional: Professional, details: Details) -> None:
    """Write tidy details into the row, to be reviewed; raises `Invalid` for what `faults_of` would name."""
    told = tidy(details)
    if faults_of(told):
        raise Invalid(code="details")
    for field, value in asdict(told).items():
        setattr(professional, field, value)
    professional.review, professional.review_words = Review.PENDING, ""


async def _reviewable(tx: Tx, viewer: Viewer, person_id: UUID) -> Professional:
    role = await role_of(tx, viewer)
    if role not in IN_CHARGE or (person_id == viewer.person_id and role != "owner"):
        raise Forbidden
    here = (Professional.person_id == person_id) & (Professional.practice_id == viewer.practice_id) & Professional.ended_at.is_(None)
    found = await tx.scalar(select(Professional).where(here).with_for_update())
    if found is None:
        raise NotFound
    return found
