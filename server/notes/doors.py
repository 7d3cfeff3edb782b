"""The only ways to load a note, and its log for the hub: not there and not yours look the same."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, exists, false, func, select, true
from sqlalchemy.orm import aliased, defer

from server.access.policy import Kind, NoteFacts, Verb, Viewer, may
from server.consultation.model import Consultation
from server.core.db import Tx
from server.core.holdings import BLANK_NAME
from server.core.keyring import KeyRing, Sealer, place_of
from server.errors import NotFound, Restricted
from server.notes import chain
from server.notes.document import Saved, version_place
from server.notes.model import Note, NoteRelease, NoteSession, NoteSnapshot, NoteState, NoteUpdate, NoteVersion, Purpose, VersionKind
from server.notes.prose import Prose
from server.notes.prose_pack import unpack
from server.notes.subject import NoteRef
from server.patients.model import Patient, SharingConsent


class SeenNote(NamedTuple):
    """A note with what the policy knows of it, and what the viewer may do with it now."""

    note: Note
    facts: NoteFacts
    viewer: Viewer
    original: UUID | None

    @property
    def ref(self) -> NoteRef:
        return NoteRef(self.note.id, self.note.public_id, self.note.consultation_id, self.facts.patient_id)

    @property
    def amends(self) -> UUID | None:
        """The note that this one amends, as the world outside knows it."""
        return self.original if self.note.amends_id is not None else None

    @property
    def writable(self) -> bool:
        return self.note.state == NoteState.DRAFT and self.may(Verb.WRITE)

    def may(self, verb: Verb) -> bool:
        """Whoever began an amendment ends it, too: there it takes no more to lock than to sign."""
        if verb is Verb.LOCK and self.note.amends_id is not None and self.note.begun_by == self.viewer.person_id:
            verb = Verb.SIGN
        return may(self.viewer, verb, self.facts)


async def see_note(tx: Tx, viewer: Viewer, public_id: UUID, verb: Verb = Verb.SEE, *, lock: bool = False) -> SeenNote:
    """Load a note that the viewer may do this with; raises `NotFound`. With `lock` others who change it wait for this transaction."""
    query = _noted().where(Note.public_id == public_id)
    row = (await tx.execute(query.with_for_update(of=Note) if lock else query)).one_or_none()
    if row is None:
        raise NotFound
    seen = _seen(viewer, row)
    if not seen.may(verb):
        raise Restricted if _seen(viewer.unrestricted, row).may(verb) else NotFound
    return seen


async def notes_of(tx: Tx, viewer: Viewer, consultation_id: UUID) -> list[SeenNote]:
    """Load every note of a consultation that the viewer may see; where there is none, also for want of a right, that is an empty list."""
    return await _visible(tx, viewer, Note.consultation_id == consultation_id)


async def all_notes_about(tx: Tx, viewer: Viewer, patient_id: UUID) -> list[SeenNote]:
    """Load every note about a patient that the viewer may see."""
    return await _visible(tx, viewer, Consultation.patient_id == patient_id)


class Key(NamedTuple):
    """Who looks at which note, and from which practice: one person may be at work in two, in two browsers."""

    person_id: UUID
    practice_id: UUID | None
    public_id: UUID


async def see_notes(tx: Tx, asked: Iterable[tuple[Viewer, UUID]]) -> dict[Key, SeenNote]:
    """Load many notes for many viewers in one go, without those that somebody may not see."""
    wanted = list(asked)
    rows = await tx.execute(_noted().where(Note.public_id.in_({public_id for _, public_id in wanted})))
    found = {row[0].public_id: row for row in rows}
    seen = [_seen(viewer, found[public_id]) for viewer, public_id in wanted if public_id in found]
    return {Key(one.viewer.person_id, one.viewer.practice_id, one.note.public_id): one for one in seen if one.may(Verb.SEE)}


def practice_of(note_ids: Collection[int]) -> ScalarSelect[UUID]:
    """Return how the database finds the practice of notes that belong to one."""
    joined = select(Consultation.practice_id).join(Note, Note.consultation_id == Consultation.id)
    return joined.where(Note.id.in_(note_ids)).limit(1).scalar_subquery()


async def notes_before(tx: Tx, seen: SeenNote) -> list[tuple[SeenNote, datetime]]:
    """Load every note of the same patient from earlier consultations that the viewer may see and in which something was written.

    The newest consultation comes first, each note with the time at which it was held.
    """
    held_at = func.coalesce(Consultation.started_at, Consultation.scheduled_at)
    here = select(held_at).where(Consultation.id == seen.note.consultation_id).scalar_subquery()
    earlier = (Consultation.patient_id == seen.facts.patient_id) & (held_at < here) & (Note.consultation_id != seen.note.consultation_id)
    written = exists().where(NoteUpdate.note_id == Note.id)
    rows = await tx.execute(_noted().where(earlier, written).order_by(held_at.desc(), Note.id))
    found = [(_seen(seen.viewer, row), row[1].started_at or row[1].scheduled_at) for row in rows]
    return [(one, at) for one, at in found if one.may(Verb.SEE)]


async def see_setting(tx: Tx, seen: SeenNote) -> tuple[Consultation, str]:
    """Load the consultation of a note that was seen, and how the record names its patient."""
    query = select(Consultation, Patient.name).join(Patient, Patient.id == Consultation.patient_id)
    consultation, name = (await tx.execute(query.where(Consultation.id == seen.note.consultation_id))).one()
    return consultation, name


async def see_original(tx: Tx, viewer: Viewer, public_id: UUID, verb: Verb) -> SeenNote:
    """Load a note, or the one that it amends; raises `NotFound`."""
    seen = await see_note(tx, viewer, public_id, verb)
    return seen if seen.original is None else await see_note(tx, viewer, seen.original, verb)


async def notes_about(tx: Tx, viewer: Viewer, patient_id: UUID, verb: Verb) -> list[SeenNote]:
    """Load the originals about a patient with which the viewer may do this, in the order of time, without anybody's jottings."""
    originals = (Consultation.patient_id == patient_id) & (Note.number == 0) & (Note.kind != Kind.JOTTINGS)
    rows = await tx.execute(_noted().where(originals).order_by(Consultation.scheduled_at, Note.id))
    return [seen for row in rows if (seen := _seen(viewer, row)).may(verb)]


async def patient_of_notes(tx: Tx, found: Sequence[SeenNote]) -> Patient:
    """Return whom the notes are about; for whoever holds them from a door."""
    return await tx.get_one(Patient, found[0].facts.patient_id)


async def facts_of(tx: Tx, consultation: Consultation, kind: Kind, author_id: UUID) -> NoteFacts:
    """Return what the policy would know of a note that need not be there yet; whoever calls holds the consultation from a door."""
    sharing = await tx.scalar(select(_sharing()).where(Patient.id == consultation.patient_id))
    return _facts(consultation, kind, author_id, sharing=bool(sharing))


async def find_note(tx: Tx, consultation_id: UUID, kind: Kind, author_id: UUID) -> Note | None:
    """Find the original of an author's note, for whoever passed the door already."""
    original = (Note.consultation_id == consultation_id) & (Note.kind == kind) & (Note.author_id == author_id) & (Note.number == 0)
    return await tx.scalar(select(Note).where(original))


async def family_of(tx: Tx, note: Note) -> list[Note]:
    """Return the original of a note and everything that amends it, in order; for whoever holds one of them from a door."""
    root = note.amends_id or note.id
    return list(await tx.scalars(select(Note).where((Note.id == root) | (Note.amends_id == root)).order_by(Note.number)))


async def last_rows(tx: Tx, note_ids: Collection[int]) -> dict[int, tuple[int, bytes]]:
    """Return number and hash of the last row of each log that is not empty; for whoever passed the door."""
    newest = select(func.max(NoteUpdate.seq)).where(NoteUpdate.note_id == Note.id).correlate(Note).scalar_subquery()
    columns = select(NoteUpdate.note_id, NoteUpdate.seq, NoteUpdate.hash)
    rows = await tx.execute(columns.join(Note, (Note.id == NoteUpdate.note_id) & (NoteUpdate.seq == newest)).where(Note.id.in_(note_ids)))
    return {row.note_id: (row.seq, row.hash) for row in rows}


async def versions_of(tx: Tx, note_id: int) -> list[NoteVersion]:
    """Return what somebody stands for, in order; for whoever passed the door."""
    return list(await tx.scalars(select(NoteVersion).where(NoteVersion.note_id == note_id).order_by(NoteVersion.number)))


async def standing_of(tx: Tx, note_ids: Collection[int]) -> list[NoteVersion]:
    """Return who stands for what in many notes, in each in order, without the texts; for whoever passed the door."""
    query = select(NoteVersion).where(NoteVersion.note_id.in_(note_ids)).order_by(NoteVersion.note_id, NoteVersion.number)
    return list(await tx.scalars(query.options(defer(NoteVersion.content, raiseload=True))))


async def unsigned_of(tx: Tx, note_ids: Collection[int]) -> set[int]:
    """Return which of the notes were closed over a text that nobody had signed; for whoever passed the door."""
    signed = aliased(NoteVersion)
    same = (signed.note_id == NoteVersion.note_id) & (signed.seq == NoteVersion.seq) & (signed.kind != VersionKind.LEFT)
    closed = select(NoteVersion.note_id).where(NoteVersion.note_id.in_(note_ids), NoteVersion.kind == VersionKind.LEFT)
    return set(await tx.scalars(closed.where(~exists().where(same))))


async def released_of(tx: Tx, note_ids: Collection[int]) -> set[int]:
    """Return which of the notes the patient may read; for whoever passed the door."""
    open_now = select(NoteVersion.note_id).join(NoteRelease, NoteRelease.version_id == NoteVersion.id)
    return set(await tx.scalars(open_now.where(NoteVersion.note_id.in_(note_ids), NoteRelease.withdrawn_at.is_(None))))


async def releases_of(tx: Tx, note_id: int) -> list[NoteRelease]:
    """Return what the patient may read or could read of a note; for whoever passed the door."""
    return list(await tx.scalars(select(NoteRelease).join(NoteVersion).where(NoteVersion.note_id == note_id)))


async def locked_text(tx: Tx, keyring: KeyRing, family: Sequence[Note]) -> Prose:
    """Return what a family of locked notes says in the end: the text of the last one that is not an addendum."""
    last = [note for note in family if note.purpose != Purpose.ADDENDUM][-1]
    version = (await versions_of(tx, last.id))[-1]
    return version_text(keyring, last, version)


def version_text(keyring: KeyRing, note: Note, version: NoteVersion) -> Prose:
    """Open the text of a version; raises `Unreadable` and `Malformed`."""
    return unpack(sealer_of(keyring, note).open(version.content, version_place(note.id, version.number)))


async def sessions_of(tx: Tx, note_id: int) -> dict[int, UUID]:
    """Return who wrote under which client id, in the order in which they came; for whoever passed the door.

    The session that only laid the locked text into an amendment is nobody's writing.
    """
    seeded = select(NoteUpdate.session_id).join(Note, Note.id == NoteUpdate.note_id)
    seeding = seeded.where(NoteUpdate.note_id == note_id, NoteUpdate.seq == 1, Note.purpose == Purpose.AMENDMENT)
    mine = (NoteSession.note_id == note_id) & NoteSession.id.not_in(seeding)
    rows = await tx.execute(select(NoteSession.client_id, NoteSession.person_id).where(mine).order_by(NoteSession.id))
    return {row.client_id: row.person_id for row in rows}


def sealer_of(keyring: KeyRing, note: Note) -> Sealer:
    """Open the note's own key; raises `MissingKey` and `Unreadable`."""
    return keyring.sealer(note.key_id, note.data_key, place_of("note", note.public_id))


async def read_log(tx: Tx, keyring: KeyRing, note_id: int, *, with_snapshot: bool) -> Saved:
    """Return the snapshot and the rows from its own on, or without a snapshot the whole log; for the hub, whose callers passed the door."""
    wanted = (NoteSnapshot.note_id == Note.id) & (true() if with_snapshot else false())
    whole = select(Note, NoteSnapshot).outerjoin(NoteSnapshot, wanted).where(Note.id == note_id)
    note, snapshot = (await tx.execute(whole)).one()
    first = snapshot.seq if snapshot else 0
    columns = (NoteUpdate.note_id, NoteUpdate.seq, NoteUpdate.session_id, NoteUpdate.ts_ms, NoteUpdate.payload, NoteUpdate.hash)
    query = select(*columns).where(NoteUpdate.note_id == note_id, NoteUpdate.seq >= first).order_by(NoteUpdate.seq)
    rows = [chain.Row(*row) for row in await tx.execute(query)]
    return Saved(note_id, first, snapshot.payload if snapshot else None, rows, sealer_of(keyring, note), note.state == NoteState.LOCKED)


async def keep_snapshot(tx: Tx, note_id: int, seq: int, payload: bytes) -> None:
    """Store the sealed document as it was at row `seq`, in place of an older one; for the hub, as above."""
    await tx.merge(NoteSnapshot(note_id=note_id, seq=seq, payload=payload))


async def find_session(tx: Tx, note: Note, viewer: Viewer, client_id: int) -> NoteSession | None:
    """Load the viewer's own session; nobody gets another person's."""
    own = (NoteSession.note_id == note.id) & (NoteSession.client_id == client_id) & (NoteSession.person_id == viewer.person_id)
    return await tx.scalar(select(NoteSession).where(own))


def _noted() -> Select[Note, Consultation, bool, UUID | None]:
    """Select the notes of every record that still stands: of one that was erased, nobody can read them any more."""
    original = aliased(Note)
    joined = select(Note, Consultation, _sharing(), original.public_id).join(Consultation, Consultation.id == Note.consultation_id)
    joined = joined.outerjoin(original, original.id == Note.amends_id).join(Patient, Patient.id == Consultation.patient_id)
    return joined.where(Patient.name != BLANK_NAME).execution_options(populate_existing=True)


async def _visible(tx: Tx, viewer: Viewer, which: ColumnElement[bool]) -> list[SeenNote]:
    seen = [_seen(viewer, row) for row in await tx.execute(_noted().where(which).order_by(Note.id))]
    return [one for one in seen if one.may(Verb.SEE)]


def _sharing() -> ColumnElement[bool]:
    """Whether the patient is registered and has agreed that the team sees notes."""
    agreed = exists().where(SharingConsent.patient_id == Patient.id, SharingConsent.withdrawn_at.is_(None))
    return Patient.person_id.is_not(None) & agreed


def _seen(viewer: Viewer, row: Row[Note, Consultation, bool, UUID | None]) -> SeenNote:
    note, consultation, sharing, original = row
    return SeenNote(note, _facts(consultation, note.kind, note.author_id, sharing=sharing), viewer, original)


def _facts(consultation: Consultation, kind: Kind, author_id: UUID, *, sharing: bool) -> NoteFacts:
    return NoteFacts(consultation.practice_id, consultation.team_id, consultation.patient_id, author_id, Kind(kind), sharing)


async def drafts_of(tx: Tx, practice_id: UUID, person_id: UUID, *, lock: bool = False) -> list[tuple[Note, UUID]]:
    """Load what somebody began in a practice, wrote in and has not closed, with whom each is about; jottings are not among them.

    For whoever ends their place, who is shown how many there are and no more of them.
    """
    query = _noted().where(_unclosed(practice_id, person_id)).order_by(Note.id)
    rows = await tx.execute(query.with_for_update(of=Note) if lock else query)
    return [(row[0], row[1].patient_id) for row in rows]


async def own_drafts(tx: Tx, viewer: Viewer) -> list[SeenNote]:
    """Load the viewer's own among them, for the viewer."""
    if viewer.practice_id is None:
        return []
    return await _visible(tx, viewer, _unclosed(viewer.practice_id, viewer.person_id))


def _unclosed(practice_id: UUID, person_id: UUID) -> ColumnElement[bool]:
    written = exists().where(NoteUpdate.note_id == Note.id)
    draft = (Note.state == NoteState.DRAFT) & (Note.kind != Kind.JOTTINGS) & written
    return draft & (Note.begun_by == person_id) & (Consultation.practice_id == practice_id)
