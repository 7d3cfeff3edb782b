"""A parent begins a record for their child: a new one, so that nothing of an older one is seen before the practice has said so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from server.access.acting import REVIEW_AGES, Basis, age_at
from server.access.model import Practice
from server.access.representation import Representation
from server.access.viewer import name_of
from server.core.crypto import Secrets
from server.core.db import Tx
from server.core.keyring import KeyRing
from server.errors import Invalid
from server.patients.acting_doors import Reader
from server.patients.actions import Contact, add_record
from server.patients.background_actions import Hand as Writer
from server.patients.background_actions import write_particulars
from server.patients.doors import own_records
from server.patients.particulars import Particulars, read_particulars
from server.patients.representing import Hand, claim_child
from server.patients.telling import Source

MOST_CHILDREN = 12  # for whom one account ever said so
LONGEST_NAME = 200


@dataclass(frozen=True)
class Child:
    """Whom a parent registers; `born_on` is ISO 8601."""

    name: str
    born_on: str


@dataclass(frozen=True)
class Keys:
    """What seals the date of birth, and what would make a link."""

    keyring: KeyRing
    secrets: Secrets


def read_child(form: Mapping[str, str], today: date) -> Child:
    """Read the form; raises `Invalid` with the field as its code, and `grown` for whoever is not a child any more."""
    name = " ".join(form.get("name", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(code="name_long" if name else "name_missing")
    born = read_particulars({"born_on": form.get("born_on", "")}, today).birthday
    if born is None:
        raise Invalid(code="born_on")
    if age_at(born, today) >= REVIEW_AGES[0]:
        raise Invalid(code="grown")
    if form.get("agree") != "yes":
        raise Invalid(code="agree_missing")
    return Child(name, born.isoformat())


async def practices_for(tx: Tx, person_id: UUID) -> list[Practice]:
    """Return where somebody is known, and can therefore register a child."""
    return list({record.practice.id: record.practice for record in await own_records(tx, person_id)}.values())


async def register_child(tx: Tx, keys: Keys, parent: Reader, practice: Practice, child: Child) -> None:
    """Begin the record, for which the parent books from now on; raises `Invalid` with the code `many`."""
    if await _registered(tx, parent.person_id) >= MOST_CHILDREN:
        raise Invalid(code="many")
    patient = await add_record(tx, practice.id, Contact(child.name, None, None), None, parent.now)
    name = await name_of(tx, parent.person_id, practice.id)
    writer = Writer(keys.keyring, patient, parent.person_id, Source.PATIENT, parent.now)
    await write_particulars(tx, writer, Particulars(born_on=child.born_on), "")
    born = date.fromisoformat(child.born_on)
    await claim_child(tx, Hand(keys.secrets, patient, practice, parent.person_id, born, mails=False, now=parent.now), name)


async def _registered(tx: Tx, person_id: UUID) -> int:
    mine = (Representation.person_id == person_id) & (Representation.basis == Basis.PARENT)
    return await tx.scalar(select(func.count()).select_from(Representation).where(mine)) or 0
