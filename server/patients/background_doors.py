"""What is known of a patient beside the consultations, opened for whoever passed the door of the record."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import func, select

from server.core.db import Tx
from server.core.keyring import KeyRing, MissingKey, Sealer, Unreadable, place_of
from server.core.marking import _
from server.core.supervise import where
from server.errors import Conflict, NotFound
from server.patients import particulars, telling
from server.patients.background import BackgroundEntry, State
from server.patients.model import Patient
from server.patients.particulars import Particulars
from server.patients.telling import CLINICAL, Kind, Told

log = structlog.get_logger(__name__)

GONE = _("Somebody has dealt with this in the meantime. Nothing was sent or changed. Please look at what stands there now.")
THING = "background"  # of the audit's entries
SHOWN_REFUSED = 20
NEWEST = (BackgroundEntry.written_at.desc(), BackgroundEntry.id)


@dataclass(frozen=True)
class Line:
    """An entry with what it says; None where it cannot be opened any more."""

    row: BackgroundEntry
    told: Told | None
    reply: str | None = None


@dataclass(frozen=True)
class Background:
    """`who` is None where the particulars cannot be opened; `who_row` is the state that they are in, None where nothing was written yet."""

    who: Particulars | None
    who_row: BackgroundEntry | None
    standing: Mapping[Kind, list[Line]] = field(default_factory=dict)
    asked: list[Line] = field(default_factory=list)
    refused: list[Line] = field(default_factory=list)

    def line(self, entry_id: UUID | None) -> Line | None:
        """Find a standing line, for what was asked about it."""
        return next((line for lines in self.standing.values() for line in lines if line.row.id == entry_id), None)


def key_place(entry_id: UUID) -> bytes:
    return place_of("background_entry", entry_id)


def sealer_of(keyring: KeyRing, row: BackgroundEntry) -> Sealer:
    """Open the entry's own key; raises `MissingKey` and `Unreadable`."""
    return keyring.sealer(row.key_id, row.data_key, key_place(row.id))


def content_place(row: BackgroundEntry) -> bytes:
    """Bind the content to its row and to whom and what it is about."""
    return place_of("background", row.id, row.patient_id, row.kind)


def reply_place(row: BackgroundEntry) -> bytes:
    return place_of("background_reply", row.id, row.patient_id)


async def background_of(tx: Tx, keyring: KeyRing, patient_id: UUID) -> Background:
    """Load the background; whoever calls passed the door of this record."""
    newest = select(BackgroundEntry).where(BackgroundEntry.patient_id == patient_id).order_by(*NEWEST)
    rows = list(await tx.scalars(newest.where(BackgroundEntry.state.in_((State.STANDING, State.ASKED)))))
    refusals = list(await tx.scalars(newest.where(BackgroundEntry.state == State.REFUSED).limit(SHOWN_REFUSED)))
    who = next((row for row in rows if row.kind == Kind.PARTICULARS), None)
    lines = [_line(keyring, row) for row in rows if row.kind != Kind.PARTICULARS]
    standing = {kind: [line for line in lines if line.row.kind == kind and line.row.state == State.STANDING] for kind in CLINICAL}
    asked = [line for line in lines if line.row.state == State.ASKED]
    return Background(_who(keyring, who), who, standing, asked, [_line(keyring, row) for row in refusals])


async def written_on(tx: Tx, keyring: KeyRing, patient_id: UUID, form: Mapping[str, str]) -> dict[str, str]:
    """Return a form of particulars that was written on an older state, with what stands there by now and what its writer changed."""
    now = await background_of(tx, keyring, patient_id)
    seen = await _state(tx, keyring, patient_id, form.get("seen", ""))
    return {**particulars.carried_over(form, seen, now.who or Particulars()), "seen": str(now.who_row.id) if now.who_row else ""}


async def _state(tx: Tx, keyring: KeyRing, patient_id: UUID, entry_id: str) -> Particulars:
    states = (BackgroundEntry.patient_id == patient_id) & (BackgroundEntry.kind == Kind.PARTICULARS)
    row = next((row for row in await tx.scalars(select(BackgroundEntry).where(states)) if str(row.id) == entry_id), None)
    return _who(keyring, row) or Particulars()


async def see_still(tx: Tx, patient_id: UUID, entry_id: UUID, state: State) -> BackgroundEntry:
    """The same for whoever wrote something about it on a page: what is not so any more is a `Conflict`, so that nothing is lost."""
    try:
        return await see_entry(tx, patient_id, entry_id, state)
    except NotFound:
        raise Conflict(GONE, code="gone") from None


async def see_entry(tx: Tx, patient_id: UUID, entry_id: UUID, *states: State) -> BackgroundEntry:
    """Load a clinical entry of this record that is in one of these states, for a change; raises `NotFound`."""
    row = await tx.scalar(select(BackgroundEntry).where(BackgroundEntry.id == entry_id).with_for_update())
    if row is None or row.patient_id != patient_id or row.state not in states or row.kind == Kind.PARTICULARS:
        raise NotFound
    return row


async def newest_particulars(tx: Tx, patient_id: UUID) -> BackgroundEntry | None:
    """Return the state that stands, and let others who write one wait: there may be no row yet that they could wait for."""
    await tx.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update(key_share=True))
    standing = (BackgroundEntry.kind == Kind.PARTICULARS) & (BackgroundEntry.state == State.STANDING)
    return await tx.scalar(select(BackgroundEntry).where(BackgroundEntry.patient_id == patient_id, standing).order_by(*NEWEST).limit(1))


class Births(NamedTuple):
    """Days of birth by record, where they are known; `unreadable` are the records of which they cannot be opened."""

    known: dict[UUID, date]
    unreadable: set[UUID]


async def births_of(tx: Tx, keyring: KeyRing, patient_ids: Collection[UUID]) -> Births:
    """Return when these patients were born, for whoever works out how long a record is kept: there is no viewer."""
    standing = (BackgroundEntry.kind == Kind.PARTICULARS) & (BackgroundEntry.state == State.STANDING)
    query = select(BackgroundEntry).where(BackgroundEntry.patient_id.in_(patient_ids), standing)
    rows = {row.patient_id: row for row in await tx.scalars(query.order_by(BackgroundEntry.written_at, BackgroundEntry.id.desc()))}
    opened = {patient_id: _who(keyring, row) for patient_id, row in rows.items()}
    known = {patient_id: who.birthday for patient_id, who in opened.items() if who is not None and who.birthday is not None}
    return Births(known, {patient_id for patient_id, who in opened.items() if who is None})


async def asked_of(tx: Tx, patient_ids: Collection[UUID]) -> dict[UUID, int]:
    """Count the corrections that wait for an answer, by patient; those without one are left out."""
    waiting = (BackgroundEntry.patient_id.in_(patient_ids)) & (BackgroundEntry.state == State.ASKED)
    rows = await tx.execute(select(BackgroundEntry.patient_id, func.count()).where(waiting).group_by(BackgroundEntry.patient_id))
    return {row[0]: row[1] for row in rows}


async def how_many(tx: Tx, patient_id: UUID, *states: State) -> int:
    counted = select(func.count()).where(BackgroundEntry.patient_id == patient_id, BackgroundEntry.state.in_(states))
    return await tx.scalar(counted) or 0


def writers_of(background: Background) -> set[UUID]:
    """Return who wrote what is shown, or answered it."""
    lines = [line for some in background.standing.values() for line in some] + background.asked + background.refused
    rows = [line.row for line in lines] + ([background.who_row] if background.who_row else [])
    return {person for row in rows for person in (row.written_by, row.settled_by) if person}


def _who(keyring: KeyRing, row: BackgroundEntry | None) -> Particulars | None:
    if row is None:
        return Particulars()
    found = _opened(keyring, row)
    return None if found is None else particulars.unpacked(found.content)


def _line(keyring: KeyRing, row: BackgroundEntry) -> Line:
    found = _opened(keyring, row)
    return Line(row, None) if found is None else Line(row, telling.unpacked(found.content), found.reply)


class _Opened(NamedTuple):
    content: dict[str, str]
    reply: str | None


def _opened(keyring: KeyRing, row: BackgroundEntry) -> _Opened | None:
    """Open one; an entry that cannot be opened must not hide the others."""
    try:
        sealer = sealer_of(keyring, row)
        content = json.loads(sealer.open(row.sealed, content_place(row)))
        reply = None if row.reply is None else sealer.open(row.reply, reply_place(row)).decode()
    except (MissingKey, Unreadable) as error:
        log.warning("background unreadable", error=type(error).__name__, where=where(error))
        return None
    return _Opened(content, reply)
