"""Standing for a text: signing, locking, amending and releasing, inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from server.access.policy import Verb, Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.ids import new_id
from server.core.keyring import KeyRing, place_of
from server.errors import Conflict, Invalid, Locked
from server.notes.actions import begin_session
from server.notes.chain import Chain
from server.notes.document import update_place, version_place
from server.notes.doors import (
    SeenNote,
    family_of,
    last_rows,
    locked_text,
    releases_of,
    sealer_of,
    see_note,
    versions_of,
)
from server.notes.limits import SCHEMA_VERSION
from server.notes.loading import Text
from server.notes.model import Note, NoteRelease, NoteState, NoteUpdate, NoteVersion, Purpose, VersionKind
from server.notes.prose import Prose
from server.notes.prose_pack import pack
from server.notes.seeding import seed_update
from server.notes.versions import START, digest

MOVED = "moved"
ACTS = {VersionKind.SIGNED: Act.SIGNED, VersionKind.LOCKED: Act.LOCKED, VersionKind.RELEASED: Act.RELEASED}


class Wish(NamedTuple):
    """What an amendment is to be; `prose` is a text that the note had before, None for the one that was locked."""

    purpose: Purpose
    reason: str
    prose: Prose | None = None


@dataclass(frozen=True)
class Signer:
    """Somebody who stands for texts, in one transaction.

    Whoever holds the row of a note holds off every further row of its log, so a text that is the last one stays so until the commit.
    """

    tx: Tx
    keyring: KeyRing
    viewer: Viewer
    now: datetime

    async def sign(self, note_id: UUID, text: Text) -> SeenNote:
        """Put the viewer's name under just this text; the note goes on, and the signature stays with what was signed.

        Raises `NotFound`, `Locked`, `Invalid` for an empty note, and `Conflict` when the text is not the note's last.
        """
        seen = await self._draft(note_id, Verb.SIGN)
        await self._fix(seen, VersionKind.SIGNED, text)
        return seen

    async def lock(self, note_id: UUID, text: Text) -> SeenNote:
        """Sign the text as the note's last one: from this commit on the database takes nothing more. Raises as `sign` does."""
        seen = await self._draft(note_id, Verb.LOCK)
        await self._fix(seen, VersionKind.LOCKED, text)
        seen.note.state = NoteState.LOCKED
        return seen

    async def release(self, note_id: UUID, text: Text) -> SeenNote:
        """Let the patient read just this text, in place of what they could read before. Raises as `sign` does, except for a locked note."""
        seen = await see_note(self.tx, self.viewer, note_id, Verb.RELEASE, lock=True)
        version = await self._fix(seen, VersionKind.RELEASED, text)
        self.tx.add(NoteRelease(version_id=version.id, withdrawn_at=None))
        return seen

    async def take_back(self, note_id: UUID) -> SeenNote:
        """From now on the patient reads nothing of this note; what they could read stays on record."""
        seen = await see_note(self.tx, self.viewer, note_id, Verb.RELEASE, lock=True)
        for found in await releases_of(self.tx, seen.note.id):
            found.withdrawn_at = found.withdrawn_at or self.now
        await self._record(seen, Act.UNRELEASED)
        return seen

    async def amend(self, note_id: UUID, wish: Wish) -> SeenNote:
        """Begin a note beside a locked one, which stays as it is, byte for byte: its text to put right, or an empty page to add to it.

        Raises `NotFound`, and `Conflict` for a draft and where another amendment is open.
        """
        seen = await see_note(self.tx, self.viewer, note_id, Verb.AMEND, lock=True)
        family = await family_of(self.tx, seen.note)
        _refuse_early(family)
        amendment = self._amendment(family, wish)
        self.tx.add(amendment)
        await self.tx.flush()
        if wish.purpose == Purpose.AMENDMENT:
            await self._seed(amendment, wish.prose or await locked_text(self.tx, self.keyring, family))
        await self._record(seen, Act.AMENDED, wish.reason)
        return await see_note(self.tx, self.viewer, amendment.public_id)

    async def _draft(self, note_id: UUID, verb: Verb) -> SeenNote:
        seen = await see_note(self.tx, self.viewer, note_id, verb, lock=True)
        if seen.note.state == NoteState.LOCKED:
            raise Locked("This note is locked already.")
        return seen

    async def _fix(self, seen: SeenNote, kind: VersionKind, text: Text) -> NoteVersion:
        """Add a version under the viewer's name, if the text is the last one."""
        if text.prose.empty:
            raise Invalid("There is nothing in this note yet.", code="empty")
        version = await fix(self.tx, self.keyring, seen.note, text, (kind, self.viewer.person_id, self.now))
        await self._record(seen, ACTS[kind])
        return version

    def _amendment(self, family: list[Note], wish: Wish) -> Note:
        original, public_id = family[0], new_id()
        key_id, data_key = self.keyring.new_data_key(place_of("note", public_id))
        return Note(
            public_id=public_id,
            consultation_id=original.consultation_id,
            kind=original.kind,
            author_id=original.author_id,
            number=family[-1].number + 1,
            purpose=wish.purpose,
            amends_id=original.id,
            begun_by=self.viewer.person_id,
            reason=wish.reason,
            state=NoteState.DRAFT,
            schema_version=SCHEMA_VERSION,
            key_id=key_id,
            data_key=data_key,
            created_at=self.now,
        )

    async def _seed(self, note: Note, prose: Prose) -> None:
        """Make the locked text the first row of the amendment's own log, under a session of its own: nobody typed it there."""
        session = await begin_session(self.tx, note, self.viewer, self.now)
        sealed = sealer_of(self.keyring, note).seal(seed_update(prose, session.client_id), update_place(note.id, 1))
        row = Chain(note.id).link(session.id, int(self.now.timestamp() * 1000), sealed)
        self.tx.add(NoteUpdate(**row._asdict()))
        await self.tx.flush()

    async def _record(self, seen: SeenNote, act: Act, reason: str | None = None) -> None:
        facts = seen.facts
        deed = Deed(facts.practice_id, self.viewer.person_id, act, "note", seen.note.public_id, facts.patient_id, reason)
        await record(self.tx, deed, self.now)


async def fix(tx: Tx, keyring: KeyRing, note: Note, text: Text, how: tuple[VersionKind, UUID, datetime]) -> NoteVersion:
    """Add a version of a note whose row is held: of which kind, whose, and when. Raises `moved` unless the text is the note's last."""
    fixed, (kind, person_id, now) = text.fixed, how
    if (await last_rows(tx, [note.id])).get(note.id) != (fixed.seq, fixed.head):
        raise moved()
    earlier = await versions_of(tx, note.id)
    number = len(earlier) + 1
    version = NoteVersion(
        note_id=note.id,
        number=number,
        kind=kind,
        seq=fixed.seq,
        head_hash=fixed.head,
        content=sealer_of(keyring, note).seal(pack(text.prose), version_place(note.id, number)),
        content_sha256=fixed.sha256,
        person_id=person_id,
        made_at=now,
    )
    version.hash = digest(earlier[-1].hash if earlier else START, version)
    tx.add(version)
    await tx.flush()
    return version


def moved() -> Conflict:
    return Conflict("The note has changed since you looked at it. Please read it once more.", code=MOVED)


def _refuse_early(family: list[Note]) -> None:
    original, *others = family
    if original.state != NoteState.LOCKED:
        raise Conflict("This note is not locked: it can still be changed.", code="draft")
    if any(other.state != NoteState.LOCKED for other in others):
        raise Conflict("An amendment of this note is open already. Please finish that one first.", code="open")
