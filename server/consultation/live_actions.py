"""What the live room stores, inside the caller's transaction: one function per change, each by the models' own rules.

The room was opened by a ticket that came through a door; rights.py asks again whenever a right may have changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from server.access.model import Professional
from server.consultation.attendance import begin_stretch, end_stretch
from server.consultation.changes import Admit, Answer, Arrive, Change, End, Hold, Leave, Lose, Refuse, Say, SharedFile, Sit
from server.consultation.model import Consultation, Outcome, Participant, Relation, Role, Stage
from server.consultation.records import ChatMessage, Ending
from server.consultation.roster import MESSAGES_SHOWN, ConsultationFacts, Facts, Member, Message
from server.consultation.topics import today_topic
from server.core.db import Tx, locked
from server.core.ids import new_id
from server.errors import Conflict, NotFound
from server.patients.files import RecordFile
from server.patients.model import Patient

MAX_MESSAGES = 1000  # of one consultation; then `chat` is refused with `chat_full`


@dataclass(frozen=True)
class Book:
    """A consultation with everybody who has a place in it; `booked` is whom it was made for, `host_id` the place of its professional."""

    consultation: Consultation
    booked: Patient
    participants: dict[UUID, Participant]
    host_id: UUID | None

    @property
    def patient(self) -> Participant:
        return next(participant for participant in self.participants.values() if participant.role == Role.PATIENT)


async def load_room(tx: Tx, consultation_id: UUID) -> tuple[Facts, tuple[Message, ...]]:
    """Return what a room begins from; raises `NotFound`."""
    book = await _open_book(tx, consultation_id)
    joined = select(ChatMessage, RecordFile).outerjoin(RecordFile, RecordFile.id == ChatMessage.file_id)
    query = joined.where(ChatMessage.consultation_id == consultation_id).order_by(ChatMessage.id.desc())
    newest = (await tx.execute(query.limit(MESSAGES_SHOWN))).all()
    return facts_of(book), tuple(_message(book, row, _shared(file)) for row, file in reversed(newest))


async def read_facts(tx: Tx, consultation_id: UUID) -> Facts:
    """Read again what may have been changed from outside the room; raises `NotFound`."""
    return facts_of(await _open_book(tx, consultation_id))


async def perform(tx: Tx, consultation_id: UUID, change: Change, now: datetime) -> Facts:
    """Carry out a change and return the truth after it; raises what the models' rules raise."""
    book = await _open_book(tx, consultation_id, lock=True)
    if isinstance(change, Say):
        return facts_of(book, await _say(tx, book, change, now))
    if isinstance(change, Answer):
        return facts_of(book)  # it moves nobody
    apply_change(book, change, now)
    await _record(tx, book, change, now)
    await tx.flush()
    tx.hint(today_topic(book.consultation.practice_id))
    return facts_of(book)


def apply_change(book: Book, change: Change, now: datetime) -> None:
    """Move the models on; no session is needed."""
    RULES[type(change)](book, change, now)


def facts_of(book: Book, said: Message | None = None) -> Facts:
    consultation = book.consultation
    shown = ConsultationFacts(
        id=consultation.id,
        state=str(consultation.state),
        over=consultation.over,
        started_at=consultation.started_at,
        outcome=str(consultation.outcome) if consultation.over and consultation.outcome else None,
        host=book.host_id,
    )
    return Facts(shown, tuple(_member(book, place) for place in book.participants.values()), said)


async def _open_book(tx: Tx, consultation_id: UUID, *, lock: bool = False) -> Book:
    consultation = await tx.get(Consultation, consultation_id, with_for_update=locked(lock=lock), populate_existing=lock)
    if consultation is None:
        raise NotFound
    places = select(Participant).where(Participant.consultation_id == consultation_id).order_by(Participant.role, Participant.name)
    fresh = places.execution_options(populate_existing=lock)  # what was read before the lock may be old
    participants = {participant.id: participant for participant in await tx.scalars(fresh)}
    booked = await tx.get_one(Patient, consultation.patient_id)
    host = await tx.get_one(Professional, consultation.professional_id)
    host_id = next((place.id for place in participants.values() if place.person_id == host.person_id), None)
    return Book(consultation, booked, participants, host_id)


async def _say(tx: Tx, book: Book, change: Say, now: datetime) -> Message:
    if book.consultation.over:
        raise Conflict("The consultation has ended.", code="ended")
    counted = select(ChatMessage.id).where(ChatMessage.consultation_id == book.consultation.id).offset(MAX_MESSAGES - 1).limit(1)
    if await tx.scalar(counted) is not None:
        raise Conflict("There are too many messages in this consultation.", code="chat_full")
    row = ChatMessage(consultation_id=book.consultation.id, participant_id=change.participant_id, body=change.body, sent_at=now)
    row.file_id = change.file.id if change.file else None
    tx.add(row)
    await tx.flush()
    return _message(book, row, change.file)


async def _record(tx: Tx, book: Book, change: Change, now: datetime) -> None:
    """Keep the dated rows of a change."""
    if isinstance(change, Arrive):
        await begin_stretch(tx, change.participant_id, now)
    elif isinstance(change, (Leave, Lose)):
        await end_stretch(tx, change.participant_id)
    elif isinstance(change, End):
        for place in book.participants.values():
            if place.role != Role.PROFESSIONAL:  # who stay: they still read and write
                await end_stretch(tx, place.id)
        tx.add(_ending(book, change, now))


def _ending(book: Book, change: End, now: datetime) -> Ending:
    return Ending(
        id=new_id(),
        consultation_id=book.consultation.id,
        participant_id=change.participant_id,
        outcome=Outcome(change.outcome),
        reason=change.reason,
        ended_at=now,
    )


def _arrive(book: Book, change: Arrive, now: datetime) -> None:
    """A patient's or guest's arrival is a knock; whoever was let in or refused already stays so. Only a patient opens it once more."""
    place = book.participants[change.participant_id]
    if place.role == Role.PROFESSIONAL:
        return
    if place.role == Role.GUEST:
        book.consultation.guest_waits()
    else:
        if change.fresh:
            book.consultation.reopen(now)
        book.consultation.patient_waits()
    if place.stage not in {Stage.IN_CALL, Stage.REFUSED}:
        place.wait(now)


def _sit(book: Book, change: Sit, now: datetime) -> None:
    book.participants[change.participant_id].sit(now, quiet=change.quiet)
    _begin_with_patient(book, now)


def _admit(book: Book, change: Admit, now: datetime) -> None:
    host = book.participants[change.participant_id]
    host.sit(now, quiet=host.quiet)
    book.participants[change.admitted_id].admit(now)
    _begin_with_patient(book, now)


def _begin_with_patient(book: Book, now: datetime) -> None:
    """To talk with a colleague or an interpreter first is not the consultation yet."""
    if book.patient.stage == Stage.IN_CALL:
        book.consultation.begin(now)


def _hold(book: Book, change: Hold, now: datetime) -> None:
    del now
    book.participants[change.participant_id].hold(change.message)


def _refuse(book: Book, change: Refuse, now: datetime) -> None:
    del now
    book.participants[change.participant_id].refuse(change.reason)


def _leave(book: Book, change: Leave, now: datetime) -> None:
    del now
    book.participants[change.participant_id].leave()


def _lose(book: Book, change: Lose, now: datetime) -> None:
    del now
    place = book.participants[change.participant_id]
    if place.stage == Stage.IN_CALL:
        place.leave()


def _end(book: Book, change: End, now: datetime) -> None:
    book.consultation.end(now, Outcome(change.outcome), change.reason)
    for place in book.participants.values():
        place.dismiss()


def _member(book: Book, place: Participant) -> Member:
    role = Role(place.role)
    stage = Stage(place.stage) if role != Role.PROFESSIONAL or place.stage == Stage.IN_CALL else Stage.NOT_ARRIVED
    return Member(
        id=place.id,
        role=role,
        relation=None if place.relation is None else Relation(place.relation),
        name=place.name,
        booked_as=book.booked.unless_called(place.name) if role == Role.PATIENT else None,
        companion=place.companion,
        devices=place.devices,
        stage=stage,
        since={Stage.WAITING: place.waiting_since, Stage.IN_CALL: place.admitted_at}.get(stage),
        refused_reason=place.refused_reason if stage == Stage.REFUSED else None,
        hold=place.hold_message if stage == Stage.WAITING else None,
        quiet=place.quiet and stage == Stage.IN_CALL,
        withdrawn=place.withdrawn_at is not None,
    )


def _shared(file: RecordFile | None) -> SharedFile | None:
    return None if file is None else SharedFile(file.id, file.kind, file.size)


def _message(book: Book, row: ChatMessage, file: SharedFile | None) -> Message:
    return Message(row.id, row.participant_id, book.participants[row.participant_id].name, row.body, row.sent_at, file)


RULES: dict[type[Change], Callable[[Book, Any, datetime], None]] = {
    Arrive: _arrive,
    Sit: _sit,
    Admit: _admit,
    Hold: _hold,
    Refuse: _refuse,
    Leave: _leave,
    Lose: _lose,
    End: _end,
}
