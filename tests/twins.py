"""Two records of one person, what is written in them, and merging and parting them, for tests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.access.acting import Basis, Reach
from server.access.model import Grant, Practice
from server.access.representation import Representation
from server.access.restrictions import Restriction
from server.circulars.model import NewsConsent, Via
from server.consultation.events import Channel
from server.core.db import Base, Tx
from server.core.house import House
from server.core.ids import new_id
from server.patients.answer_doors import Sheet, own_sheets
from server.patients.background import BackgroundEntry
from server.patients.background_actions import Hand, Wanted, add_line, ask_for, refuse, write_particulars
from server.patients.background_doors import Line, background_of
from server.patients.doors import OwnRecord
from server.patients.file_actions import Draft, Sender, add_file, sealed
from server.patients.file_doors import Filed, files_of
from server.patients.file_kinds import Kind as FileKind
from server.patients.inspecting import Inspected
from server.patients.model import Patient
from server.patients.particulars import Particulars
from server.patients.telling import Kind, Source, Told
from server.privacy.clinical_answers import answers_of, clinical_part
from server.privacy.erasure_rows import ClinicalAnswer, Erasure
from server.privacy.merges import merge, see_pair, undo
from server.privacy.request_words import State
from server.privacy.requests import Opened, ask, opened, opened_part, requests_about, seal_part, settle
from tests.cast import ALICE, DANA, Guest, add_meeting
from tests.conftest import StillClock
from tests.http.filing import pdf

TWIN = Guest("Diaz Dana", "+447700900001", "dana@example.org")
ELSEWHERE = {"audit_entry", "audit_head", "record_merge", "rights_epoch", "errand", "delivery"}
Rows = dict[str, list[tuple[Any, ...]]]
REQUESTED = {"request": "access", "request by a code": "access", "clinical answer": "erasure", "erasure": "erasure"}


def _grant(patient: Patient, now: datetime) -> Grant:
    return Grant(
        id=new_id(), author_id=ALICE.person_id, person_id=ALICE.person_id, patient_id=patient.id, reason="Cover",
        practice_id=patient.practice_id, granted_at=now, expires_at=now + timedelta(days=1), withdrawn_at=None,
    )  # fmt: skip


def _news(patient: Patient, now: datetime) -> NewsConsent:
    return NewsConsent(
        id=new_id(), patient_id=patient.id, channel=Channel.EMAIL, wording_version="1", wording_sha256=b"", language="en-GB",
        given_by=None, given_via=Via.LINK, given_at=now, withdrawn_via=None, withdrawn_at=None,
    )  # fmt: skip


def _restriction(patient: Patient, now: datetime) -> Restriction:
    """One that is over: while it stands, nobody merges the record."""
    return Restriction(
        id=new_id(), practice_id=patient.practice_id, patient_id=patient.id, reason="Disputed", began_at=now,
        lift_reason="Settled", announced_at=now, ends_at=now,
    )  # fmt: skip


def _representation(patient: Patient, now: datetime) -> Representation:
    return Representation(
        id=new_id(), practice_id=patient.practice_id, patient_id=patient.id, person_id=None, basis=Basis.CONSENT, reach=Reach.SEE,
        name="Erin", email=None, token_hash=None, link_until=now, asked_at=now, taken_at=None, expires_at=now + timedelta(days=1),
        sleeps_at=None, ended_at=now, ended_by=ALICE.person_id,
    )  # fmt: skip


ROWS: dict[str, Callable[[Patient, datetime], Base]] = {
    "grant": _grant,
    "news": _news,
    "restriction": _restriction,
    "representation": _representation,
}
KINDS = ["line", "asked", "refused", "particulars", "file", *REQUESTED, *ROWS]


def erasure(patient: Patient, now: datetime, *, erased_at: datetime | None, erasure_id: UUID) -> Erasure:
    return Erasure(
        id=erasure_id, practice_id=patient.practice_id, patient_id=patient.id, person_id=None, goes="record", ordered_at=now,
        told_at=None, erased_at=erased_at, listed_at=erased_at,
    )  # fmt: skip


class Everything(NamedTuple):
    """What could be read in a record."""

    lines: list[Line]
    files: list[Filed]
    sheets: list[Sheet]
    requests: list[Opened]
    replies: list[str]
    clinical: list[str]


@dataclass
class Twins:
    """dana's record, which has an account, and another one of hers that was begun by a colleague at the telephone."""

    house: House
    clock: StillClock
    other_id: UUID
    kept_id: UUID = DANA.patient_id  # type: ignore[assignment]

    async def merge(self) -> UUID:
        self.clock.advance(1)
        async with self.house.database.write() as tx:
            kept, other = await see_pair(tx, ALICE.viewer, (self.kept_id, self.other_id), lock=True)
            return (await merge(tx, self.house.keyring, ALICE.viewer, kept, other, self.clock.now())).id

    async def undo(self, merge_id: UUID) -> None:
        async with self.house.database.write() as tx:
            await undo(tx, self.house.keyring, ALICE.viewer, (self.kept_id, merge_id), self.clock.now())

    async def write(self, whose: UUID, what: str) -> None:
        """Write something of this kind into a record."""
        self.clock.advance(1)
        async with self.house.database.read() as tx:
            patient = await tx.get_one(Patient, whose)
        if what == "file":
            draft = Draft(
                Inspected("letter.pdf", FileKind.PDF, pdf()), whose, Sender("Dana"), shared=True, title=f"Letter {self.clock.now()}"
            )
            async with sealed(self.house, draft) as row, self.house.database.write() as tx:
                row.person_id = ALICE.person_id
                await add_file(tx, self.house, patient, row)
            return
        async with self.house.database.write() as tx:
            await self._write(tx, await tx.get_one(Patient, whose), what)

    async def _write(self, tx: Tx, patient: Patient, what: str) -> None:
        now, keyring = self.clock.now(), self.house.keyring
        hand = Hand(keyring, patient, ALICE.person_id, Source.PROFESSIONAL, now)
        wanted = Wanted(Kind.ALLERGY, Told(f"{what} {now}"))
        if what == "line":
            await add_line(tx, hand, wanted)
        elif what in {"asked", "refused"}:
            await ask_for(tx, hand, wanted)
            if what == "refused":
                row = (await tx.scalars(select(BackgroundEntry).order_by(BackgroundEntry.written_at.desc()).limit(1))).one()
                await refuse(tx, hand, row, "It stays.")
        elif what == "particulars":
            before = (await background_of(tx, keyring, patient.id)).who_row
            await write_particulars(tx, hand, Particulars(born_on="1980-02-29", address=f"{now}"), str(before.id) if before else "")
        elif what in REQUESTED:
            await self._request(tx, patient, what)
        else:
            tx.add(ROWS[what](patient, now))

    async def _request(self, tx: Tx, patient: Patient, what: str) -> None:
        """Ask for something; what would stand against a merge is settled."""
        now, keyring = self.clock.now(), self.house.keyring
        own = OwnRecord(patient, await tx.get_one(Practice, patient.practice_id))
        request = await ask(tx, keyring, own, REQUESTED[what], f"Everything, {now}", now)
        await tx.flush()
        if what == "request by a code":
            request.reply_to = seal_part(keyring, request, "reply_to", "dana@example.org")
        elif what in {"clinical answer", "erasure"}:
            sealed_answer = seal_part(keyring, request, clinical_part(ALICE.professional_id), "It stays.")
            tx.add(
                ClinicalAnswer(
                    request_id=request.id, professional_id=ALICE.professional_id, goes=False, sealed=sealed_answer, answered_at=now
                )
            )
            done = what == "erasure"
            await settle(tx, keyring, request, State.DONE if done else State.REFUSED, "We looked at it.", now)
            if done:
                tx.add(erasure(patient, now, erased_at=now, erasure_id=request.id))

    async def read(self, patient_id: UUID) -> "Everything":
        """Open everything that is sealed in a record; a failure is what cannot be opened."""
        keyring = self.house.keyring
        async with self.house.database.read() as tx:
            background = await background_of(tx, keyring, patient_id)
            patient = await tx.get_one(Patient, patient_id)
            own = OwnRecord(patient, await tx.get_one(Practice, patient.practice_id))
            requests = [opened(keyring, one) for one in await requests_about(tx, own)]
            clinical = [answer.words for one in requests for answer in await answers_of(tx, keyring, one.request)]
            files = await files_of(tx, keyring, patient_id)
            sheets = await own_sheets(tx, keyring, own)
        assert background.who is not None or background.who_row is None
        lines = [line for lines in background.standing.values() for line in lines] + background.asked + background.refused
        assert all(line.told for line in lines)
        assert [line.reply for line in background.refused] == ["It stays."] * len(background.refused)
        assert {str(one.words).partition(",")[0] for one in requests} <= {"Everything"}
        replies = [opened_part(keyring, one.request, "reply_to", one.request.reply_to) for one in requests if one.request.reply_to]
        assert set(replies) <= {"dana@example.org"}
        assert set(clinical) <= {"", "It stays."}
        assert all(filed.readable for filed in files)
        assert not any(sheet.unreadable for sheet in sheets)
        return Everything(lines, files, sheets, requests, replies, [words for words in clinical if words])

    async def rows(self) -> Rows:
        """Return every row of every table but those which tell that there was a merge, and what the outbox works on meanwhile."""
        tables = [table for table in Base.metadata.sorted_tables if table.name not in ELSEWHERE]
        async with self.house.database.read() as tx:
            return {table.name: sorted((tuple(row) for row in await tx.execute(select(table))), key=repr) for table in tables}


async def make_twins(house: House, clock: StillClock) -> Twins:
    """Add the other record, with a consultation of its own."""
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now(), guest=TWIN)
        other = (await tx.scalars(select(Patient).where(Patient.name == TWIN.name))).one()
    return Twins(house, clock, other.id)
