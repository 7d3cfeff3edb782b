"""Everything in a record that the viewer may see, in one list by date: titles only, nothing clinical is opened for it."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select

from server.access.policy import Viewer, may_see_money
from server.billing.doors import money_of
from server.billing.model import Charge
from server.consultation.consents import RECORDING
from server.consultation.model import Participant, Role
from server.consultation.records import Consent
from server.core.db import Tx
from server.notes.patient_answers import sent_in_record
from server.notes.records import SeenRecord
from server.patients.doors import sharing_of
from server.patients.file_doors import Filed


class Part(StrEnum):
    CONSULTATION = "consultation"
    NOTE = "note"
    ANSWERS = "answers"
    DOCUMENT = "document"
    PAYMENT = "payment"
    CONSENT = "consent"


class Moment(NamedTuple):
    """One line; `what` is a code that the page says in words, `name` a name or title, `link` where it is, empty for nowhere."""

    at: datetime
    part: Part
    what: str
    name: str = ""
    link: str = ""
    minor: int = 0
    currency: str = ""


async def timeline_of(tx: Tx, viewer: Viewer, seen: SeenRecord, files: Iterable[Filed]) -> list[Moment]:
    """Return the moments, the newest first; `files` are those that the viewer may see."""
    moments = [*_meetings(seen), *_notes(seen), *_documents(seen, files)]
    moments += await _answers(tx, viewer, seen)
    moments += await _payments(tx, viewer, seen)
    moments += await _consents(tx, seen)
    return sorted(moments, key=lambda moment: moment.at, reverse=True)


def _meetings(seen: SeenRecord) -> list[Moment]:
    return [
        Moment(held.at, Part.CONSULTATION, held.consultation.state, held.host, f"/desk/{held.consultation.id}" if held.open else "")
        for held in seen.held
    ]


def _notes(seen: SeenRecord) -> list[Moment]:
    notes = [one.note for held in seen.held for one in held.notes]
    return [Moment(note.created_at, Part.NOTE, note.kind, link=f"/notes/{note.public_id}") for note in notes]


def _documents(seen: SeenRecord, files: Iterable[Filed]) -> list[Moment]:
    path = f"/patients/{seen.patient.id}/files"
    return [Moment(one.at, Part.DOCUMENT, one.row.kind, one.called, f"{path}/{one.row.id}" if one.readable else path) for one in files]


async def _answers(tx: Tx, viewer: Viewer, seen: SeenRecord) -> list[Moment]:
    path = f"/patients/{seen.patient.id}/answers"
    sent = await sent_in_record(tx, viewer, seen)
    return [Moment(at, Part.ANSWERS, "sent", link=f"{path}/{held.consultation.appointment_id}") for held, at in sent]


async def _payments(tx: Tx, viewer: Viewer, seen: SeenRecord) -> list[Moment]:
    """What was paid to the viewer: nobody else of the house reads here who paid."""
    mine = [held.consultation for held in seen.held if held.consultation.professional_id == viewer.professional_id]
    found = [await money_of(tx, one.appointment_id) for one in mine if one.appointment_id]
    paid = [money.charge for money in found if money is not None and may_see_money(viewer, money.charge, keeps_books=False)]
    return [_paid(charge) for charge in paid]


def _paid(charge: Charge) -> Moment:
    at, link = charge.paid_at or charge.created_at, f"/money/charges/{charge.id}"
    return Moment(at, Part.PAYMENT, "paid", charge.title, link, charge.minor, charge.currency)


async def _consents(tx: Tx, seen: SeenRecord) -> list[Moment]:
    """What the patient agreed to before consultations, in calls and about the team, and what they took back."""
    meetings = [held.consultation.id for held in seen.held]
    theirs = Participant.consultation_id.in_(meetings) & (Participant.role == Role.PATIENT)
    joined = select(Consent.purpose, Consent.given_at, Consent.withdrawn_at).join(Participant, Participant.id == Consent.participant_id)
    rows = (await tx.execute(joined.where(theirs))).all()
    dated = {("recorded" if purpose == RECORDING.purpose else "before", given, withdrawn) for purpose, given, withdrawn in rows}
    dated |= {("team", one.given_at, one.withdrawn_at) for one in await sharing_of(tx, seen.patient.id)}
    agreed = [Moment(given, Part.CONSENT, what) for what, given, _ in dated]
    return agreed + [Moment(withdrawn, Part.CONSENT, f"{what}_withdrawn") for what, _, withdrawn in dated if withdrawn]
