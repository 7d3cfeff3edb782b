"""The ways to load a patient's record for whoever acts for them, beside the patient's own: what does not hold now is not there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select

from server.access.acting import Reach, Standing, may_act
from server.access.model import Practice
from server.access.representation import Representation, RepresentationWord, Said
from server.access.viewer import name_of
from server.core.db import Tx
from server.core.ids import token_hash
from server.errors import NotFound
from server.identity.details_model import AccountDetails
from server.identity.mail_model import AccountEmail
from server.patients.doors import OwnRecord, see_own_record
from server.patients.model import Patient


class Reader(NamedTuple):
    """Who reads a record, as the patient or for them, and when."""

    person_id: UUID
    now: datetime


class Actor(NamedTuple):
    """Somebody who was asked to act, what became of it now, and the account's own name where one took it on."""

    representation: Representation
    name: str
    standing: Standing
    words: list[RepresentationWord]

    @property
    def accepted(self) -> bool:
        """Whether the patient or the practice said yes to it; else only a parent's own word stands for it."""
        return any(word.said in {Said.AGREED, Said.ACCEPTED, Said.RENEWED} for word in self.words)


@dataclass(frozen=True)
class Spokesman:
    """Where somebody who acts for a patient is written to: only what their account has proved to be theirs."""

    representation_id: UUID
    mobile: str | None
    email: str | None


async def see_record_for(tx: Tx, reader: Reader, patient_id: UUID, needed: Reach, *, lock: bool = False) -> OwnRecord:
    """Load a record for its patient, or for whoever acts for them as far as `needed`; raises `NotFound`.

    From then on everything that they do for this patient in the transaction is on record as done for them.
    """
    try:
        return await see_own_record(tx, reader.person_id, patient_id, lock=lock)
    except NotFound:
        return await _see_acting(tx, reader, patient_id, needed, lock=lock)


async def records_acted_for(tx: Tx, reader: Reader) -> list[OwnRecord]:
    """Return the records of all for whom somebody acts at this moment, by the patient's name."""
    rows = await tx.execute(_acted(reader.person_id).order_by(Patient.name, Practice.name, Representation.id))
    found = [OwnRecord(*row) for row in rows if may_act(reader.person_id, row[0].id, row[2], Reach.BOOK, reader.now)]
    return list({record.patient.id: record for record in found}.values())


async def acts_for_at(tx: Tx, reader: Reader, practice_id: UUID) -> list[OwnRecord]:
    """Return those of them whose record this practice keeps."""
    return [record for record in await records_acted_for(tx, reader) if record.practice.id == practice_id]


async def taken_on(tx: Tx, reader: Reader) -> list[OwnRecord]:
    """Return for whom somebody acts, or would but for a review, to end it; whoever calls shows no more of the record than whose it is."""
    rows = await tx.execute(_acted(reader.person_id).order_by(Patient.name, Practice.name, Representation.id))
    return [OwnRecord(*row) for row in rows if row[2].standing(reader.now) in {Standing.HOLDS, Standing.SLEEPS}]


async def actors_of(tx: Tx, patient_id: UUID, now: datetime) -> list[Actor]:
    """Return everybody who ever was asked to act for a patient, the newest first; whoever calls passed the door of the record."""
    newest = select(Representation).where(Representation.patient_id == patient_id).order_by(Representation.asked_at.desc())
    return [await _actor(tx, one, now) for one in await tx.scalars(newest.execution_options(populate_existing=True))]


async def actor_behind(tx: Tx, representation_id: UUID, now: datetime) -> Actor:
    """Return who did something for a patient; whoever calls holds what was done from its own door."""
    return await _actor(tx, await tx.get_one(Representation, representation_id, populate_existing=True), now)


async def actor_names(tx: Tx, representation_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return how whoever acted by each of them is called; whoever calls holds what they did from its own door."""
    ids = {one for one in representation_ids if one is not None}
    named = select(Representation.id, Representation.name).where(Representation.id.in_(ids))
    return dict((await tx.execute(named)).all()) if ids else {}


async def people_acting(tx: Tx, patient_id: UUID, person_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return how each of these people, who acted for a patient once, is called; whoever calls passed the door of the record."""
    ids = set(person_ids)
    acting = select(Representation.person_id, Representation.name).where(Representation.patient_id == patient_id)
    named = acting.where(Representation.person_id.in_(ids)).order_by(Representation.asked_at)
    rows = await tx.execute(named) if ids else ()
    return {person_id: name for person_id, name in rows if person_id is not None}


async def acting_now(tx: Tx, patient_id: UUID, now: datetime) -> list[Actor]:
    """Return who may act for a patient at this moment; whoever calls passed the door of the record, or of a consultation of it."""
    return [actor for actor in await actors_of(tx, patient_id, now) if actor.standing is Standing.HOLDS]


async def find_spokesman(tx: Tx, representation_id: UUID, patient_id: UUID, needed: Reach, now: datetime) -> Spokesman | None:
    """Return where whoever acts for a patient is written to; None once they may not, as far as `needed`, or proved no address."""
    rows = await _who_may(tx, Representation.id == representation_id, needed, now)
    return next((_spokesman(row) for row in rows if row[0].patient_id == patient_id), None)


async def spokesmen_of(tx: Tx, patient_id: UUID, needed: Reach, now: datetime) -> list[Spokesman]:
    """Return everybody who may do what `needed` says for a patient at this moment, and proved an address; each of them once."""
    return (await spokesmen_of_all(tx, [patient_id], needed, now)).get(patient_id, [])


async def spokesmen_of_all(tx: Tx, patient_ids: Collection[UUID], needed: Reach, now: datetime) -> dict[UUID, list[Spokesman]]:
    """As `spokesmen_of`, by patient; whoever calls passed the doors of their records, or of their consultations."""
    rows = await _who_may(tx, Representation.patient_id.in_(patient_ids), needed, now) if patient_ids else []
    found: dict[UUID, dict[UUID | None, Spokesman]] = {}
    for row in rows:
        found.setdefault(row[0].patient_id, {}).setdefault(row[0].person_id, _spokesman(row))
    return {patient_id: list(each.values()) for patient_id, each in found.items()}


Spoken = tuple[Representation, str | None, str | None]


async def _who_may(tx: Tx, which: ColumnElement[bool], needed: Reach, now: datetime) -> list[Row[*Spoken]]:
    """Return those of `which` by whom somebody may act that far now, with mobile and e-mail that their account proved."""
    proved = (AccountDetails.person_id == Representation.person_id) & AccountDetails.phone_confirmed_at.is_not(None)
    query = select(Representation, AccountDetails.phone, AccountEmail.address).outerjoin(AccountDetails, proved)
    query = query.outerjoin(AccountEmail, AccountEmail.person_id == Representation.person_id).where(which)
    rows = await tx.execute(query.order_by(Representation.asked_at, Representation.id), execution_options={"populate_existing": True})
    return [row for row in rows if row[0].person_id is not None and may_act(row[0].person_id, row[0].patient_id, row[0], needed, now)]


def _spokesman(row: Row[*Spoken]) -> Spokesman:
    return Spokesman(row[0].id, row[1] or None, row[2])


async def has_acted(tx: Tx, person_id: UUID, patient_id: UUID) -> bool:
    """Whether somebody ever took on to act for a patient, whatever became of it: then they are not that patient."""
    theirs = (Representation.person_id == person_id) & (Representation.patient_id == patient_id)
    return await tx.scalar(select(Representation.id).where(theirs).limit(1)) is not None


async def see_representation(tx: Tx, patient_id: UUID, representation_id: UUID) -> Representation:
    """Load one to change it; whoever calls passed the door of the record. Raises `NotFound`."""
    found = await tx.get(Representation, representation_id, with_for_update=True, populate_existing=True)
    if found is None or found.patient_id != patient_id:
        raise NotFound
    return found


async def see_own_acting(tx: Tx, person_id: UUID, representation_id: UUID) -> Representation:
    """Load one as whoever acts by it, or as its patient; raises `NotFound`."""
    found = await tx.get(Representation, representation_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    if found.person_id != person_id:
        await see_own_record(tx, person_id, found.patient_id)
    return found


async def find_asked(tx: Tx, token: str, now: datetime, *, lock: bool = False) -> tuple[Representation, Patient, Practice] | None:
    """Return what a link asks somebody to take on, for as long as it is good."""
    query = _joined().where(Representation.token_hash == token_hash(token))
    row = (await tx.execute(query.with_for_update(of=Representation) if lock else query)).one_or_none()
    if row is None or not row[2].can_be_taken(now):
        return None
    return row[2], row[0], row[1]


async def _see_acting(tx: Tx, reader: Reader, patient_id: UUID, needed: Reach, *, lock: bool) -> OwnRecord:
    query = _acted(reader.person_id).where(Patient.id == patient_id).order_by(Representation.asked_at)
    rows = await tx.execute(query.with_for_update(of=Patient) if lock else query)
    able = [row for row in rows if may_act(reader.person_id, patient_id, row[2], needed, reader.now)]
    if not able:
        raise NotFound
    record = OwnRecord(*max(able, key=lambda row: list(Reach).index(Reach(row[2].reach))))
    tx.act_for(reader.person_id, patient_id, cast(Representation, record.acting).id)
    return record


async def _actor(tx: Tx, one: Representation, now: datetime) -> Actor:
    practice_id = select(Patient.practice_id).where(Patient.id == one.patient_id).scalar_subquery()
    name = await name_of(tx, one.person_id, practice_id) if one.person_id else one.name
    said = select(RepresentationWord).where(RepresentationWord.representation_id == one.id).order_by(RepresentationWord.said_at)
    return Actor(one, name, one.standing(now), list(await tx.scalars(said)))


def _acted(person_id: UUID) -> Select[Patient, Practice, Representation]:
    return _joined().where(Representation.person_id == person_id, Representation.ended_at.is_(None))


def _joined() -> Select[Patient, Practice, Representation]:
    joined = select(Patient, Practice, Representation).join(Practice, Practice.id == Patient.practice_id)
    return joined.join(Representation, Representation.patient_id == Patient.id).execution_options(populate_existing=True)
