"""Who asked for a copy, and what they may have of it: with an account all of their records, by request or for a patient that one record."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.access.acting import Reach
from server.access.policy import Viewer, stranger
from server.access.viewer import viewer_in
from server.core.db import Tx
from server.core.holdings import Subject
from server.core.house import House
from server.core.keyring import MissingKey, Unreadable
from server.patients.acting_doors import Reader, see_record_for
from server.patients.doors import OwnRecord, own_records, reading, record_behind
from server.patients.forwards import with_merged
from server.privacy.copy_facts import AccountFacts
from server.privacy.copy_gather import DEFAULT_ZONE, account_of, patient_in_words
from server.privacy.copy_rows import Whose
from server.privacy.own_data import subject_for, subject_of
from server.privacy.requests import opened_part, request_behind


@dataclass(frozen=True)
class Asker:
    """`answer` are the practice's words that lie in the copy, empty where nobody wrote any."""

    facts: AccountFacts
    subject: Subject
    viewer: Viewer
    own: list[OwnRecord]
    answer: str = ""


async def asker_of(tx: Tx, house: House, whose: Whose, now: datetime) -> Asker:
    """Return who asked; raises `NotFound` where a request, its record, or the right to act is gone."""
    if whose.request_id is not None:
        return await _by_request(tx, house, whose.request_id, now)
    if whose.person_id is None:
        raise ValueError("a copy is somebody's")
    if whose.patient_id is not None:
        return await _for_patient(tx, Reader(whose.person_id, now), whose.patient_id)
    own = await own_records(tx, whose.person_id)
    zone = own[0].practice.time_zone if own else DEFAULT_ZONE
    viewer = reading(await viewer_in(tx, whose.person_id, None, now), own)
    return Asker(await account_of(tx, whose.person_id, zone, now), await subject_of(tx, whose.person_id), viewer, own)


async def _for_patient(tx: Tx, reader: Reader, patient_id: UUID) -> Asker:
    own = await see_record_for(tx, reader, patient_id, Reach.RIGHTS)
    viewer = reading(await viewer_in(tx, reader.person_id, None, reader.now), [own])
    return Asker(patient_in_words(own, reader.now), await subject_for(tx, own), viewer, [own])


async def _by_request(tx: Tx, house: House, request_id: UUID, now: datetime) -> Asker:
    request = await request_behind(tx, request_id)
    own = await record_behind(tx, request.patient_id)
    patient, practice = own.patient, own.practice
    subject = Subject(None, await with_merged(tx, [patient.id]))
    form = f"{house.settings.base_url}/privacy/request/{practice.id}"
    facts = AccountFacts(patient.name, "", patient.email or "", patient.mobile or "", practice.time_zone, now, form=form)
    viewer = reading(stranger(request.id, patient.name), [own])
    try:
        answer = opened_part(house.keyring, request, "answer", request.answer) if request.answer else ""
    except (MissingKey, Unreadable):
        answer = ""
    return Asker(facts, subject, viewer, [own], answer)
