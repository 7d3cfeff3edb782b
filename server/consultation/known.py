"""Patients whom a professional knows: those of the consultations that they may see."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, case, false, func, or_, select

from server.access.policy import Viewer
from server.consultation.doors import visible_consultations
from server.core.db import Tx
from server.core.folding import Folded, fold
from server.patients.addresses import addresses_of
from server.patients.likeness import Sign, alike
from server.patients.model import Patient

FEWEST_LETTERS = 2  # fewer find nobody
MOST_FOUND = 8  # more are left out: one more letter finds them
LETTERS_ALIKE = 3  # of a word of a name, by which it is looked for: behind them it may be misspelt
MOST_COMPARED = 200  # records: those with one of the addresses, then those with a word of the name, then the newest
BETWEEN_DIGITS = " -()."


class Known(NamedTuple):
    """A record, and the time of its newest consultation among those that the viewer may see, which tells two of one name apart."""

    id: UUID
    name: str
    newest_at: datetime


async def find_known(tx: Tx, viewer: Viewer, words: str) -> list[Known]:
    """Find records whose name holds these letters, whatever their case and accents, by name."""
    letters = fold(words)
    if len(letters) < FEWEST_LETTERS:
        return []
    seen = visible_consultations(viewer).subquery()
    named = Folded(Patient.name).contains(letters, autoescape=True)
    query = select(Patient.id, Patient.name, func.max(seen.c.scheduled_at)).join(seen, seen.c.patient_id == Patient.id).where(named)
    rows = await tx.execute(query.group_by(Patient.id, Patient.name).order_by(Patient.name, Patient.id).limit(MOST_FOUND))
    return [Known(*row) for row in rows]


class Written(NamedTuple):
    """Who is to be entered, as it was written; None for an address that nobody gave."""

    name: str
    mobile: str | None
    email: str | None


class Like(NamedTuple):
    """A record that may be of the one who is to be entered, and what speaks for it; no sign is a name that is nearly the same."""

    known: Known
    signs: frozenset[Sign]


async def find_like(tx: Tx, viewer: Viewer, written: Written, region: str) -> list[Like]:
    """Find known records with nearly this name or one of these addresses, those with an address first; `region` reads the numbers."""
    seen = visible_consultations(viewer).subquery()
    query = select(Patient, func.max(seen.c.scheduled_at)).join(seen, seen.c.patient_id == Patient.id).where(_near(written))
    order = (_rank(written), func.max(seen.c.scheduled_at).desc(), Patient.id)
    rows = await tx.execute(query.group_by(Patient.id).order_by(*order).limit(MOST_COMPARED))
    found = [
        Like(Known(patient.id, patient.name, newest_at), signs)
        for patient, newest_at in rows
        if (signs := _signs(patient, written, region)) or alike(patient.name, written.name)
    ]
    return sorted(found, key=lambda like: -len(like.signs))[:MOST_FOUND]


def _near(written: Written) -> ColumnElement[bool]:
    """Whoever has the first letters of one of the words of the name, or an address; a number by its end, however it is written."""
    return or_(false(), *_addressed(written), *_named(written, LETTERS_ALIKE))


def _rank(written: Written) -> ColumnElement[int]:
    """Of many who share letters with the name, let none push out whoever has an address, or a whole word."""
    return case((or_(false(), *_addressed(written)), 0), (or_(false(), *_named(written)), 1), else_=2)


def _named(written: Written, letters: int | None = None) -> Iterator[ColumnElement[bool]]:
    """Whoever has one of the words of the name that are long enough, or so many letters of one."""
    for word in fold(written.name).replace("-", " ").split():
        if len(word) >= FEWEST_LETTERS:
            yield Folded(Patient.name).contains(word[:letters], autoescape=True)


def _addressed(written: Written) -> Iterator[ColumnElement[bool]]:
    if written.email:
        yield func.lower(Patient.email) == written.email.lower()
    if written.mobile:
        digits: ColumnElement[str | None] = Patient.mobile.expression
        for sign in BETWEEN_DIGITS:
            digits = func.replace(digits, sign, "")
        yield digits.endswith("".join(filter(str.isdigit, written.mobile))[-7:])


def _signs(patient: Patient, written: Written, region: str) -> frozenset[Sign]:
    same = addresses_of(patient, region) & addresses_of(written, region)
    return frozenset(Sign.EMAIL if address.by_mail else Sign.MOBILE for address in same)
