"""Write down who a patient is and what is known of their health, inside the caller's transaction; each change is in the audit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.access.model import Practice
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing
from server.core.marking import _
from server.errors import Conflict, TooBig
from server.patients import particulars, telling
from server.patients.background import BackgroundEntry, State
from server.patients.background_doors import THING, content_place, how_many, key_place, newest_particulars, reply_place, sealer_of
from server.patients.model import Patient
from server.patients.particulars import Particulars
from server.patients.representing import born_on
from server.patients.telling import Kind, Source, Told

MOST_STANDING = 300
MOST_ASKED = 20  # corrections of one record that wait at a time

STALE = _("Somebody changed this in the meantime. Please look at what stands there now, and change it again if it is still needed.")
FULL = _("There are very many entries already. Please end those that are not needed any more.")
MANY = _("Many corrections wait for an answer already. Please wait until the practice has looked at them.")


@dataclass(frozen=True)
class Hand:
    """Who writes in which record, now."""

    keyring: KeyRing
    patient: Patient
    person_id: UUID
    source: Source
    now: datetime


@dataclass(frozen=True)
class Wanted:
    """A line for one of the lists; with `about` it takes the place of that entry, or only ends it where it `removes`."""

    kind: Kind
    told: Told
    about: UUID | None = None
    removes: bool = False


async def write_particulars(tx: Tx, hand: Hand, who: Particulars, seen: str) -> None:
    """Keep a new state, when `seen` (an id, or nothing) still is the newest; raises `Conflict`. What stood there stays as it was then."""
    before = await newest_particulars(tx, hand.patient.id)
    if (str(before.id) if before else "") != seen:
        raise Conflict(STALE, code="stale")
    if before is not None:
        _end(before, None, hand.now)
    row = _row(hand, Kind.PARTICULARS, hand.source, State.STANDING, particulars.packed(who))
    practice = await tx.get_one(Practice, hand.patient.practice_id)
    await born_on(tx, hand.patient, practice.time_zone, who.birthday, hand.now)
    await _keep(tx, hand, row, Act.CHANGED)


async def add_line(tx: Tx, hand: Hand, wanted: Wanted) -> None:
    """Add what the professional writes down, whoever said it; raises `TooBig`."""
    if await how_many(tx, hand.patient.id, State.STANDING) >= MOST_STANDING:
        raise TooBig(FULL, code="full")
    await _keep(tx, hand, _row(hand, wanted.kind, hand.source, State.STANDING, telling.packed(wanted.told)), Act.CHANGED)


async def end_line(tx: Tx, hand: Hand, row: BackgroundEntry) -> None:
    """Take a standing line off its list; it is kept, as what stood there until now."""
    _end(row, hand.person_id, hand.now)
    await _tell(tx, hand, row.id, Act.CHANGED)


async def ask_for(tx: Tx, hand: Hand, wanted: Wanted) -> None:
    """Keep what the patient would like to stand there, until the practice answers; raises `TooBig`."""
    if await how_many(tx, hand.patient.id, State.ASKED) >= MOST_ASKED:
        raise TooBig(MANY, code="many")
    row = _row(hand, wanted.kind, Source.PATIENT, State.ASKED, telling.packed(wanted.told))
    row.about_id, row.removes = wanted.about, wanted.removes
    await _keep(tx, hand, row, Act.ASKED)


async def accept(tx: Tx, hand: Hand, asked: BackgroundEntry) -> None:
    """Do what the patient asked for: their line stands, or the one that it is about is ended, or both."""
    about = await tx.get(BackgroundEntry, asked.about_id) if asked.about_id else None
    if about is not None and about.state == State.STANDING:
        _end(about, hand.person_id, hand.now)
    asked.state = State.ENDED if asked.removes else State.STANDING
    asked.settled_by, asked.settled_at = hand.person_id, hand.now
    await _tell(tx, hand, asked.id, Act.ANSWERED)


async def refuse(tx: Tx, hand: Hand, asked: BackgroundEntry, reply: str) -> None:
    """Answer the patient instead, who reads it."""
    asked.reply = sealer_of(hand.keyring, asked).seal(reply.encode(), reply_place(asked))
    asked.state, asked.settled_by, asked.settled_at = State.REFUSED, hand.person_id, hand.now
    await _tell(tx, hand, asked.id, Act.ANSWERED)


def _end(row: BackgroundEntry, by: UUID | None, now: datetime) -> None:
    row.state, row.settled_by, row.settled_at = State.ENDED, by, now


def _row(hand: Hand, kind: Kind, source: Source, state: State, content: Mapping[str, str]) -> BackgroundEntry:
    entry_id = new_id()
    key_id, data_key = hand.keyring.new_data_key(key_place(entry_id))
    row = BackgroundEntry(
        id=entry_id,
        patient_id=hand.patient.id,
        kind=kind,
        source=source,
        state=state,
        about_id=None,
        removes=False,
        key_id=key_id,
        data_key=data_key,
        reply=None,
        written_by=hand.person_id,
        written_at=hand.now,
        settled_by=None,
        settled_at=None,
    )
    row.sealed = sealer_of(hand.keyring, row).seal(json.dumps(content, ensure_ascii=False).encode(), content_place(row))
    return row


async def _keep(tx: Tx, hand: Hand, row: BackgroundEntry, act: Act) -> None:
    tx.add(row)
    await tx.flush()
    await _tell(tx, hand, row.id, act)


async def _tell(tx: Tx, hand: Hand, entry_id: UUID, act: Act) -> None:
    await record(tx, Deed(hand.patient.practice_id, hand.person_id, act, THING, entry_id, hand.patient.id), hand.now)
