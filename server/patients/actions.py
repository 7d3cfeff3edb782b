"""What a patient decides about their record, inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from server.access.actions import change_rights
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.patients.model import Patient, SharingConsent
from server.patients.wording import TEAM_NOTES, fingerprint
from server.web.i18n import Language

SHARING = "sharing"  # the thing of an audit entry about the agreement


@dataclass(frozen=True)
class Contact:
    """How somebody is called and written to, as it was given."""

    name: str
    mobile: str | None
    email: str | None


@dataclass(frozen=True)
class Decision:
    """What the person behind a patient's account says about the team, in the language in which they read it."""

    person_id: UUID
    agrees: bool
    language: Language


async def add_record(tx: Tx, practice_id: UUID, contact: Contact, person_id: UUID | None, now: datetime) -> Patient:
    """Begin the record of somebody under a practice; `person_id` is the account that reads it, if there is one."""
    patient = Patient(
        id=new_id(),
        practice_id=practice_id,
        person_id=person_id,
        name=contact.name,
        mobile=contact.mobile,
        email=contact.email,
        created_at=now,
    )
    tx.add(patient)
    await tx.flush()
    return patient


async def readdress(tx: Tx, by: UUID, known: Patient, contact: Contact, now: datetime) -> None:
    """Take the addresses that were given into the record; where one replaces another, the audit keeps that, without the addresses.

    Every later invitation goes to the new one, also to a consultation of somebody else. So the patient, and whoever wrote about them, can
    read who replaced it. To refuse it would only make people begin a second record. The name stays.
    """
    before = {"mobile": known.mobile, "email": known.email}
    known.mobile, known.email = contact.mobile or known.mobile, contact.email or known.email
    replaced = [field for field, address in before.items() if address and address != getattr(known, field)]
    if replaced:
        await record(tx, Deed(known.practice_id, by, Act.READDRESSED, "record", known.id, known.id, " ".join(replaced)), now)


def register(patient: Patient, person_id: UUID) -> None:
    """Say whose account reads this record from now on."""
    patient.person_id = person_id


async def agree_to_sharing(tx: Tx, patient_id: UUID, language: Language, now: datetime, by: UUID | None = None) -> None:
    """Let the team see the notes; whoever has agreed already has nothing to add. `by` is the account that says so, if it is known."""
    if await tx.scalar(select(SharingConsent.id).where(_standing(patient_id))) is not None:
        return
    tx.add(
        SharingConsent(
            id=new_id(),
            patient_id=patient_id,
            wording_version=TEAM_NOTES.version,
            wording_sha256=fingerprint(TEAM_NOTES, language),
            language=language.tag,
            given_at=now,
            withdrawn_at=None,
            representation_id=tx.represents(by, patient_id),
        )
    )
    await change_rights(tx, patient_topic(patient_id))


async def withdraw_sharing(tx: Tx, patient_id: UUID, now: datetime, by: UUID | None = None) -> None:
    """From now on the team sees no note any more; open editors close by the hint."""
    ended = {"withdrawn_at": now, "withdrawn_representation_id": tx.represents(by, patient_id)}
    await tx.execute(update(SharingConsent).where(_standing(patient_id)).values(**ended))
    await change_rights(tx, patient_topic(patient_id))


async def decide_sharing(tx: Tx, patient: Patient, decision: Decision, now: datetime) -> None:
    """Store a decision about a record of their own, with its entry in the audit; saying the same once more changes nothing."""
    if await has_agreed_to_sharing(tx, patient.id) == decision.agrees:
        return
    if decision.agrees:
        await agree_to_sharing(tx, patient.id, decision.language, now, decision.person_id)
    else:
        await withdraw_sharing(tx, patient.id, now, decision.person_id)
    act = Act.AGREED if decision.agrees else Act.WITHDREW
    await record(tx, Deed(patient.practice_id, decision.person_id, act, SHARING, patient.id, patient.id), now)


async def has_agreed_to_sharing(tx: Tx, patient_id: UUID) -> bool:
    return await tx.scalar(select(SharingConsent.id).where(_standing(patient_id))) is not None


def patient_topic(patient_id: UUID) -> str:
    """Where those listen who hold something open about a patient."""
    return f"patient:{patient_id}"


def _standing(patient_id: UUID) -> ColumnElement[bool]:
    return (SharingConsent.patient_id == patient_id) & SharingConsent.withdrawn_at.is_(None)
