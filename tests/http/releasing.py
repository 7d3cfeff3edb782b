"""Released summaries for tests, stored as signing stores them."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from server.access.policy import Kind
from server.core.house import House
from server.core.keyring import place_of
from server.notes.document import version_place
from server.notes.doors import find_note, sealer_of
from server.notes.limits import SCHEMA_VERSION
from server.notes.model import Note, NoteRelease, NoteState, NoteVersion, Purpose, VersionKind
from server.notes.prose import Prose, fingerprint
from server.notes.prose_pack import pack
from tests.cast import ALICE, Meeting
from tests.pure.prose_strategies import paragraph


@dataclass(frozen=True)
class Text:
    """A version to store; `number` counts the versions of its note."""

    words: str
    kind: Kind = Kind.SUMMARY
    number: int = 1
    version: VersionKind = VersionKind.RELEASED
    withdrawn: bool = False
    broken: bool = False
    author_id: UUID = ALICE.person_id


async def release(house: House, meeting: Meeting, text: Text) -> None:
    """Fix a text whose plan says these words, in the author's note of that kind, and let the patient read it."""
    now = house.clock.now()
    prose = Prose({"subjective": (), "plan": (paragraph(text.words),)})
    async with house.database.write() as tx:
        note = await find_note(tx, meeting.consultation_id, text.kind, text.author_id)
        if note is None:
            public_id = uuid4()
            key_id, data_key = house.keyring.new_data_key(place_of("note", public_id))
            note = Note(
                public_id=public_id, consultation_id=meeting.consultation_id, kind=text.kind, author_id=text.author_id,
                begun_by=text.author_id, number=0,
                purpose=Purpose.ORIGINAL, reason=None, state=NoteState.LOCKED, schema_version=SCHEMA_VERSION, key_id=key_id,
                data_key=data_key, created_at=now,
            )  # fmt: skip
            tx.add(note)
            await tx.flush()
        content = sealer_of(house.keyring, note).seal(pack(prose), version_place(note.id, text.number))
        version = NoteVersion(
            note_id=note.id, number=text.number, kind=text.version, seq=0, head_hash=bytes(32),
            content=content[::-1] if text.broken else content, content_sha256=fingerprint(prose), person_id=text.author_id,
            made_at=now, hash=bytes(32),
        )  # fmt: skip
        tx.add(version)
        await tx.flush()
        if text.version == VersionKind.RELEASED:
            tx.add(NoteRelease(version_id=version.id, withdrawn_at=now if text.withdrawn else None))
