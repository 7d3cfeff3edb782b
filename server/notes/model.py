"""The clinical note of a consultation as it is stored: the log of updates is the truth, everything else can be made again."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.access.policy import Kind
from server.core.db import Base

Counter = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts only an INTEGER key up by itself


class NoteState(StrEnum):
    """A draft may carry signatures, each over the text as it was then. What is locked never changes again."""

    DRAFT = "draft"
    LOCKED = "locked"


class Purpose(StrEnum):
    """What a note is to its original: itself, the same text put right after it was locked, or something to add to it."""

    ORIGINAL = "original"
    AMENDMENT = "amendment"
    ADDENDUM = "addendum"


class Note(Base):
    """One author's note of one kind in a consultation, or the `number`th amendment or addendum to it.

    `author_id` decides who may see it and stays that of the original; `begun_by` is who made an amendment.
    The world outside knows it by `public_id`; inside, rows carry the short `id`. `schema_version` is that of the editor's nodes in it.
    Every byte of its text is encrypted under `data_key`, which itself is encrypted by the key `key_id` of the ring.
    """

    __tablename__ = "note"
    __table_args__ = (UniqueConstraint("consultation_id", "kind", "author_id", "number"),)

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    public_id: Mapped[UUID] = mapped_column(unique=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id", ondelete="CASCADE"))
    kind: Mapped[Kind] = mapped_column(String(20))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[int]
    purpose: Mapped[Purpose] = mapped_column(String(20))
    amends_id: Mapped[int | None] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"), index=True)
    begun_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[NoteState] = mapped_column(String(20))
    schema_version: Mapped[int]
    key_id: Mapped[str] = mapped_column(String(40), index=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class NoteSession(Base):
    """One browser tab that opened the note: every character carries its `client_id`, so the row says whose it is."""

    __tablename__ = "note_session"
    __table_args__ = (UniqueConstraint("note_id", "client_id"),)

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    note_id: Mapped[int] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    client_id: Mapped[int] = mapped_column(BigInteger)
    opened_at: Mapped[datetime]


class NoteUpdate(Base):
    """One accepted update as it came, encrypted. `hash` chains it to all before (see `chain`); `ts_ms` is Unix time.

    On SQLite it is no table without a rowid: clustered by note, a commit for many notes would write a page for each of its rows.
    """

    __tablename__ = "note_update"

    note_id: Mapped[int] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=False)
    session_id: Mapped[int] = mapped_column(Counter, ForeignKey("note_session.id"))
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class NoteSnapshot(Base):
    """The document at row `seq`, zlib-packed and encrypted: only a cache, so that a long note opens quickly."""

    __tablename__ = "note_snapshot"

    note_id: Mapped[int] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class NoteReject(Base):
    """A frame that was refused and closed its socket; never its content."""

    __tablename__ = "note_reject"

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    note_id: Mapped[int] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"))
    session_id: Mapped[int] = mapped_column(Counter, ForeignKey("note_session.id"))
    rejected_at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    size: Mapped[int]


class VersionKind(StrEnum):
    """Why a text was fixed: somebody signed it, locked the note over it, or let the patient read it; or it stood unclosed when they left.

    The last is no signature. Its person is who left the practice, and its time is when.
    """

    SIGNED = "signed"
    LOCKED = "locked"
    RELEASED = "released"
    LEFT = "left"


CLOSING = frozenset({VersionKind.LOCKED, VersionKind.LEFT})


class NoteVersion(Base):
    """A text as it was at row `seq` of the log, whose hash is `head_hash`; mostly somebody stands for it. Its rows are never changed.

    `content` is the packed text, encrypted; `content_sha256` is its fingerprint. `hash` chains a version to those before it.
    """

    __tablename__ = "note_version"
    __table_args__ = (UniqueConstraint("note_id", "number"),)

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    note_id: Mapped[int] = mapped_column(Counter, ForeignKey("note.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[VersionKind] = mapped_column(String(20))
    seq: Mapped[int] = mapped_column(BigInteger)
    head_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))

    @property
    def made_ms(self) -> int:
        """The time as the chain of versions covers it: Unix time in milliseconds."""
        return int(self.made_at.timestamp() * 1000)


class NoteRelease(Base):
    """Until when the patient may read a released version; the version itself stays."""

    __tablename__ = "note_release"

    version_id: Mapped[int] = mapped_column(
        Counter, ForeignKey("note_version.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    withdrawn_at: Mapped[datetime | None]


class NoteAnchor(Base):
    """What the ends of all chains were on one day: `root` covers the file of that day, whose copy elsewhere nobody here can change."""

    __tablename__ = "note_anchor"

    day: Mapped[date] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    chains: Mapped[int]
    root: Mapped[bytes] = mapped_column(LargeBinary(32))


class NoteTemplate(Base):
    """Text to begin a note with: a professional's own, or (without `person_id`) the practice's. `body` is JSON, section by section."""

    __tablename__ = "note_template"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class NoteSnippet(Base):
    """A few words that a shortcut stands for: a professional's own, or (without `person_id`) the practice's."""

    __tablename__ = "note_snippet"
    __table_args__ = (Index("ix_note_snippet_owner", "practice_id", "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    shortcut: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime]
