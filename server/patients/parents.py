"""Parents who registered a child, as far as nobody of the practice has accepted it: until then they book for it, and no more."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, exists, select

from server.access.people import owns_alone
from server.access.policy import Viewer
from server.access.representation import Representation, RepresentationWord, Said
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.holdings import BLANK_NAME
from server.errors import Conflict, Invalid
from server.identity.model import Person
from server.patients.acting_doors import Reader, see_representation
from server.patients.model import Patient
from server.patients.representing import REVIEWS, THING


class Registered(NamedTuple):
    """A parent's word for a child, and what the parent's own account is called."""

    representation: Representation
    child: Patient
    parent: str


async def registered_at(tx: Tx, viewer: Viewer, reader: Reader) -> list[Registered]:
    """Return those who wait in the viewer's practice, the first first, without restricted records; whoever calls proved that they may."""
    waiting = _waiting(reader).where(Patient.practice_id == viewer.practice_id, Patient.id.not_in(viewer.restricted))
    rows = await tx.execute(waiting.order_by(Representation.asked_at, Representation.id))
    return [Registered(*row) for row in rows]


async def waiting_among(tx: Tx, reader: Reader, patient_ids: Collection[UUID]) -> set[UUID]:
    """Return for which of these patients a parent waits; whoever calls got them from their doors."""
    rows = await tx.execute(_waiting(reader).where(Patient.id.in_(patient_ids)))
    return {child.id for _one, child, _parent in rows}


async def lock_waiting(tx: Tx, waiting: Registered, reader: Reader) -> Representation:
    """Return it to change it; raises `Conflict` where somebody accepted or ended it in the meantime."""
    one = await see_representation(tx, waiting.child.id, waiting.representation.id)
    if (await tx.execute(_waiting(reader).where(Representation.id == one.id))).one_or_none() is None:
        raise Conflict
    return one


async def refuse_own(tx: Tx, viewer: Viewer, one: Representation) -> None:
    """Raise `Invalid` with the code `own` for whoever would accept themself, unless there is no colleague to ask."""
    if one.person_id == viewer.person_id and not await owns_alone(tx, viewer):
        raise Invalid(code="own")


async def note_looked(tx: Tx, waiting: Registered, reader: Reader) -> None:
    """Keep that somebody looked at who the child and the parent are."""
    one = waiting.representation
    await record(tx, Deed(one.practice_id, reader.person_id, Act.LOOKED, THING, one.id, one.patient_id), reader.now)


def _waiting(reader: Reader) -> Select[Representation, Patient, str]:
    """Select what a parent claimed and nobody accepted, while it could still hold; an erased child has nobody who waits."""
    joined = select(Representation, Patient, Person.name).join(Patient, Patient.id == Representation.patient_id)
    words = RepresentationWord.representation_id == Representation.id
    claimed = exists().where(words, RepresentationWord.said == Said.CLAIMED)
    reviewed = exists().where(words, RepresentationWord.said.in_(REVIEWS))
    still = Representation.ended_at.is_(None) & (Representation.expires_at > reader.now) & (Patient.name != BLANK_NAME)
    found = joined.join(Person, Person.id == Representation.person_id).where(claimed, ~reviewed, still)
    return found.execution_options(populate_existing=True)
